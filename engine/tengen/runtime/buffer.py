"""Buffers: the memory behind values.

A Buffer is immutable once it is shared; several values may hold the same one, and a view keeps
its owner alive. `type` is the physical TensorType, its layout included.
"""

import weakref
from typing import Any

import numpy as np

from ..base.device import Device, as_device
from ..base.source import user_frame
from ..graph.state import state
from ..graph.types import TensorType
from . import gpu_memory, memory
from .memory import POOLED

TAGGED = 4096
"""Buffers of at least this many bytes remember the user's line that made them."""


class Tag:
    """Where a block came from: operator, module scope, code and line."""

    __slots__ = ("code", "line", "op", "scope")

    def __init__(self, op: str, scope: Any, code: Any, line: int):
        self.op = op
        self.scope = scope
        self.code = code
        self.line = line


CONSTANT = Tag("constant", None, None, 0)
"""Marks the buffer of a Python number: its value never changes."""


def make_tag(op: str, nbytes: int) -> Tag:
    """The tag of a block that `op` makes now."""
    if nbytes >= TAGGED:
        frame = user_frame()
        if frame is not None:
            return Tag(op, state.scope, frame.f_code, frame.f_lineno)
    return Tag(op, state.scope, None, 0)


class Buffer:
    """A view of another buffer's memory (`owner`), or of memory that is not ours.

    `uses` counts the readers that a backward walk still has to serve.
    """

    __slots__ = ("__weakref__", "_array", "nbytes", "owner", "type", "uses")

    owner: "Buffer | None"
    tag: Tag | None = None
    pending: Any = None

    def __init__(self, type: TensorType, array: Any, owner: "Buffer | None" = None):
        self.type = type
        self._array = array
        self.owner = owner
        self.nbytes = 0
        self.uses = 0

    @property
    def array(self) -> Any:
        """The physical array; a deferred value is computed now."""
        array = self._array
        return array if array is not None else self.materialise()

    @array.setter
    def array(self, array: Any) -> None:
        self._array = array

    def materialise(self) -> Any:
        """Bring parked memory back; plain buffers have no value that is not computed."""
        root = self.root
        restore = getattr(getattr(root, "block", None), "restore", None)
        if restore is None:
            raise AssertionError("a buffer without memory")
        restore(root)
        return self._array

    @property
    def root(self) -> "Buffer":
        """The buffer that owns the memory."""
        return self if self.owner is None else self.owner


class OwnedBuffer(Buffer):
    """A buffer that owns its memory and tells the accounts when it goes."""

    __slots__ = ("block", "tag")

    def __init__(self, type: TensorType, array: Any, block: Any, nbytes: int, tag: Tag | None):
        self.type = type
        self._array = array
        self.owner = None
        self.nbytes = nbytes
        self.uses = 0
        self.block = block
        self.tag = tag

    @property
    def home(self) -> Device:
        """The device that the memory lies on now: the CPU for what is parked there."""
        return as_device("cpu0") if hasattr(self.block, "restore") else self.type.device

    def __del__(self, drop: Any = memory.drop) -> None:
        self._array = None
        drop(self.block)


class DeferredBuffer(Buffer):
    """A buffer whose memory is made when somebody first looks at it.

    `sources` are the buffers it will be computed from; it keeps their memory until then.
    """

    __slots__ = ("pending", "sources", "tag")

    def __init__(self, type: TensorType, pending: Any, sources: list[Buffer], tag: Tag | None):
        self.type = type
        self.sources = sources
        self._array = None
        self.owner = None
        self.nbytes = 0
        self.uses = 0
        self.pending = pending
        self.tag = tag
        held = weakref.ref(self)

        def settle() -> None:
            buffer = held()
            if buffer is not None and buffer.pending is not None:
                buffer.materialise()

        pending.settle = settle

    def allocate(self) -> Any:
        """Memory of its own, to be filled by whoever computes the value on the way."""
        made = empty(self.type, self.tag)
        self.owner = made
        self._array = made._array
        self.pending = None
        self.sources = []
        return self._array

    def materialise(self) -> Any:
        """Compute the value into memory of its own."""
        pending = self.pending
        if pending is None:
            return super().materialise()
        made = empty(self.type, self.tag)
        pending.compute(made._array)
        self.owner = made
        self._array = made._array
        self.pending = None
        self.sources = []
        return self._array


def empty(type: TensorType, tag: Tag | None) -> OwnedBuffer:
    """A booked, uninitialised buffer of a physical type."""
    nbytes = type.nbytes
    layout = type.layout
    shape = type.shape if layout is None else layout.physical_shape(type.shape)
    if not type.device.host:
        array, held = gpu_memory.empty(type, shape)
        return OwnedBuffer(type, array, held, nbytes, tag)
    if nbytes >= POOLED:
        block = memory.allocate(nbytes)
        array = np.ndarray(shape, type.dtype, block.segment.map, block.offset)
        return OwnedBuffer(type, array, block, nbytes, tag)
    memory.account(nbytes)
    return OwnedBuffer(type, np.empty(shape, type.dtype), nbytes, nbytes, tag)


def adopt(type: TensorType, array: Any, tag: Tag | None) -> OwnedBuffer:
    """A booked buffer over a fresh array of the type's device that nobody else will write."""
    nbytes = array.nbytes
    if not type.device.host:
        return OwnedBuffer(type, array, gpu_memory.claim(type.device, nbytes), nbytes, tag)
    memory.account(nbytes)
    return OwnedBuffer(type, array, nbytes, nbytes, tag)


def view(type: TensorType, array: Any, of: Buffer) -> Buffer:
    """A buffer that shows memory of another one."""
    return Buffer(type, array, of if of.owner is None else of.owner)


def from_host(array: Any, device: Any, tag: Tag | None = None) -> OwnedBuffer:
    """A buffer with a private copy of a host array."""
    type_ = TensorType.of(array.shape, array.dtype, device)
    if not type_.device.host:
        made_there, held = gpu_memory.upload(type_, array)
        return OwnedBuffer(type_, made_there, held, type_.nbytes, tag)
    made = empty(type_, tag)
    np.copyto(made.array, array)
    return made


def sent(array: Any, device: Any, tag: Tag | None) -> tuple[OwnedBuffer, Any]:
    """A buffer on a GPU that a host array is being copied to, and the copy's Arrival."""
    made = empty(TensorType.of(array.shape, array.dtype, device), tag)
    return made, gpu_memory.gpu_of(device).staging.send(array, made.array)
