"""Parking: what tensors hold on a GPU moves to host memory until somebody looks at it again.

Every value comes back by itself, each when it is first used. Both accounts stay exact.
"""

import gc
import threading
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.device import Device
from ..base.errors import OutOfMemoryError
from ..graph.types import TensorType
from ..kernels.cuda.gpu import Gpu
from . import gpu_memory, memory
from .buffer import Buffer, OwnedBuffer
from .gpu_memory import gpu_of
from .ground import release_on
from .lazy import LazyBuffer


@dataclass(frozen=True)
class Shown:
    """How an array lies in its owner's memory."""

    offset: int
    shape: tuple[int, ...]
    dtype: Any
    strides: tuple[int, ...]

    @classmethod
    def of(cls, array: Any, start: int) -> "Shown":
        """The place of an array in memory that begins at `start`."""
        return cls(array.data.ptr - start, array.shape, array.dtype, array.strides)

    def over(self, place: Gpu, memory: Any) -> Any:
        """The same array in other memory."""
        return place.over(self.shape, self.dtype, memory, self.offset, self.strides)


class Parked:
    """Stands in the place of a buffer's block on a GPU while its bytes lie in `host`."""

    __slots__ = ("_lock", "host", "own", "views")

    def __init__(self, host: Any, own: Shown, views: list[tuple["weakref.ref[Buffer]", Shown]]):
        self.host = host
        self.own = own
        self.views = views
        self._lock = threading.Lock()

    def settle(self) -> None:
        """Book that the host's bytes are free again."""
        memory.drop(self.host.nbytes)

    def restore(self, owner: OwnedBuffer) -> None:
        """Bring the bytes back to the GPU. Raises OutOfMemoryError where they do not fit."""
        with self._lock:
            if owner.block is not self:
                return  # another thread was first
            nbytes, device = self.host.nbytes, owner.type.device
            place = gpu_of(device)
            there, held = gpu_memory.empty(TensorType.of((nbytes,), np.uint8, device), (nbytes,))
            there.data.copy_from_host_async(self.host.ctypes.data, nbytes, place.stream)
            place.stream.synchronize()  # the host's memory may be used again then
            for ref, shown in self.views:
                view = ref()
                if view is not None:
                    view.array = shown.over(place, there)
            owner.array = self.own.over(place, there)
            owner.block = held
            self.settle()


def park(device: Device) -> int:
    """Move what tensors hold on a GPU to host memory; gives the bytes moved.

    Compiled programs give their arenas and graphs back. What does not fit into host memory stays.
    Nothing may be launched from another thread meanwhile.
    """
    place = gpu_of(device)
    place.synchronize()
    place.copies.synchronize()
    release_on(device)
    moving = []
    for owner, views in _owners(device):
        array, nbytes = owner.array, owner.nbytes
        if not (array.flags.c_contiguous or array.flags.f_contiguous):
            continue
        try:
            memory.account(nbytes)
        except OutOfMemoryError:
            break
        host = _host_memory(place, nbytes)
        array.data.copy_to_host_async(host.ctypes.data, nbytes, place.stream)
        start = array.data.ptr
        shown = [(weakref.ref(view), Shown.of(view.array, start)) for view in views]
        moving.append((owner, views, Parked(host, Shown.of(array, start), shown)))
        del array
    place.synchronize()
    total = 0
    for owner, views, parked in moving:
        for view in views:
            view.array = None
        owner.array = None
        memory.drop(owner.block)
        owner.block = parked
        total += owner.nbytes
    place.trim()
    return total


def unpark(device: Device) -> int:
    """Bring everything back that was parked from a GPU; gives the bytes moved."""
    total = 0
    for owner in _owned(device):
        if isinstance(owner.block, Parked):
            owner.block.restore(owner)
            total += owner.nbytes
    gpu_of(device).trim()
    return total


def _owned(device: Device) -> list[OwnedBuffer]:
    found = [item for item in gc.get_objects() if type(item) is OwnedBuffer]
    return [owner for owner in found if owner.type.device is device and owner.nbytes]


def _owners(device: Device) -> list[tuple[OwnedBuffer, list[Buffer]]]:
    """The buffers that own memory on a GPU, each with all that show it; those of which somebody
    keeps account in another way are left out."""
    owned = {id(owner): owner for owner in _owned(device) if owner._array is not None}
    views: dict[int, list[Buffer]] = {key: [] for key in owned}
    for item in gc.get_objects():
        kind = type(item)  # not isinstance, which asks weak proxies of what is gone
        if not issubclass(kind, Buffer) or kind is OwnedBuffer:
            continue
        key = id(item.owner)
        if key not in views:
            continue
        if kind in (Buffer, LazyBuffer):
            if item._array is not None:
                views[key].append(item)
        else:
            del views[key]
    return [(owned[key], shown) for key, shown in views.items()]


def _host_memory(place: Gpu, nbytes: int) -> Any:
    """Bytes of the host's memory, pinned where the driver grants it."""
    try:
        return np.frombuffer(place.xp.cuda.alloc_pinned_memory(nbytes), np.uint8, nbytes)
    except place.errors:
        return np.empty(nbytes, np.uint8)
