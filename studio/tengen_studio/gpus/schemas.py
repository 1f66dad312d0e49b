"""What the routes about GPUs give."""

from __future__ import annotations

from msgspec import Struct


class GpuHolder(Struct, frozen=True, kw_only=True):
    """A process that uses a GPU: memory in bytes, utilisation in percent, null where unknown.

    `kernel` is the id of this server's kernel that the process is or belongs to; null for any
    other, whose number alone is known.
    """

    pid: int
    kernel: str | None
    bytes: int | None
    percent: int | None


class Gpu(Struct, frozen=True, kw_only=True):
    """One GPU as its driver sees it; what the driver does not tell is null."""

    name: str
    used: int | None
    total: int | None
    percent: int | None
    holders: list[GpuHolder]


class GpuPage(Struct, frozen=True):
    """The machine's GPUs; `reason` says why there is none."""

    items: list[Gpu]
    reason: str
    next: str | None = None


class ParkedMemory(Struct, frozen=True):
    """The bytes that a kernel has moved from its GPUs to the machine's memory."""

    bytes: int
