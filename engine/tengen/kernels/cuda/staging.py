"""Copies to a GPU beside its work: from pinned memory, on a stream of their own.

A pinned buffer is used again once its copy has happened; buffers of like size share a list.
"""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .gpu import Gpu

LEAST = 4096
"""Bytes of the smallest buffer; the others are powers of two times it."""

MOST = 1 << 28
"""Bytes of buffers that may wait for their copies; before more, the earliest copy is waited for."""


class Arrival:
    """A copy under way; `wait()` makes what is launched from then on come after it."""

    def __init__(self, gpu: "Gpu", event: Any):
        self._gpu = gpu
        self._event = event

    def wait(self) -> None:
        """Let the compute stream wait for the copy; Python does not."""
        event, self._event = self._event, None
        if event is not None:
            self._gpu.enter()
            self._gpu.stream.wait_event(event)

    def __del__(self) -> None:
        # Nobody took the values: their memory may be used again only after the copy.
        if self._event is not None:
            self.wait()


class Staging:
    """The pinned buffers of one GPU."""

    def __init__(self, gpu: "Gpu"):
        self._gpu = gpu
        self._free: dict[int, list[Any]] = {}
        self._busy: list[tuple[Any, int, Any]] = []
        self._lock = threading.Lock()

    def send(self, host: np.ndarray[Any, Any], target: Any) -> Arrival:
        """Start to copy a host array into a contiguous GPU array of its shape and data type."""
        gpu = self._gpu
        gpu.enter()
        size = LEAST
        while size < host.nbytes:
            size *= 2
        with self._lock:
            buffer = self._take(size)
            staged = np.frombuffer(buffer, host.dtype, host.size).reshape(host.shape)
            np.copyto(staged, host)
            # What was launched before may still use the memory that the target lies in.
            gpu.copies.wait_event(gpu.stream.record())
            target.data.copy_from_host_async(staged.ctypes.data, host.nbytes, gpu.copies)
            event = gpu.copies.record()
            self._busy.append((event, size, buffer))
        return Arrival(gpu, event)

    def _take(self, size: int) -> Any:
        """A pinned buffer that nobody reads."""
        while sum(length for _, length, _ in self._busy) + size > MOST and self._busy:
            self._busy[0][0].synchronize()
            self._reclaim()
        self._reclaim()
        found = self._free.get(size)
        return found.pop() if found else self._gpu.xp.cuda.alloc_pinned_memory(size)

    def _reclaim(self) -> None:
        """Note the buffers whose copies have happened as free."""
        waiting = []
        for event, length, buffer in self._busy:
            if event.done:
                self._free.setdefault(length, []).append(buffer)
            else:
                waiting.append((event, length, buffer))
        self._busy = waiting
