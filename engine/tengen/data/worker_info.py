"""Which worker process this is, for data sets that give every worker its own share."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker's number `idx`, the number of workers `worker`, and the worker's own seed."""

    idx: int
    worker: int
    seed: int


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a loader, what it is; elsewhere None."""
    return _info


def set_worker_info(info: WorkerInfo) -> None:
    """Say which worker this process is; the worker calls it as an epoch begins."""
    global _info
    _info = info
