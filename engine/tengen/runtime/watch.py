"""Watching memory come and go: every block that is made and dropped, in order.

Nothing is asked of the allocator while nobody watches: the watch takes the place of the block's
constructor for as long as it lasts, and a weak reference tells when a block goes.
"""

import gc
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..graph.types import TensorType
from .arena import Block
from .buffer import Buffer, OwnedBuffer, Tag

_construct = OwnedBuffer.__init__


class _Death(weakref.ref):  # type: ignore[type-arg]
    """A weak reference that knows the number of the block it is waiting for."""

    __slots__ = ("number",)

    number: int


class Watch:
    """What was seen: `blocks[n]` is (type, bytes, tag, arena block or None) of block n.

    `events` holds n where block n was made and ~n where it was dropped; `clock` the time of each
    in nanoseconds since the start. The first `before` blocks were there already.
    """

    def __init__(self) -> None:
        self.blocks: list[tuple[TensorType, int, Tag | None, Block | None]] = []
        self.events: list[int] = []
        self.clock: list[int] = []
        self.before = 0
        self.begun = time.perf_counter_ns()
        self._waiting: dict[int, _Death] = {}

    def number(self, buffer: Buffer) -> int | None:
        """The number of a live block, None if it was made out of sight."""
        for ref in weakref.getweakrefs(buffer):
            if type(ref) is _Death and self._waiting.get(ref.number) is ref:
                return ref.number
        return None

    def _add(self, buffer: OwnedBuffer) -> int:
        number = len(self.blocks)
        block = buffer.block if isinstance(buffer.block, Block) else None
        self.blocks.append((buffer.type, buffer.nbytes, buffer.tag, block))
        ref = _Death(buffer, self._gone)
        ref.number = number
        self._waiting[number] = ref
        return number

    def _born(self, buffer: OwnedBuffer) -> None:
        number = self._add(buffer)
        self.clock.append(time.perf_counter_ns() - self.begun)
        self.events.append(number)

    def _gone(self, ref: Any) -> None:
        if self._waiting.pop(ref.number, None) is not None:
            self.clock.append(time.perf_counter_ns() - self.begun)
            self.events.append(~ref.number)

    def _stop(self) -> None:
        self._waiting.clear()


def live_buffers() -> list[OwnedBuffer]:
    """Every buffer that owns memory now."""
    return [item for item in gc.get_objects() if type(item) is OwnedBuffer and item.nbytes]


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch all memory of this process inside the block. Raises RuntimeError inside another."""
    if OwnedBuffer.__init__ is not _construct:
        raise RuntimeError("[memory] memory is being watched already; only one watch at a time")
    watch = Watch()
    gc.collect()
    for buffer in live_buffers():
        watch._add(buffer)
        del buffer
    watch.before = len(watch.blocks)

    def construct(
        self: OwnedBuffer, type: TensorType, array: Any, block: Any, nbytes: int, tag: Tag | None
    ) -> None:
        _construct(self, type, array, block, nbytes, tag)
        watch._born(self)

    watch.begun = time.perf_counter_ns()
    OwnedBuffer.__init__ = construct  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        OwnedBuffer.__init__ = _construct  # type: ignore[method-assign]
        watch._stop()
