"""Running an operator in the memory of its inputs, where nobody else can see that memory.

Values are immutable once shared; a parameter that only its own handle holds is not shared, and
an optimizer may write its next value over the old one.
"""

from sys import getrefcount
from typing import Any

from ..base import config as settings
from ..graph.opdef import Bound
from .buffer import OwnedBuffer, Tag
from .choice import choose
from .plan import convert, plan_for

_bounds: dict[tuple[Any, ...], Bound | None] = {}


@settings.on_change
def _forget(name: str) -> None:
    _bounds.clear()


def run_in_place(op: Any, attrs: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Give the values that `op.in_place` names their next contents; False if that cannot be done.

    `op.in_place` pairs inputs with the outputs that may take their memory; every output must be
    in a pair. It takes a kernel that can (`Bound.inplace`), and buffers of which each belongs
    to one handle alone, in the layout that the kernel wants.
    """
    buffers = [v._buffer for v in values]
    key = (op, attrs, *[b.type for b in buffers])
    try:
        bound = _bounds[key]
    except KeyError:
        bound = _bounds[key] = _in_place_kernel(op, attrs, key[2:])
    if bound is None:
        return False
    pairs = op.in_place
    written = [buffers[source] for source, _ in pairs]
    for count in _holders(written):
        if count != _ALONE:
            return False
    for index, layout in enumerate(bound.in_layouts):
        buffer = buffers[index]
        if buffer.type.layout is not layout or not buffer.array.flags.c_contiguous:
            if any(source == index for source, _ in pairs):
                return False
            buffers[index] = convert(buffer, layout, _TAG)
    outs = [None] * len(pairs)
    for source, target in pairs:
        outs[target] = buffers[source].array
    bound.run(tuple(outs), tuple([b.array for b in buffers]))
    return True


def overwrite(value: Any, key: Any, source: Any) -> bool:
    """Write an array into a value at a NumPy index; False if others may hold the value's memory.

    The caller has made sure that the array fits, and that no recording follows the value.
    """
    buffers = [value._buffer]
    written = [buffers[0]]
    for count in _holders(written):
        if count != _ALONE:
            return False
    target = buffers[0]
    if target.type.layout is not None or not target.array.flags.writeable:
        return False
    target.array[key] = source
    return True


_TAG = Tag("in place", None, None, 0)


def _in_place_kernel(op: Any, attrs: tuple[Any, ...], forms: tuple[Any, ...]) -> Bound | None:
    plan = plan_for(op, attrs, forms)
    bound = choose(op, attrs, forms, plan.in_types, plan.out_types)
    return bound if bound is not None and bound.inplace is not None else None


def _holders(buffers: list[Any]) -> list[tuple[int, int, bool]]:
    """References to each buffer and to its array, and whether the memory is its own."""
    return [(getrefcount(b), getrefcount(b.array), b.owner is None) for b in buffers]


def _alone() -> tuple[int, int, bool]:
    """What `_holders` says of a buffer held by one handle, in the way `run_in_place` calls it."""

    class Handle:
        __slots__ = ("_buffer",)

    handle = Handle()
    made = OwnedBuffer(None, object(), 0, 0, None)  # type: ignore[arg-type]
    handle._buffer = made  # type: ignore[attr-defined]
    del made
    values = (handle,)
    buffers = [v._buffer for v in values]  # type: ignore[attr-defined]
    written = [buffers[0]]
    (found,) = _holders(written)
    return found


_ALONE = _alone()
