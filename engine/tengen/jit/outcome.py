"""Outcome: all that a call leaves behind, as arrays, for comparing ways of running it."""

import contextlib
import dataclasses
import io
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..runtime.plan import to_plain
from ..tensor import Tensor
from .snapshot import Snapshot
from .structure import flatten, same

NOTHING: Mapping[str, Mapping[Any, float]] = MappingProxyType({})
ROUNDED = 4
"""Units in the last place of a stored value by which its change may differ."""


@dataclasses.dataclass
class Outcome:
    """Returned arrays, the rest of the result, the tensors that changed, their gradients, what
    Python state changed, what was printed, the exception if the call raised one, and what every
    tensor held before."""

    outputs: list[Any]
    template: Any
    states: dict[int, Any]
    grads: dict[int, Any]
    changes: list[str]
    printed: str
    error: BaseException | None = None
    before: list[Any] = dataclasses.field(default_factory=list)

    def against(self, other: "Outcome", kind: str) -> tuple[Any, Any]:
        """The arrays of a kind here and there: "outputs", "grads", "states", or "updates", which
        are what the call added to the states. A tensor that only one of the calls changed has in
        the other the value from before: an update may be too small to change it."""
        if kind not in ("states", "updates") or self.error or other.error:
            name = "states" if kind == "updates" else kind
            return getattr(self, name), getattr(other, name)
        keys = self.states.keys() | other.states.keys()
        if kind == "states":
            return tuple(  # type: ignore[return-value]
                {k: o.states[k] if k in o.states else to_plain(o.before[k]) for k in keys}
                for o in (self, other)
            )
        return _updates(self, other, keys)


def outcome_of(call: Callable[[], Any], before: Snapshot, restore: bool = True) -> Outcome:
    """Make the call with prints held back, note what it left, and put everything back."""
    text = io.StringIO()
    try:
        with contextlib.redirect_stdout(text):
            result = call()
    except Exception as error:
        found = Outcome([], None, {}, {}, [], text.getvalue(), error)
        before.restore()
        return found
    except BaseException:  # An interrupt ends more than the call, and still changes nothing.
        before.restore()
        raise
    leaves: list[Tensor] = []
    template = flatten(result, leaves)
    states, grads = {}, {}
    for number, (tensor, buffer, _, grad) in enumerate(before.tensors):
        if tensor._buffer is not buffer:
            array = tensor.numpy()
            if not np.array_equal(array, to_plain(buffer)):  # another buffer may hold the same
                states[number] = array
        if tensor.grad is not None and tensor.grad is not grad:
            grads[number] = tensor.grad.numpy()
    changes = before.changes()
    found = Outcome([t.numpy() for t in leaves], template, states, grads, changes, text.getvalue())
    found.before = [buffer for _, buffer, _, _ in before.tensors]
    if restore:
        before.restore()
    return found


def _updates(one: Outcome, other: Outcome, keys: Collection[int]) -> tuple[Any, Any]:
    """What each of two calls added to the floats it changed. Where that differs by no more than
    storing the sum rounds, it is the other's."""
    mine, theirs = {}, {}
    for key in keys:
        start = to_plain(one.before[key])
        ends = [o.states.get(key, start) for o in (one, other)]
        kinds = [end.dtype for end in ends]
        if any(kind not in (np.float32, np.float64) for kind in kinds):
            continue
        if len({array.shape for array in (start, *ends)}) > 1:
            continue  # the values after the call tell
        with np.errstate(invalid="ignore", over="ignore"):
            a, b = (end.astype(np.float64) - start for end in ends)
            stored = np.abs(ends[1]).astype(min(kinds, key=lambda kind: kind.itemsize))
            mine[key] = np.where(np.abs(a - b) <= ROUNDED * np.spacing(stored), b, a)
        theirs[key] = b
    return mine, theirs


def differences(a: Any, b: Any) -> dict[Any, float] | None:
    """The difference of each array in two lists or dicts, relative to the array's size.

    An array that is nearly zero beside the largest one is measured against a thousandth of that:
    what rounding leaves of a gradient that vanishes says nothing. None where they do not have the
    same arrays.
    """
    if not isinstance(a, dict):
        a, b = dict(enumerate(a)), dict(enumerate(b))
    if a.keys() != b.keys():
        return None
    least = max((_size(y) for y in b.values()), default=0.0) / 1000
    return {key: difference(a[key], b[key], least) for key in a}


def _size(array: Any) -> float:
    """The largest finite magnitude of a float array, 0 for others."""
    if array.dtype.kind not in "fV" or not array.size:
        return 0.0
    wide = np.abs(array.astype(np.float64))
    return float(wide[np.isfinite(wide)].max(initial=0.0))


def difference(x: Any, y: Any, least: float = 0.0) -> float:
    """The largest |x - y|, relative to the largest |y| or `least`, whichever is more; NaN and
    infinities must stand alike."""
    if x.shape != y.shape:
        return float("inf")
    if not x.size:
        return 0.0
    if x.dtype.kind not in "fcV":
        return 0.0 if np.array_equal(x, y) else float("inf")
    x, y = (v.astype(np.complex128 if v.dtype.kind == "c" else np.float64) for v in (x, y))
    finite = np.isfinite(y)
    if not np.array_equal(finite, np.isfinite(x)) or not np.array_equal(
        x[~finite], y[~finite], equal_nan=True
    ):
        return float("inf")
    if not finite.any():
        return 0.0
    scale = max(float(np.abs(y[finite]).max()), least, 1e-12)
    return float(np.abs(x[finite] - y[finite]).max()) / scale


def agree(
    a: Outcome, b: Outcome, tolerance: float, allowed: Mapping[str, Mapping[Any, float]] = NOTHING
) -> str:
    """ "" when two outcomes are the same up to `tolerance`, else what differs.

    `allowed`: for "outputs", "states" and "grads" the arrays that may differ by more.
    """
    if (a.error is None) != (b.error is None):
        return f"one way fails: {a.error or b.error}"
    if a.error is not None and type(a.error) is not type(b.error):
        return f"the errors differ: {type(a.error).__name__} and {type(b.error).__name__}"
    if not same(a.template, b.template) and not _close(a.template, b.template, tolerance):
        return "the returned values differ"
    for name, kind in (
        ("outputs", "outputs"),
        ("values after the call", "states"),
        ("gradients", "grads"),
    ):
        found = differences(*a.against(b, kind))
        if found is None:
            return f"the {name} are not the same arrays"
        more = allowed.get(kind, {})
        far = [value for key, value in found.items() if value > max(tolerance, more.get(key, 0.0))]
        if far:
            return f"the {name} differ by {max(far):.1e}"
    if a.printed != b.printed and not (a.printed and b.printed):
        return "the prints differ"
    return ""


def _close(a: Any, b: Any, tolerance: float) -> bool:
    """Templates alike in structure whose numbers agree up to the tolerance."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-12)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return difference(a, b) <= tolerance
    if isinstance(a, (list, tuple)) and type(a) is type(b) and len(a) == len(b):
        return all(_close(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return all(_close(a[key], b[key], tolerance) for key in a)
    return same(a, b)
