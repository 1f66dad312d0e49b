"""Parity: is what a static call leaves what the dynamic one leaves, array by array?

The measure is rounding's own: how far the dynamic program is from a float64 run, and, where that
does not explain a difference, how far it moves when its data move by their last bits.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..runtime.plan import to_plain
from ..tensor import Tensor
from .outcome import Outcome, differences
from .report import ParityRow
from .snapshot import Snapshot

FLOOR = 1e-5
WITHOUT_REFERENCE = 1e-3
LOOSEST = 5e-2
"""Tolerances: the least, the one where no float64 run was possible, the most that says anything."""

LAST_BITS = 2.0**-22
"""How far float32 data are moved, up or down, beside their size."""

KINDS = {
    "outputs": "outputs",
    "grads": "gradients",
    "states": "weights and states after the call",
    "updates": "changes of weights and states",
}
"""What a call leaves, by its name in an outcome and in the report."""

Tolerances = dict[str, dict[Any, float]]
Difference = tuple[float, float, float | None]
"""A difference, what was allowed, and what rounding does to the dynamic program."""


class Judge:
    """Compares outcomes with that of the dynamic program.

    `reference`: the dynamic program in float64, or None. `moved()` makes outcomes of the dynamic
    program with its data moved by their last bits; it is asked where a difference is larger than
    the float64 run explains. What rounding alone moves by more than LOOSEST says nothing and is
    left out of the rows, unless it differs by even more; `notes` tell of it. Only `kinds` of KINDS
    are compared.
    """

    def __init__(
        self,
        dynamic: Outcome,
        reference: Outcome | None,
        moved: Callable[[], Iterable[Outcome]],
        notes: list[str],
        kinds: Iterable[str] = KINDS,
    ):
        self.dynamic = dynamic
        self.moved = moved
        self.notes = notes
        self.own: Tolerances = {kind: {} for kind in kinds}
        self.allowed: Tolerances = {kind: {} for kind in kinds}
        if reference is not None:
            for kind in self.own:
                self._measure(kind, differences(*dynamic.against(reference, kind)) or {})

    @property
    def left_out(self) -> Tolerances:
        """What may differ by more than LOOSEST, as the tolerances that `agree` takes."""
        return {
            kind: {key: allowed for key, allowed in found.items() if allowed > LOOSEST}
            for kind, found in self.allowed.items()
        }

    def rows(self, static: Outcome) -> list[ParityRow]:
        """For each kind the array that is furthest beyond what is allowed."""
        found = {kind: differences(*static.against(self.dynamic, kind)) for kind in self.own}
        if any(self._too_far(kind, values or {}) for kind, values in found.items()):
            self._widen()
        rows = []
        for kind, values in found.items():
            if values is None:
                rows.append(ParityRow(KINDS[kind], float("inf"), FLOOR, None))
                continue
            judged = [self._judged(kind, key, values[key]) for key in values]
            judged = [row for row in judged if row[1] <= LOOSEST or row[0] > row[1]]
            if judged:
                worst = max(judged, key=lambda row: row[0] / row[1])
                rows.append(ParityRow(KINDS[kind], *worst))
        return rows

    def _judged(self, kind: str, key: Any, found: float) -> Difference:
        return found, self._tolerance(kind, key), self.own[kind].get(key)

    def _tolerance(self, kind: str, key: Any) -> float:
        return self.allowed[kind].get(key, WITHOUT_REFERENCE)

    def _too_far(self, kind: str, values: Mapping[Any, float]) -> bool:
        return any(value > self._tolerance(kind, key) for key, value in values.items())

    def _measure(self, kind: str, own: Mapping[Any, float]) -> None:
        """Allow four times what the dynamic program is off, array by array, or as its arrays are
        off for the most part where one is off by less."""
        finite = {key: value for key, value in own.items() if np.isfinite(value)}
        usual = statistics.median(finite.values()) if finite else 0.0
        for key, value in finite.items():
            self.own[kind][key] = value
            self.allowed[kind][key] = max(4 * max(value, usual), FLOOR)
        self._note(kind, finite, "is off a float64 run")

    def _widen(self) -> None:
        """Allow what the dynamic program does when its data move by their last bits."""
        moved = sensitivity(self.dynamic, self.moved())
        for kind in self.own:
            own = moved[kind]
            for key, value in own.items():
                if 4 * value > self._tolerance(kind, key):
                    self.own[kind][key] = value
                    self.allowed[kind][key] = 4 * value
            self._note(kind, own, "moves when its data move by their last bits")

    def _note(self, kind: str, own: Mapping[Any, float], how: str) -> None:
        far = [value for key, value in own.items() if self._tolerance(kind, key) > LOOSEST]
        if far and kind != "updates":  # their sums with the values before are compared
            self.notes.append(
                f"{len(far)} of {len(own)} {KINDS[kind]} are rounding alone and not compared:"
                f" the dynamic program {how}, by up to {max(far):.0%}"
            )


def sensitivity(dynamic: Outcome, moved: Iterable[Outcome]) -> Tolerances:
    """How far each array of `dynamic` is from those of calls whose data were moved, at most."""
    found: Tolerances = {kind: {} for kind in KINDS}
    for outcome in moved:
        for kind, most in found.items():
            values = differences(*outcome.against(dynamic, kind)) or {}
            for key, value in values.items():
                if np.isfinite(value):
                    most[key] = max(most.get(key, 0.0), value)
    return found


def widen_floats(before: Snapshot) -> None:
    """Put every tensor of a snapshot that holds floats in float64."""
    for tensor, buffer, _, _ in before.tensors:
        if buffer.type.dtype in (dt.float32, dt.float16, dt.bfloat16):
            wide = Tensor(to_plain(buffer).astype(np.float64), dtype=dt.float64)
            tensor._buffer = wide._buffer


def move_last_bits(before: Snapshot, seed: int) -> None:
    """Move the float32 data of a snapshot by their last bits; single numbers, which may count or
    decide something, stay."""
    rng = np.random.default_rng(seed)
    for tensor, buffer, _, _ in before.tensors:
        if buffer.type.dtype == dt.float32 and buffer.type.size > 1:
            array = to_plain(buffer)
            signs = rng.integers(0, 2, array.shape, np.int8) * 2.0 - 1.0
            near = (array * (1 + LAST_BITS * signs)).astype(np.float32)
            tensor._buffer = Tensor(near, dtype=dt.float32, device=tensor.device)._buffer
