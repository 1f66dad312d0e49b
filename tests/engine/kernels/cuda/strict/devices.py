"""The stand-in's `cupy.cuda`: devices, streams, events, memory, pinned memory and graphs."""

import ctypes
import weakref

import cupy as real

from . import state

TOTAL = 1 << 34

_streams = weakref.WeakValueDictionary()
_pinned = set()


class CUDARuntimeError(RuntimeError):
    """What CuPy raises for an error of the CUDA runtime."""


class CUDADriverError(RuntimeError):
    """What CuPy raises for an error of the CUDA driver."""


class OutOfMemoryError(MemoryError):
    """What CuPy raises when its pool and the card are full."""


class Device:
    """A GPU by number."""

    count = 2

    def __init__(self, device=None):
        self.id = state.thread.device if device is None else int(device)
        if not 0 <= self.id < self.count:
            raise CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal")
        self._before = []

    def use(self):
        state.thread.device = self.id

    def __enter__(self):
        self._before.append(state.thread.device)
        state.thread.device = self.id
        return self

    def __exit__(self, *error):
        state.thread.device = self._before.pop()

    def __int__(self):
        return self.id

    @property
    def mem_info(self):
        return TOTAL // 2, TOTAL

    @property
    def compute_capability(self):
        return "90"

    @property
    def attributes(self):
        return {"MultiProcessorCount": 132}

    def synchronize(self):
        state.waited("Device.synchronize")


class Event:
    """A place in a stream: the copies that must have happened before it, and the capture that it
    was recorded in."""

    origin = None

    def __init__(self, block=False, disable_timing=False, interprocess=False):
        self.before = []

    def record(self, stream=None):
        stream = stream or state.stream()
        stream.pending = [work for work in stream.pending if work.waiting]
        self.before = list(stream.pending)
        self.origin = stream.origin or (stream if stream.capturing is not None else None)

    def synchronize(self):
        state.waited("Event.synchronize")
        for work in self.before:
            work()

    @property
    def done(self):
        if state.failures:
            raise state.failures[0]
        return not any(work.waiting for work in self.before)


class _Once:
    """Work that is done at the latest moment that is allowed, once."""

    def __init__(self, work):
        self.work, self.waiting = work, True

    def __call__(self):
        if self.waiting:
            self.taken()()

    def taken(self):
        """The work, which is done by who takes it; its memory is held no longer."""
        work, self.work, self.waiting = self.work, None, False
        return work


class Stream:
    """A stream; computing happens in Python's order, copies on other streams as late as may be."""

    null = None

    def __init__(self, null=False, non_blocking=False, ptds=False, priority=None):
        self.device_id = state.thread.device
        self.pending, self.launches, self.capturing = [], 0, None
        self.unrun, self.changed = [], []
        self.ptr = id(self)
        self.origin, self.joined = None, []
        _streams[self.ptr] = self

    def use(self):
        state.thread.streams[self.device_id] = self
        return self

    def __enter__(self):
        self._outer = state.thread.streams.get(self.device_id)
        return self.use()

    def __exit__(self, *error):
        state.thread.streams[self.device_id] = self._outer

    def submit(self, work):
        self.launches += 1
        if self.capturing is None:
            work()
        else:
            self.capturing.append(work)

    def defer(self, work):
        self.pending.append(_Once(work))

    def run_pending(self):
        pending, self.pending = self.pending, []
        for work in pending:
            work()

    def record(self, event=None):
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event):
        if event.origin is not None:
            self._wait_captured(event)
            return
        if self.origin is not None or self.capturing is not None:
            raise RuntimeError("a capturing stream waits for what is not captured")
        # A stream that computes waits now; one that only copies would run its copies after it.
        for work in event.before:
            work()

    def _wait_captured(self, event):
        """A stream joins the capture of another, or the one that captures waits for it: only then
        do its copies have their place in the graph."""
        if event.origin is not self:
            if any(work.waiting for work in self.pending) and self.origin is None:
                raise RuntimeError("a stream with work under way joins a capture")
            self.origin = event.origin
            event.origin.joined.append(self)
            return
        for work in event.before:
            if work.waiting:
                self.capturing.append(work.taken())

    def synchronize(self):
        if self.capturing is not None:
            raise RuntimeError("the current stream is capturing: synchronize is not allowed")
        state.counts["waits"] += 1
        self.run_pending()
        if state.failures:
            raise state.failures[0]

    @property
    def done(self):
        return not self.pending

    def begin_capture(self, mode=None):
        if self.capturing is not None:
            raise RuntimeError("this stream is capturing already")
        self.capturing = []

    def end_capture(self):
        tape, self.capturing = self.capturing, None
        for stream in self.joined:
            loose = any(work.waiting for work in stream.pending)
            stream.origin, stream.pending = None, []
            if loose:
                raise CUDARuntimeError("cudaErrorStreamCaptureUnjoined")
        self.joined = []
        unrun, self.unrun = self.unrun, []
        for array, before in reversed(self.changed):
            array[...] = before  # a capture changes nothing
        self.changed = []
        for array in unrun:
            if array.flags.c_contiguous and array.size:
                array.reshape(-1).view("uint8").fill(0xA5)  # nothing has run yet
        return Graph(tape)

    def is_capturing(self):
        return self.capturing is not None


class Graph:
    """What was captured; `launch` does it again on the same memory."""

    def __init__(self, tape):
        self.tape = tape

    def launch(self, stream=None):
        stream = stream or state.stream()
        if stream is None:
            raise RuntimeError("launched on the default stream")
        stream.launches += 1
        state.counts["graph launches"] += 1
        for work in self.tape:
            work()

    def upload(self, stream=None):
        return None


def memcpy_async(target, source, size, kind, stream):
    """A copy between host and device in a stream's order, as late as may be."""
    copying = _streams[stream]
    host = target if kind == real.cuda.runtime.memcpyDeviceToHost else source
    if not any(start <= host and host + size <= stop for start, stop in _pinned):
        raise CUDARuntimeError("cudaErrorInvalidValue: the host's memory is not pinned")
    state.counts["bytes across"] += size
    copying.defer(lambda: ctypes.memmove(target, source, size))


class MemoryPool:
    """Memory that is kept between uses."""

    def __init__(self, allocator=None):
        self.trimmed = 0

    def malloc(self, size):
        from .arrays import ndarray

        return ndarray((size,), "uint8").data

    def total_bytes(self):
        return 0

    def used_bytes(self):
        return 0

    def free_all_blocks(self, stream=None):
        self.trimmed += 1


class PinnedMemoryPool:
    """Page-locked host memory that is kept between uses."""

    def free_all_blocks(self):
        return None


def alloc_pinned_memory(size):
    """Page-locked host memory, as a buffer."""

    class Pinned(ctypes.c_ubyte * max(size, 1)):
        ptr = property(ctypes.addressof)

    state.counts["pinned"] += 1
    made = Pinned()
    start = ctypes.addressof(made)
    _pinned.add((start, start + max(size, 1)))
    weakref.finalize(made, _pinned.discard, (start, start + max(size, 1)))
    return made


def get_current_stream(device_id=-1):
    """The stream on which this thread launches."""
    return state.stream()


class using_allocator:
    """Allocate from another pool inside the block."""

    def __init__(self, allocator=None):
        self.allocator = allocator

    def __enter__(self):
        state.counts["allocators"] += 1

    def __exit__(self, *error):
        return None
