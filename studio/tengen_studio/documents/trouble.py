"""The trouble documents: a call that memory was too small for, and a kernel that died.

A notebook keeps them as outputs and draws both as cards.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from tengen_studio.documents.memory import LiveHolder, Origin
from tengen_studio.documents.source import Source

Cause = Literal["memory", "signal", "exit"]
LimitKind = Literal["control group", "address space", "machine"]
WayKind = Literal["batch", "static", "recompute", "free"]


class MemoryTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """A request for memory that did not fit, and who held what was there; sizes in bytes.

    `number` is what the kernel calls it when it is asked for ways out; `where` leads from the
    user's outermost line to the one that asked.
    """

    version: Literal[1] = 1
    kind: Literal["memory"] = "memory"
    number: int
    device: str
    asked: int
    used: int
    capacity: int
    where: list[Source]
    origins: list[Origin]
    holders: list[LiveHolder]


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to make a call fit, with what is predicted of it.

    `bytes` is the most that would be held, None where nothing could be told; `seconds` what one
    call takes more (or, below 0, less) by a model of the machine. `batch` is the size that fits,
    `name` what can be let go of. `code` makes it so; `above` says that it belongs before the
    failing cell. `reason` says why there is no figure.
    """

    kind: WayKind
    fits: bool
    bytes: int | None = None
    seconds: float | None = None
    batch: int | None = None
    name: str = ""
    code: str = ""
    above: bool = False
    reason: str = ""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What would fit where a call did not; `others` is what the notebook holds besides it.

    `target` is the function or module that was called, `batch` its size then, `bytes` the most
    that it would hold as it is.
    """

    version: Literal[1] = 1
    number: int
    target: str
    batch: int | None
    bytes: int | None
    others: int
    capacity: int
    ways: list[Way]
    reason: str = ""


class KernelDeath(msgspec.Struct, frozen=True, kw_only=True):
    """How a kernel ended without being asked to, as far as the system can tell; sizes in bytes.

    `signal` is its name, `status` the exit status where there was none. `certain` is false where
    the cause is a conclusion from the sizes. `cell` is the id of the cell that was running, None
    where none was; `stack` its lines, the outermost first, `exact` if they are those of the
    crash, else those of `age` seconds before. `held` of `capacity` is what tensors had.
    """

    version: Literal[1] = 1
    kind: Literal["kernel"] = "kernel"
    id: str
    time: str
    cause: Cause
    certain: bool = True
    signal: str | None = None
    status: int | None = None
    peak: int | None = None
    limit: int | None = None
    limit_kind: LimitKind | None = None
    held: int | None = None
    capacity: int | None = None
    cell: str | None = None
    ran: float | None = None
    stack: list[Source] = []
    exact: bool = False
    age: float | None = None


class DeathPage(msgspec.Struct, frozen=True):
    """How a kernel died, each time that it did, the newest first."""

    items: list[KernelDeath]
    next: str | None = None
