"""Many small updates in one launch of a compiled kernel, in plain memory."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound, registry
from ..kernels.numba import library
from ..kernels.numba.many import Many
from ..kernels.numba.optimizer import moment_scalars
from .fused_update import fused_running_statistics, fused_update
from .optimizer import STEP

Rows = Sequence[tuple[int, ...]]

_FLOATS = ({dt.float32}, {dt.float64})


def _momentum(step: int, lr: float, momentum: float, decay: float) -> tuple[float, ...]:
    return lr, decay, momentum


def _adam(
    step: int, lr: float, beta0: float, beta1: float, eps: float, decay: float
) -> tuple[float, ...]:
    return lr, decay, *moment_scalars((beta0, beta1), step, eps)


def _adagrad(step: int, lr: float, lr_decay: float, eps: float, decay: float) -> tuple[float, ...]:
    return lr / (1 + (step - 1) * lr_decay), decay, eps


def _adadelta(step: int, lr: float, rho: float, eps: float, decay: float) -> tuple[float, ...]:
    return lr, decay, rho, 1 - rho, eps


RULES: dict[tuple[str, tuple[Any, ...]], tuple[str, Callable[..., tuple[float, ...]]]] = {
    ("sgd_update", ()): ("sgd", lambda step, lr, decay: (lr, decay)),
    ("sgd_momentum_update", (False,)): ("momentum", _momentum),
    ("sgd_momentum_update", (True,)): ("nesterov", _momentum),
    ("adam_update", (False,)): ("adam", _adam),
    ("adam_update", (True,)): ("adamw", _adam),
    ("adagrad_update", ()): ("adagrad", _adagrad),
    ("adadelta_update", ()): ("adadelta", _adadelta),
}
"""The kernel's rule for an update with its attributes, and the rule's scalars from the step and
the hyperparameters."""


class _Steps:
    """Runs a rule on rows of the arrays of a call, whose addresses it knows from the last call."""

    def __init__(self, rule: str, rows: Rows, pairs: Sequence[tuple[int, int]]):
        self.rule = rule
        self.rows = rows
        self.pairs = pairs
        self.last: tuple[Any, Any, Many, list[tuple[Any, Any]]] | None = None

    def prepare(self, outs: tuple[Any, ...], ins: tuple[Any, ...]) -> Many:
        """Fill outputs that are not in place from their inputs; the arrays to work on."""
        last = self.last
        if last is None or last[0] is not outs or last[1] is not ins:
            arrays = (*outs, *ins)
            many = Many(self.rule, [[arrays[place] for place in row] for row in self.rows])
            copies = [(outs[j], ins[i]) for i, j in self.pairs if outs[j] is not ins[i]]
            last = self.last = (outs, ins, many, copies)
        for out, source in last[3]:
            np.copyto(out, source)
        return last[2]


@fused_update.backend("numba")
def update(
    in_types: Any, out_types: Any, *, update: str, attributes: tuple[Any, ...], count: int
) -> Bound | None:
    """All items of one rule, in place where the runtime allows."""
    op: Any = registry[update]
    known = RULES.get((update, attributes))
    counted = STEP in op.states
    kinds = {t.dtype for t in in_types[:-1]}
    if known is None or kinds not in _FLOATS or not library.available():
        return None
    rule, scalars = known
    taken, given = 2 + len(op.states), 1 + len(op.states)
    width = given - counted
    first = count * given
    rows = [
        (item * given, first + item * taken + 1, *range(item * given + 1, item * given + width))
        for item in range(count)
    ]
    pairs = fused_update.overwrites((update, attributes, count))
    steps = _Steps(rule, rows, pairs)
    places = range(given - 1, count * given, given)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        many = steps.prepare(outs, ins)
        hyper = ins[-1].tolist()
        numbers = []
        if counted:
            for place in places:
                outs[place][...] += 1
                numbers.append(int(outs[place]))
        found = {step: scalars(step, *hyper) for step in set(numbers) or {0}}
        table = [found[step] for step in numbers] if len(found) > 1 else list(found.values())
        many.run(np.array(table))

    return Bound(run, (None,) * len(in_types), out_types, inplace=(0, 0))


@fused_running_statistics.backend("numba")
def running(
    in_types: Any, out_types: Any, *, momentums: tuple[float, ...], counts: tuple[int, ...]
) -> Bound | None:
    """All means and variances, in place where the runtime allows."""
    if {t.dtype for t in in_types} not in _FLOATS or not library.available():
        return None
    first = len(out_types)
    rows = [(j, first + 4 * (j // 2) + 2 + j % 2) for j in range(first)]
    table = []
    for momentum, count in zip(momentums, counts, strict=True):
        share = 1 - momentum
        table += [(momentum, share), (momentum, share * count / max(count - 1, 1))]
    scalars = np.array(table)
    pairs = fused_running_statistics.overwrites((momentums, counts))
    steps = _Steps("running", rows, pairs)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        steps.prepare(outs, ins).run(scalars)

    return Bound(run, (None,) * len(in_types), out_types, inplace=(0, 0))
