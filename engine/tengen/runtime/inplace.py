"""Running an operator in the memory of its inputs, where nobody else can see that memory.

Values are immutable once shared; a parameter that only its own handle holds is not shared, and
an optimizer may write its next value over the old one.
"""

from sys import getrefcount
from typing import Any

from ..base import config as settings
from ..base.tally import writes
from .buffer import OwnedBuffer, Tag
from .choice import choose
from .on_gpu import guarded
from .plan import convert, plan_for

_entries: dict[tuple[Any, ...], "_Entry | None"] = {}
_TAG = Tag("in place", None, None, 0)


@settings.on_change
def _forget(name: str) -> None:
    _entries.clear()


class _Entry:
    """A kernel that can work in place: `sources[j]` is the input that gives output j its memory,
    `layouts` what each input must come in."""

    __slots__ = ("layouts", "run", "sources")

    def __init__(self, run: Any, layouts: tuple[Any, ...], sources: tuple[int, ...]):
        self.run = run
        self.layouts = layouts
        self.sources = sources


def run_in_place(op: Any, attrs: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Give the values that `op.in_place` names their next contents; False if that cannot be done.

    `op.in_place` pairs inputs with the outputs that may take their memory; every output must be
    in a pair. It takes a kernel that can (`Bound.inplace`), and buffers of which each belongs
    to one handle alone, in the layout that the kernel wants.
    """
    buffers = [v._buffer for v in values]
    key = (op, attrs, *[b.type for b in buffers])
    try:
        entry = _entries[key]
    except KeyError:
        entry = _entries[key] = _prepare(op, attrs, key[2:])
    if entry is None:
        return False
    sources = entry.sources
    for index in sources:
        if _holders(buffers, index) != _ALONE:
            return False
    arrays = []
    held = []  # arrays do not keep the arena's memory; converted buffers must live until run
    for index, layout in enumerate(entry.layouts):
        array = buffers[index].array
        if buffers[index].type.layout is not layout or not array.flags.c_contiguous:
            if index in sources:
                return False
            converted = convert(buffers[index], layout, _TAG)
            held.append(converted)
            array = converted.array
        arrays.append(array)
    entry.run(tuple([arrays[index] for index in sources]), tuple(arrays))
    writes.note()
    return True


def overwrite(value: Any, key: Any, source: Any) -> bool:
    """Write an array into a value at a NumPy index; False if others may hold the value's memory.

    The caller has made sure that the array fits, and that no recording follows the value.
    """
    buffers = [value._buffer]
    if _holders(buffers, 0) != _ALONE:
        return False
    target = buffers[0]
    if (
        not target.type.device.host
        or target.type.layout is not None
        or not target.array.flags.writeable
    ):
        return False
    target.array[key] = source
    writes.note()
    return True


def _prepare(op: Any, attrs: tuple[Any, ...], forms: tuple[Any, ...]) -> _Entry | None:
    plan = plan_for(op, attrs, forms)
    bound = choose(op, attrs, forms, plan.in_types, plan.out_types)
    if bound is None or bound.inplace is None:
        return None
    sources = {target: source for source, target in op.in_place}
    device, run = plan.out_types[0].device, bound.run
    if not device.host:
        kernel = guarded(lambda given, tag: bound.run(*given), op, device)

        def run(outs: Any, ins: Any) -> None:
            kernel((outs, ins), _TAG)

    return _Entry(run, bound.in_layouts, tuple([sources[j] for j in sorted(sources)]))


def _holders(buffers: list[Any], index: int) -> tuple[int, int, bool]:
    """References to a buffer and to its array, and whether the memory is its own.

    A value that has no memory yet has an array held by the whole program: None.
    """
    buffer = buffers[index]
    return getrefcount(buffer), getrefcount(buffer._array), buffer.owner is None


def _alone() -> tuple[int, int, bool]:
    """What `_holders` says of a buffer held by one handle, in the way `run_in_place` calls it."""

    class Handle:
        __slots__ = ("_buffer",)

    handle: Any = Handle()
    handle._buffer = OwnedBuffer(None, object(), 0, 0, None)  # type: ignore[arg-type]
    values = (handle,)
    buffers = [v._buffer for v in values]
    return _holders(buffers, 0)


_ALONE = _alone()
