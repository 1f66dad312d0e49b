"""Accounts of CPU memory, exact to the byte, and the capacity that must not be passed.

Every buffer that owns memory reports its bytes when made and when dropped. Drops may come from
any thread or from the garbage collector, so they go through a queue that is emptied before
anything is read or added.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from ..base import config as settings
from ..base.errors import OutOfMemoryError
from .arena import Arena, Block

POOLED = 64 * 1024
"""Buffers of at least this many bytes live in the arena; smaller ones in NumPy's own heap."""

_arena = Arena()
lock = _lock = threading.RLock()
_dropped: deque[Any] = deque()
drop = _dropped.append
_attempted: ContextVar[bool] = ContextVar("attempted", default=False)


class _Accounts:
    __slots__ = ("capacity", "peak", "peak_reserved", "used")

    def __init__(self) -> None:
        self.used = 0
        self.peak = 0
        self.peak_reserved = 0
        self.capacity = 0


_accounts = _Accounts()


def settle() -> None:
    """Book every queued drop."""
    while _dropped:
        item = _dropped.popleft()
        kind = type(item)
        if kind is int:
            _accounts.used -= item
        elif kind is Block:
            _accounts.used -= item.nbytes
            _arena.release(item)
        else:
            item.settle()


def _cgroup_limit() -> int | None:
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            with open(path) as file:
                text = file.read().strip()
        except OSError:
            continue
        if text.isdigit():
            return int(text)
    return None


def system_memory() -> int:
    """The smaller of the control group's limit and the machine's memory, in bytes."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        total = 1 << 62
    limit = _cgroup_limit()
    return min(total, limit) if limit else total


def capacity() -> int:
    """The bytes that tensors may hold: the setting, else the system's less a reserve."""
    if settings.config.memory_limit:
        return settings.config.memory_limit
    if not _accounts.capacity:
        total = system_memory()
        _accounts.capacity = total - max(total // 16, min(1 << 29, total // 4))
    return _accounts.capacity


_pressure: tuple[int, Callable[[int], None]] | None = None


def set_pressure(limit: int, evict: Callable[[int], None] | None) -> None:
    """From now on ask `evict(bytes)` to let go of memory whenever more than `limit` is needed."""
    global _pressure
    _pressure = None if evict is None else (limit, evict)


def account(nbytes: int) -> None:
    """Book `nbytes` of new memory. Raises OutOfMemoryError if the capacity would be passed."""
    with _lock:
        if _dropped:
            settle()
        used = _accounts.used + nbytes
        if _pressure is not None and used > _pressure[0]:
            _pressure[1](used - _pressure[0])
            settle()
            used = _accounts.used + nbytes
        if _passes(used):
            relieve(nbytes)
            used = _accounts.used + nbytes
            if _passes(used):
                raise _shortage(nbytes)
        _accounts.used = used
        if used > _accounts.peak:
            _accounts.peak = used


def require(nbytes: int) -> None:
    """Raise OutOfMemoryError if that many bytes more would pass the capacity; books nothing."""
    account(nbytes)
    _dropped.append(nbytes)


def _passes(used: int) -> bool:
    """Whether so many bytes are more than the capacity."""
    return used > (_accounts.capacity or capacity()) or bool(
        settings.config.memory_limit and used > settings.config.memory_limit
    )


_reliefs: list[Callable[[int], None]] = []


def relieve(nbytes: int) -> None:
    """Let go of what can be made again, because that many bytes do not fit."""
    for let_go in _reliefs:
        let_go(nbytes)
    settle()


def on_pressure(relieve: Callable[[int], None]) -> Callable[[int], None]:
    """Call `relieve(nbytes)` when that many bytes do not fit: it may let go of what can be made
    again. It is called with the accounts locked and must not wait for another thread."""
    _reliefs.append(relieve)
    return relieve


def allocate(nbytes: int) -> Block:
    """A booked block of the arena. Raises OutOfMemoryError if the capacity would be passed."""
    account(nbytes)
    try:
        return _arena.allocate(nbytes)
    except (OSError, MemoryError) as error:
        drop(nbytes)
        raise _shortage(nbytes) from error


@contextlib.contextmanager
def attempt() -> Iterator[None]:
    """Errors of memory raised inside are caught by the caller: nobody looks for who holds what."""
    token = _attempted.set(True)
    try:
        yield
    finally:
        _attempted.reset(token)


def _shortage(nbytes: int) -> OutOfMemoryError:
    if _attempted.get():
        return OutOfMemoryError(f"[memory] {nbytes:,} more bytes do not fit")
    return OutOfMemoryError(_explain(nbytes), asked=nbytes)


def _explain(nbytes: int) -> str:
    from .holders import largest_holders

    used, limit = _accounts.used, capacity()
    lines = [
        f"[memory] {nbytes:,} more bytes do not fit: {used:,} of {limit:,} are in use on cpu0.",
        "Largest holders:",
        *(f"  {line}" for line in largest_holders(8)),
        "Try a smaller batch, drop tensors that are not needed (del), or raise"
        " tengen.config.memory_limit.",
    ]
    return "\n".join(lines)


def used_bytes() -> int:
    """Bytes held by live tensors now."""
    with _lock:
        settle()
        return _accounts.used


def peak_bytes() -> int:
    """The most bytes held at any moment since the last reset."""
    with _lock:
        settle()
        return _accounts.peak


def reserved_bytes() -> int:
    """Bytes in use plus those kept free for reuse."""
    with _lock:
        settle()
        kept = sum(segment_used(index) for index in range(len(_arena.segments)))
        return max(kept, _accounts.used)


def segment_used(index: int) -> int:
    """The span of a segment below its last range in use."""
    segment = _arena.segments[index]
    tail = segment.by_stop.get(segment.size)
    return segment.size if tail is None else tail


def peak_reserved_bytes() -> int:
    """The most bytes reserved at any moment that was asked, never less than the peak in use."""
    now = reserved_bytes()
    _accounts.peak_reserved = max(_accounts.peak_reserved, now, _accounts.peak)
    return _accounts.peak_reserved


def reset_peak() -> None:
    """Start the peaks anew from what is held now."""
    with _lock:
        settle()
        _accounts.peak = _accounts.used
        _accounts.peak_reserved = 0


def trim() -> int:
    """Give unused pages back to the system; returns the bytes given."""
    with _lock:
        settle()
        return _arena.trim()
