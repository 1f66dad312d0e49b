"""What a lowered graph is made of: storages, places in them, and steps that read and write places.

A storage is a block of bytes with a lifetime; a place is a value's typed view of one. Several
values may lie in the same storage: views, and results computed in place.
"""

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from ..graph.node import Node, Var
from ..graph.types import TensorType
from .buffer import Buffer, Tag
from .gpu_memory import gpu_of

MOST_COPIED = 1 << 27
"""Bytes of a strided value from which it is not tried whether its view would be a copy."""

NOT_HELD = object()
"""Stands where no array of an input is bound to calls: no array is this, nor a missing one."""


class Kind(Enum):
    """Where a storage's bytes come from."""

    INPUT = "input"
    CONSTANT = "constant"
    PLANNED = "planned"
    OUTPUT = "output"
    KEPT = "kept"
    """What the steady steps leave for the others, from run to run."""
    AWAY = "away"
    """What a GPU's program keeps in the host's memory for a while."""
    LOOSE = "loose"
    """An output whose size only running tells."""


_STAYING = (Kind.CONSTANT, Kind.PLANNED, Kind.KEPT)


@dataclass(eq=False, slots=True)
class Storage:
    """A block of bytes: an input's or constant's own, a piece of the arena, or a fresh output's.

    It is held at every step t with birth <= t < death. `index` numbers the input; `values` are
    the graph's values that lie in it; `steady` ones hold the same in every run.
    """

    kind: Kind
    type: TensorType
    birth: int = 0
    death: int = 0
    index: int = -1
    buffer: Buffer | None = None
    tag: Tag | None = None
    values: list[Var] = field(default_factory=list)
    scratch: bool = False
    overwritten: bool = False
    steady: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes, the padding of a blocked layout included."""
        return self.type.nbytes


@dataclass(eq=False, slots=True)
class Place:
    """A value in a storage, `offset` bytes into it; C-contiguous where `strides` is None."""

    storage: Storage
    type: TensorType
    offset: int = 0
    strides: tuple[int, ...] | None = None

    @property
    def whole(self) -> bool:
        """True where the place shows all of its storage as it lies."""
        return self.strides is None and self.type.nbytes == self.storage.nbytes

    def array(self, memory: Any, base: int = 0) -> Any:
        """The array of this place over `memory`, where the storage begins at byte `base`."""
        if self.type.device.host or self.storage.kind is Kind.AWAY:
            return self.over(memory, base)
        place, shape = gpu_of(self.type.device), physical_shape(self.type)
        return place.over(shape, self.type.dtype, memory, base + self.offset, self.strides)

    def over(self, memory: Any, base: int = 0) -> Any:
        """The array of this place over host memory."""
        shape = physical_shape(self.type)
        return np.ndarray(shape, self.type.dtype, memory, base + self.offset, self.strides)


@dataclass(eq=False, slots=True)
class Step:
    """One call: `run(outs, ins)` on the arrays of the places. `what` names it for reports.

    A `steady` step reads steady storages only: it need not run again until one of them changes.
    `prepare` is the kernel's, as `Bound` says.
    """

    run: Callable[[tuple[Any, ...], tuple[Any, ...]], None]
    outs: tuple[Place, ...]
    ins: tuple[Place | None, ...]
    what: str
    node: Node
    steady: bool = False
    prepare: Callable[[tuple[Any, ...], tuple[Any, ...]], Callable[[], None]] | None = None

    @property
    def stays(self) -> bool:
        """Whether its arrays are the same in every run, as long as the arena stays."""
        places = (*self.outs, *self.ins)
        return all(p is None or p.storage.kind in _STAYING for p in places)


class Loose:
    """Stands where an array of unknown size will be: keeps what is written to it."""

    __slots__ = ("array", "host")

    def __init__(self, host: bool = True) -> None:
        self.array: Any = None
        self.host = host

    def __setitem__(self, key: Any, array: Any) -> None:
        self.array = np.asarray(array) if self.host else array


def physical_shape(type_: TensorType) -> tuple[int, ...]:
    """The shape of the array that holds a value of a physical type."""
    layout = type_.layout
    return type_.shape if layout is None else layout.physical_shape(type_.shape)


class Ghosts:
    """Arrays over pages that nobody writes, to learn what a view operator makes of its input."""

    def __init__(self) -> None:
        self._memory: mmap.mmap | None = None

    def views(self, source: Place, kernel: Callable[[Any], Any]) -> list[Place | None]:
        """The places of what `kernel(array)` gives (one array, or several): None for a copy."""
        if source.strides is not None and source.type.nbytes > MOST_COPIED:
            return [None]
        needed = max(source.storage.nbytes, 1)
        if self._memory is None or len(self._memory) < needed:
            self._memory = mmap.mmap(-1, needed)
        begin = _address(np.ndarray((1,), np.uint8, self._memory))
        array = source.over(self._memory)
        found = kernel(array)
        return [
            self._place(source, made, _address(made) - begin)
            if made.size and np.may_share_memory(made, array)
            else None
            for made in (found if isinstance(found, tuple | list) else (found,))
        ]

    @staticmethod
    def _place(source: Place, array: Any, offset: int) -> Place:
        type_ = TensorType.of(array.shape, array.dtype, source.type.device)
        strides = None if array.flags.c_contiguous else array.strides
        return Place(source.storage, type_, offset, strides)


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]
