"""One GPU: its streams, memory pool and transfers, and the launches that are under way on it.

All threads share one compute stream, so the order of calls in Python is their order on the GPU
and memory may be used again as soon as its last user has been launched. Other streams copy
meanwhile: one batches, two what compiled programs keep in the host's memory.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base.errors import DeviceError
from . import library
from .flight import Flight
from .staging import Staging

PINNED = 1 << 16
"""Bytes from which a host array is copied by way of pinned memory."""

_here = threading.local()
_gpus: dict[int, "Gpu"] = {}
_lock = threading.Lock()


class Gpu:
    """GPU number `index`; `xp` is CuPy. Call `enter()` before anything is launched."""

    def __init__(self, index: int):
        self.index = index
        self.xp: Any = library.load()
        cuda = self.xp.cuda
        self.device: Any = cuda.Device(index)
        with self.device:
            self.stream: Any = cuda.Stream(non_blocking=True)
            self.copies: Any = cuda.Stream(non_blocking=True)
            self.outward: Any = cuda.Stream(non_blocking=True)
            self.homeward: Any = cuda.Stream(non_blocking=True)
        self.several = library.count() > 1
        self._parted: list[tuple[Any, Any]] = []
        self.flight = Flight()
        self.staging = Staging(self)
        self.errors: tuple[type[BaseException], ...] = (
            cuda.runtime.CUDARuntimeError,
            cuda.driver.CUDADriverError,
            *library.library_errors(),
        )
        self.exhausted: type[BaseException] = cuda.memory.OutOfMemoryError
        self.explain: Callable[[Gpu, BaseException], BaseException] = lambda _, error: error

    def enter(self) -> None:
        """Make this GPU and its stream the ones that this thread launches on."""
        if getattr(_here, "gpu", None) is not self or (
            self.several and self.xp.cuda.runtime.getDevice() != self.index
        ):  # of several GPUs, another library may have made a different one current
            self.device.use()
            self.stream.use()
            _here.gpu = self

    def launched(self, op: str, tag: Any) -> None:
        """Note a call that was launched."""
        self.flight.note(op, tag, self.stream.record)

    def synchronize(self) -> None:
        """Wait until everything launched has finished. Raises what went wrong meanwhile."""
        self.enter()
        try:
            self.stream.synchronize()
        except self.errors as error:
            raise self.explain(self, error) from error
        self.flight.landed()

    def empty(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """An uninitialised array of the pool's memory."""
        self.enter()
        return self.xp.empty(shape, dtype)

    def fill(self, array: Any, host: np.ndarray[Any, Any]) -> None:
        """Copy a host array into a contiguous one; the host's may change once this is back.

        The GPU is not waited for: a large array goes by way of pinned memory, since the driver
        would wait for the stream before it copies more than a little from other memory.
        """
        self.enter()
        if host.nbytes >= PINNED and not self.stream.is_capturing():
            with contextlib.suppress(*self.errors):  # no pinned memory may be left
                self.staging.send(host, array).wait()
                return
        array.set(host if host.flags.c_contiguous else np.array(host, order="C"), self.stream)

    def download(self, array: Any) -> np.ndarray[Any, Any]:
        """A host array with a GPU array's values, once the GPU has got there."""
        self.enter()
        try:
            host: np.ndarray[Any, Any] = array.get()
        except self.errors as error:
            raise self.explain(self, error) from error
        self.flight.landed()
        return host

    def take_over(self, source: "Gpu", array: Any, target: Any) -> None:
        """Copy a contiguous array on another GPU into one on this."""
        source.enter()
        ready = source.stream.record()
        self.enter()
        self.stream.wait_event(ready)
        target.data.copy_from_device_async(array.data, array.nbytes, self.stream)
        done = self.stream.record()
        # The source's memory may be used again only after it has been read.
        source.enter()
        source.stream.wait_event(done)

    def carry_out(self, array: Any, host: np.ndarray[Any, Any]) -> Any:
        """Start to copy a contiguous array to pinned memory, behind what was launched so far; gives
        the event behind the copy."""
        runtime = self.xp.cuda.runtime
        self.outward.wait_event(self.stream.record())
        runtime.memcpyAsync(
            host.ctypes.data, array.data.ptr, host.nbytes,
            runtime.memcpyDeviceToHost, self.outward.ptr,
        )  # fmt: skip
        return self.outward.record()

    def carry_back(self, host: np.ndarray[Any, Any], array: Any) -> Any:
        """Start to copy pinned memory to a contiguous array, behind what was launched so far; gives
        the event behind the copy."""
        runtime = self.xp.cuda.runtime
        self.homeward.wait_event(self.stream.record())
        runtime.memcpyAsync(
            array.data.ptr, host.ctypes.data, host.nbytes,
            runtime.memcpyHostToDevice, self.homeward.ptr,
        )  # fmt: skip
        return self.homeward.record()

    def pinned(self, nbytes: int) -> np.ndarray[Any, Any]:
        """Uninitialised bytes of page-locked host memory. Raises what CUDA says where the driver
        does not grant them."""
        self.enter()
        self._forget_parted()
        return np.frombuffer(self.xp.cuda.alloc_pinned_memory(nbytes), np.uint8, nbytes)

    def part_with(self, memory: Any) -> None:
        """Keep memory until what was launched so far has happened."""
        self.enter()
        self._parted.append((self.stream.record(), memory))

    def _forget_parted(self) -> None:
        self._parted = [(event, memory) for event, memory in self._parted if not event.done]

    def over(self, shape: tuple[int, ...], dtype: Any, memory: Any, offset: int,
             strides: tuple[int, ...] | None) -> Any:  # fmt: skip
        """An array that lies in `memory` (an array of bytes) from byte `offset` on."""
        return self.xp.ndarray(shape, dtype, memory.data + offset, strides)

    def share(self, array: Any, other: Any) -> bool:
        """Whether two arrays may lie in the same memory."""
        return bool(self.xp.may_share_memory(array, other))

    def capture(self, launch: Callable[[], None], pool: Any) -> Any:
        """The CUDA graph of what `launch` launches; what it allocates comes from `pool`.

        Raises what CUDA or CuPy says where something cannot be captured; nothing has run then.
        """
        self.enter()
        cuda = self.xp.cuda
        self.stream.begin_capture(cuda.runtime.streamCaptureModeRelaxed)
        try:
            with cuda.using_allocator(pool.malloc):
                launch()
        except BaseException:
            with contextlib.suppress(Exception):  # the capture is void already
                self.stream.end_capture()
            raise
        return self.stream.end_capture()

    @property
    def model(self) -> str:
        """The card's name."""
        name: bytes = self.xp.cuda.runtime.getDeviceProperties(self.index)["name"]
        return name.decode()

    def memory(self) -> tuple[int, int]:
        """(free, total) bytes of the card, as the driver sees them."""
        free, total = self.device.mem_info
        return int(free), int(total)

    def reserved(self) -> int:
        """Bytes that the pool holds, in use or kept for later."""
        with self.device:
            return int(self.xp.get_default_memory_pool().total_bytes())

    def trim(self) -> None:
        """Give the pools' unused memory back, the card's and the host's pinned one."""
        self._forget_parted()
        with self.device:
            self.xp.get_default_memory_pool().free_all_blocks()
        self.xp.get_default_pinned_memory_pool().free_all_blocks()


def gpu(index: int) -> Gpu:
    """The Gpu of a number, made at its first use. Raises DeviceError where it does not start."""
    found = _gpus.get(index)
    if found is None:
        with _lock:
            found = _gpus.get(index)
            if found is None:
                try:
                    found = _gpus[index] = Gpu(index)
                except DeviceError:
                    raise
                except Exception as error:  # whatever CUDA says when it cannot begin
                    raise DeviceError(f"[gpu] gpu{index} does not start: {error}") from error
    return found
