"""Ground: the memory that the programs of one function stand on, one at a time."""

import threading
import weakref
from typing import Any

import numpy as np

from ..base.device import Device
from ..base.errors import OutOfMemoryError
from ..graph.types import TensorType
from ..kernels.cuda.gpu import Gpu
from .buffer import OwnedBuffer, Tag, empty
from .gpu_memory import gpu_of
from .memory import account, drop, on_pressure

NOTHING = np.empty(0, np.uint8)


class Ground:
    """One block for all programs that share it, as large as the largest that ran needs.

    `lock` is held by the program that runs, and `running` is true meanwhile. `version` changes with
    the block, so that a program knows when its arrays are void; those of the `users` on a GPU keep
    its memory, so that they are told to let go. When memory runs short, the blocks on which nothing
    runs are given back. Programs on a GPU have a second block, of pinned host memory, for what they
    move out.
    """

    def __init__(self, name: str = "program") -> None:
        self.name = name
        self.lock = threading.RLock()
        self.version = 0
        self.running = False
        self.users: weakref.WeakSet[Any] = weakref.WeakSet()
        self._block: OwnedBuffer | None = None
        self._pinned: Pinned | None = None
        _grounds.add(self)

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return 0 if self._block is None else self._block.nbytes

    def hold(self, nbytes: int, device: Device) -> Any:
        """The block as bytes, at least `nbytes` of them. Raises OutOfMemoryError naming the
        program where the capacity would be passed."""
        block = self._block
        if block is not None and block.nbytes >= nbytes and block.type.device is device:
            return block.array
        if not device.host:
            nbytes = max(nbytes, 1)
        if not nbytes:
            return NOTHING
        self.release()
        type_ = TensorType.of((nbytes,), np.uint8, device)
        tag = Tag(f"arena of {self.name}", None, None, 0)
        block = self._block = self.claim(type_, tag, "the arena")
        self.version += 1
        return block.array

    def hold_pinned(self, nbytes: int, device: Device) -> Any:
        """At least `nbytes` bytes of host memory that the GPU copies to and from. Raises
        OutOfMemoryError naming the program where the host's capacity would be passed."""
        pinned = self._pinned
        if not nbytes:
            return NOTHING
        if pinned is None or pinned.nbytes < nbytes:
            if pinned is not None:
                self._drop_pinned()
            try:
                self._pinned = pinned = Pinned(nbytes, device)
            except OutOfMemoryError as error:
                raise OutOfMemoryError(
                    f"[{self.name}] {nbytes:,} bytes of host memory for what is moved out of"
                    f" {device} do not fit.\n{error}",
                    asked=nbytes,
                    device=error.device,
                ) from error
            self.version += 1
        return pinned.array

    def _drop_pinned(self) -> None:
        """Give the pinned block back, once no copy is under way in it."""
        pinned, self._pinned = self._pinned, None
        if pinned is not None:
            self.version += 1
            for user in list(self.users):
                user.unbind()
            pinned.release()

    def claim(self, type_: TensorType, tag: Tag | None, what: str) -> OwnedBuffer:
        """A booked buffer for `what`. Raises OutOfMemoryError naming it and the program where the
        capacity would be passed."""
        try:
            return empty(type_, tag)
        except OutOfMemoryError as error:
            raise OutOfMemoryError(
                f"[{self.name}] {what} of {type_.nbytes:,} bytes does not fit.\n{error}",
                asked=error.asked,
                device=error.device,
            ) from error

    def release(self) -> None:
        """Give the block back; the next run makes it anew."""
        with self.lock:
            if self._block is not None:
                host, self._block = self._block.type.device.host, None
                self.version += 1
                for user in () if host else list(self.users):
                    user.unbind()
            self._drop_pinned()


class Pinned:
    """Page-locked host memory, booked on the host's account until it is released or forgotten."""

    def __init__(self, nbytes: int, device: Device):
        account(nbytes)
        self.nbytes = nbytes
        self.place = gpu_of(device)
        try:
            self.array = self.place.pinned(nbytes)
        except BaseException:
            drop(nbytes)
            raise
        self.release = weakref.finalize(self, _let_go, self.place, self.array)
        self.release.atexit = False


def _let_go(place: Gpu, array: Any) -> None:
    """Give pinned memory back, once the GPU has done what was launched."""
    place.part_with(array)
    drop(array.nbytes)


_grounds: "weakref.WeakSet[Ground]" = weakref.WeakSet()


@on_pressure
def release_idle(nbytes: int) -> None:
    """Give back the blocks of all grounds on which no program is running."""
    _release([ground for ground in list(_grounds) if ground._block is not None])


def release_on(device: Device) -> None:
    """Give back the blocks of the grounds on a device on which no program is running."""
    held = [(ground, ground._block) for ground in list(_grounds)]
    _release([g for g, block in held if block is not None and block.type.device is device])


def _release(grounds: list[Ground]) -> None:
    for ground in grounds:
        if ground.lock.acquire(blocking=False):
            try:
                if not ground.running:
                    ground.release()
            finally:
                ground.lock.release()
