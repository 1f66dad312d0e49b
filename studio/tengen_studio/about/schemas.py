"""What the about route gives."""

from __future__ import annotations

from msgspec import Struct


class Kernels(Struct, frozen=True):
    """The installed version of each kernel library, or null where it is absent."""

    onednn: str | None
    numba: str | None
    cupy: str | None


class Machine(Struct, frozen=True):
    """What the server's machine has: counts, names and bytes.

    `cpus` and `memory_bytes` respect the container's limits; `memory_bytes` is null where the
    system does not tell.
    """

    cpus: int
    gpus: list[str]
    memory_bytes: int | None
    disk_free_bytes: int
    disk_total_bytes: int


class About(Struct, frozen=True):
    """Versions and figures for the home tab and the About dialog."""

    version: str
    python: str
    jupyterlab: str
    kernels: Kernels
    machine: Machine
