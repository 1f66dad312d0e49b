"""The memory document: who held which bytes, from when to when, in one run or plan.

A million blocks fit: what they have in common stands once in tables, their numbers in columns.
Time is a whole number in `unit`; a block holds its bytes at every t with birth <= t < death, and
one whose death is `stop` is still held when the document ends. Bytes are exact.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tengen_studio.documents.source import Source

DocumentKind = Literal["dynamic", "static", "recompute"]
TimeUnit = Literal["event", "node", "ns"]
BlockKind = Literal["parameter", "gradient", "activation", "optimizer", "workspace", "data"]
ColumnType = Literal["u8", "u16", "u32", "f64"]

VERSION = 1


class Column(msgspec.Struct, frozen=True):
    """Numbers of one type, little-endian, as base64; "f64" holds whole numbers up to 2^53."""

    type: ColumnType
    data: bytes


class Origin(msgspec.Struct, frozen=True):
    """What made a block or ran at a time; `node` is its id in the graph document."""

    op: str
    module: str = ""
    source: Source | None = None
    node: str | None = None


class Blocks(msgspec.Struct, frozen=True):
    """One number a block in each column; -1 is no bytes, and 0 in `tensor` is no name.

    `kind` counts in the document's `kinds`, `origin` in `origins`, `tensor` in `tensors`, `shape`
    in `shapes`. `per_sample` is how many bytes one more sample in the batch adds.
    """

    count: int
    bytes: Column
    address: Column
    birth: Column
    death: Column
    kind: Column
    origin: Column
    tensor: Column
    shape: Column
    per_sample: Column | None = None


class Steps(msgspec.Struct, frozen=True):
    """What ran when, by rising time: its origin, and when it began in nanoseconds, if measured."""

    count: int
    time: Column
    origin: Column
    ns: Column | None = None


class Mark(msgspec.Struct, frozen=True):
    """A named moment, such as "forward"; equal names in two documents are the same moment."""

    time: int
    name: str


class Holder(msgspec.Struct, frozen=True):
    """Blocks of one module and kind that were held together."""

    module: str
    kind: BlockKind
    bytes: int
    blocks: int


class Peak(msgspec.Struct, frozen=True):
    """The most bytes held at once, when that was first, and by whom, the largest first."""

    bytes: int
    time: int
    holders: list[Holder]


class MemoryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Who held which bytes of one device, from when to when, in one run or plan."""

    version: Literal[1] = 1
    name: str
    kind: DocumentKind
    device: str
    unit: TimeUnit
    start: int
    stop: int
    # The bytes that the device may hold, the budget that was planned for, the batch that was run.
    capacity: int | None = None
    budget: int | None = None
    batch: int | None = None
    # How long it took, and whether that was measured or is a model's word.
    ms: float | None = None
    measured: bool = True
    peak: Peak
    kinds: list[BlockKind]
    origins: list[Origin]
    tensors: list[str]
    shapes: list[str]
    blocks: Blocks
    steps: Steps | None = None
    marks: list[Mark] = []


class BudgetPoint(msgspec.Struct, frozen=True):
    """The time and the peak of one run under a budget, or a model's word on them."""

    budget: int
    peak: int
    ms: float
    measured: bool


class BudgetCurve(msgspec.Struct, frozen=True, kw_only=True):
    """How speed is paid for memory; `chosen` is the budget in force, None for no budget."""

    version: Literal[1] = 1
    points: list[BudgetPoint]
    chosen: int | None = None


class LiveHolder(msgspec.Struct, frozen=True):
    """Blocks that a running kernel holds now, of one tensor or of one origin and shape."""

    tensor: str
    shape: str
    kind: BlockKind
    origin: int
    bytes: int
    blocks: int


class LiveMemory(msgspec.Struct, frozen=True, kw_only=True):
    """What a running kernel's tensors hold at this moment, in bytes, the largest first."""

    version: Literal[1] = 1
    device: str
    used: int
    peak: int
    reserved: int
    capacity: int
    origins: list[Origin]
    holders: list[LiveHolder]
