"""A best-fit arena over lazily touched memory: where large CPU buffers live.

Segments are anonymous maps; a page costs nothing before it is written. Free neighbours merge at
once, so that a training step finds the same blocks again and the high-water mark stays low.
"""

import bisect
import contextlib
import mmap
import threading

ALIGN = 256
SEGMENT = 1 << 30


class Segment:
    """One anonymous map and its free ranges (offset -> length)."""

    __slots__ = ("by_start", "by_stop", "map", "size")

    def __init__(self, size: int):
        self.map = mmap.mmap(-1, size)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError):
                self.map.madvise(mmap.MADV_HUGEPAGE)
        self.size = size
        self.by_start: dict[int, int] = {}
        self.by_stop: dict[int, int] = {}


class Block:
    """A range handed out: `segment.map[offset : offset + size]`."""

    __slots__ = ("nbytes", "offset", "segment", "size")

    def __init__(self, segment: Segment, offset: int, size: int, nbytes: int):
        self.segment = segment
        self.offset = offset
        self.size = size
        self.nbytes = nbytes


class Arena:
    """Best fit, lowest address among equals; thread-safe."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.lock = threading.RLock()
        self.free: list[tuple[int, int, int]] = []
        self.reserved = 0

    def _insert(self, index: int, offset: int, size: int) -> None:
        segment = self.segments[index]
        segment.by_start[offset] = size
        segment.by_stop[offset + size] = offset
        bisect.insort(self.free, (size, index, offset))

    def _remove(self, index: int, offset: int, size: int) -> None:
        segment = self.segments[index]
        del segment.by_start[offset]
        del segment.by_stop[offset + size]
        at = bisect.bisect_left(self.free, (size, index, offset))
        del self.free[at]

    def allocate(self, nbytes: int) -> Block:
        """A block of at least `nbytes`, its address a multiple of 256."""
        size = -(-max(nbytes, 1) // ALIGN) * ALIGN
        with self.lock:
            at = bisect.bisect_left(self.free, (size, -1, -1))
            if at == len(self.free):
                length = -(-max(size, SEGMENT) // mmap.PAGESIZE) * mmap.PAGESIZE
                try:
                    segment = Segment(length)
                except (OSError, MemoryError):
                    length = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
                    segment = Segment(length)
                self.segments.append(segment)
                self.reserved += length
                self._insert(len(self.segments) - 1, 0, length)
                at = bisect.bisect_left(self.free, (size, -1, -1))
            found, index, offset = self.free[at]
            self._remove(index, offset, found)
            if found > size:
                self._insert(index, offset + size, found - size)
            return Block(self.segments[index], offset, size, nbytes)

    def release(self, block: Block) -> None:
        """Give a block back; it merges with its free neighbours."""
        with self.lock:
            segment = block.segment
            index = self.segments.index(segment)
            offset, size = block.offset, block.size
            after = segment.by_start.get(offset + size)
            if after is not None:
                self._remove(index, offset + size, after)
                size += after
            before = segment.by_stop.get(offset)
            if before is not None:
                length = offset - before
                self._remove(index, before, length)
                offset, size = before, size + length
            self._insert(index, offset, size)

    def trim(self) -> int:
        """Give the pages of every free range back to the system; returns the bytes offered."""
        given = 0
        with self.lock:
            for size, index, offset in self.free:
                start = -(-offset // mmap.PAGESIZE) * mmap.PAGESIZE
                stop = (offset + size) // mmap.PAGESIZE * mmap.PAGESIZE
                if stop > start and hasattr(mmap, "MADV_DONTNEED"):
                    self.segments[index].map.madvise(mmap.MADV_DONTNEED, start, stop - start)
                    given += stop - start
        return given
