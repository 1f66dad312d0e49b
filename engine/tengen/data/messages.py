"""What a loader and its worker processes say to each other."""

import dataclasses
from typing import Any

from .buffers import Span

UNASKED = -1  # the index in a `NewSlot` that answers no `Grow`


@dataclasses.dataclass(frozen=True, slots=True)
class NewPayload:
    """To the worker: use this data set, transform and collator; a segment follows."""

    data: bytes
    spans: list[Span]


@dataclasses.dataclass(frozen=True, slots=True)
class Begin:
    """To the worker: an epoch begins; tasks of earlier ones are void.

    With `stream` the worker iterates over the data set itself, as `workers` in all do.
    """

    epoch: int
    seed: int
    stream: bool
    workers: int


@dataclasses.dataclass(frozen=True, slots=True)
class Abandon:
    """To the worker: nobody waits for this epoch any longer."""

    epoch: int


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """To the worker: make batch `index`.

    `indices` are looked up in the data set, or else `items` are the samples, or else `count`
    samples are taken from the worker's own iterator. `slot` names the segment to put it in.
    """

    epoch: int
    index: int
    indices: list[Any] | None
    items: list[Any] | None
    count: int
    slot: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class NewSlot:
    """To the worker: a segment for batches, which follows; `replaces` is given up."""

    slot: int
    replaces: int | None
    epoch: int
    index: int


@dataclasses.dataclass(frozen=True, slots=True)
class Stop:
    """To the worker: end."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: it has started."""


@dataclasses.dataclass(frozen=True, slots=True)
class Grow:
    """From the worker: batch `index` needs `size` bytes; it waits for a `NewSlot`."""

    epoch: int
    index: int
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """From the worker: batch `index`, its arrays in the task's segment if there are `spans`."""

    epoch: int
    index: int
    data: bytes
    spans: list[Span] | None


@dataclasses.dataclass(frozen=True, slots=True)
class End:
    """From the worker: its stream has no more samples."""

    epoch: int
    index: int


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """From the worker: the task was void."""

    epoch: int
    index: int


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: user code raised; `original` is the pickled exception where it has one."""

    epoch: int
    index: int
    name: str
    text: str
    original: bytes | None
