"""Loading in worker processes: the iterator of a `DataLoader` with workers."""

import contextlib
import dataclasses
import pickle
import time
from collections.abc import Iterator
from typing import Any

from . import messages as m
from .deadline import TimedCalls, timed_out
from .exceptions import LoaderTimeoutError, WorkerDiedError, from_worker
from .fetch import take
from .pool import WorkerPool
from .slots import Slot
from .worker_process import WorkerHandle

PREFETCH = 2  # batches that each worker has to do at any time


@dataclasses.dataclass
class Pending:
    """A batch that was given to a worker, and its answer once there is one."""

    worker: WorkerHandle
    indices: list[Any] | None
    answer: Any = None
    slot: Slot | None = None


class ParallelIterator:
    """Batches in the sampler's order, whichever worker is first.

    Tasks of a map data set go to the worker with the fewest; each worker takes its turn with a
    stream, so that the order does not depend on their speed.
    """

    def __init__(self, loader: Any, stream: bool) -> None:
        self._loader = loader
        self._timeout = float(loader.timeout)
        self._own_stream = stream and loader.parallel_stream  # the workers iterate themselves
        self._items: Iterator[Any] | None = None
        if stream and not self._own_stream:
            self._items = iter(loader.dataset)
        self._batches = iter(loader.sampler) if not stream else None
        self._timed = TimedCalls()
        self._pending: dict[int, Pending] = {}
        self._sent = 0
        self._next = 0
        self._pool: WorkerPool | None = None
        payload = loader._payload(with_dataset=self._items is None)
        self._pool = loader._take_pool(payload)
        try:
            self._epoch = self._pool.begin(payload, loader._next_seed(), self._own_stream)
        except WorkerDiedError:
            self._pool.close()
            raise
        self._active = list(self._pool.workers)
        for _ in range(PREFETCH * loader.num_workers):
            self._dispatch()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        if self._pool is None:
            raise StopIteration
        try:
            return self._following()
        except (WorkerDiedError, LoaderTimeoutError, KeyboardInterrupt):
            self._discard()
            raise
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the workers back to the loader; batches that were not taken are dropped."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        self._timed.close()
        for pending in self._pending.values():
            if pending.slot is not None:
                pending.worker.free.append(pending.slot)
        self._pending.clear()
        pool.abandon()
        self._loader._return_pool(pool)

    def _discard(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            self._timed.close()
            self._pending.clear()
            pool.close()

    def __del__(self) -> None:
        # At interpreter exit parts of the loader may be gone; the pool ends its workers itself.
        with contextlib.suppress(Exception):
            self.close()

    def _following(self) -> Any:
        self._receive(0.0)
        while self._next in self._pending:
            pending = self._wait_for(self._next)
            del self._pending[self._next]
            self._next += 1
            if isinstance(pending.answer, m.End):
                if pending.worker in self._active:
                    self._active.remove(pending.worker)
                self._dispatch()
                continue
            self._dispatch()
            return self._open(pending)
        raise StopIteration

    def _wait_for(self, index: int) -> Pending:
        pending = self._pending[index]
        deadline = time.monotonic() + self._timeout if self._timeout else None
        while pending.answer is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                worker = pending.worker
                what = f"batch {index} from worker {worker.number} (pid {worker.pid})"
                raise timed_out(self._timeout, what + _of(pending.indices))
            self._receive(left)
        return pending

    def _receive(self, seconds: float | None) -> None:
        assert self._pool is not None
        for worker, answer, slot in self._pool.receive(seconds):
            if answer is None:
                raise self._pool.died(worker, self._work_of(worker))
            pending = self._pending[answer.index]
            pending.answer, pending.slot = answer, slot

    def _work_of(self, worker: WorkerHandle) -> str:
        tasks = [
            f"batch {index}{_of(pending.indices)}"
            for index, pending in sorted(self._pending.items())
            if pending.worker is worker and pending.answer is None
        ]
        return f"it was to make {'; '.join(tasks)}" if tasks else "it had nothing to do"

    def _open(self, pending: Pending) -> Any:
        assert self._pool is not None
        answer = pending.answer
        if isinstance(answer, m.Failed):
            original = None
            if answer.original is not None:
                with contextlib.suppress(Exception):
                    original = pickle.loads(answer.original)
            worker = pending.worker
            raise from_worker(
                original,
                f"Caught {answer.name} in DataLoader worker process {worker.number} "
                f"(pid {worker.pid}), batch {answer.index}{_of(pending.indices)}\n{answer.text}",
            )
        if pending.slot is None:
            return pickle.loads(answer.data)
        buffers = self._pool.lender.lend(pending.slot, answer.spans, pending.worker.free)
        return pickle.loads(answer.data, buffers=buffers)

    def _dispatch(self) -> None:
        """Give out the next batch, unless there are no more."""
        assert self._pool is not None
        index = self._sent
        indices: list[Any] | None = None
        items: list[Any] | None = None
        if self._batches is not None:
            indices = next(self._batches, None)
            if indices is None:
                return
        elif self._items is not None:
            items = self._pull(index)
            if not items:
                return
        if not self._active:
            return
        if self._own_stream:
            worker = self._active[0]
            self._active.append(self._active.pop(0))
        else:
            worker = min(self._active, key=lambda w: len(w.outstanding))
        self._pending[index] = Pending(worker, indices)
        self._sent += 1
        count = self._loader.sampler.batch_size if self._own_stream else 0
        self._pool.submit(worker, index, indices, items, count)

    def _pull(self, index: int) -> list[Any]:
        assert self._items is not None
        items, size = self._items, self._loader.sampler.batch_size
        if not self._timeout:
            return take(items, size)
        what = f"samples of batch {index} from the stream, read in this process"
        return self._timed.run(lambda: take(items, size), self._timeout, what)


def _of(indices: list[Any] | None) -> str:
    if indices is None:
        return ""
    shown = ", ".join(map(str, indices[:16])) + (", ..." if len(indices) > 16 else "")
    return f" of samples [{shown}]"
