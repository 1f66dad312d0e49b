"""The worker processes of a loader: starting, feeding, watching and ending them.

Each has a connection of its own and they share no lock, so a killed one cannot hold up the others.
"""

import contextlib
import os
import time
import weakref
from multiprocessing.connection import wait
from typing import Any

from . import messages as m
from .exceptions import WorkerDiedError
from .payload import Payload
from .segment import Segment
from .slots import Lender, Slot
from .worker_process import STOP_SECONDS, WorkerHandle

START_SECONDS = 120.0


class WorkerPool:
    """`count` worker processes and what they were last sent."""

    def __init__(self, count: int) -> None:
        self.workers: list[WorkerHandle] = []
        self._finalizer = weakref.finalize(self, _shut_down, self.workers, os.getpid())
        for number in range(count):
            self.workers.append(WorkerHandle(number))
        self.epoch = 0
        self._payload: Payload | None = None
        self._numbers = 0
        self._slot_size = 0
        self.lender = Lender(2 * count + 4)

    @property
    def healthy(self) -> bool:
        """Whether every process is alive."""
        return self._finalizer.alive and all(w.process.is_alive() for w in self.workers)

    def close(self) -> None:
        """End the processes; batches handed out stay valid."""
        self._finalizer()

    def begin(self, payload: Payload, seed: int, stream: bool) -> int:
        """Start an epoch with `payload`, sent only if it has changed; the epoch's number."""
        self._wait_until_ready()
        if self._payload is None or not payload.same_as(self._payload):
            segment = payload.place()
            for worker in self.workers:
                self._send(worker, m.NewPayload(payload.data, payload.spans), segment)
            segment.close_handle()
            self._payload = payload
        self.epoch += 1
        for worker in self.workers:
            self._send(worker, m.Begin(self.epoch, seed, stream, len(self.workers)))
        return self.epoch

    def abandon(self) -> None:
        """Let the workers drop what they still have to do for this epoch."""
        for worker in self.workers:
            self._send(worker, m.Abandon(self.epoch))
        self.epoch += 1

    def submit(
        self,
        worker: WorkerHandle,
        index: int,
        indices: list[Any] | None = None,
        items: list[Any] | None = None,
        count: int = 0,
    ) -> None:
        """Give `worker` the task of making batch `index`."""
        slot = worker.free.popleft() if worker.free else None
        if slot is None and self._slot_size:
            slot = self._new_slot(worker, None, self._slot_size, m.UNASKED)
        worker.outstanding[self.epoch, index] = slot
        number = None if slot is None else slot.number
        self._send(worker, m.Task(self.epoch, index, indices, items, count, number))

    def receive(self, seconds: float | None) -> list[tuple[WorkerHandle, Any, Slot | None]]:
        """Answers of this epoch that have come, after at most `seconds` without any.

        Each comes with its worker and its segment; a worker that is gone comes with None, after
        all that it still said.
        """
        by_source: dict[Any, WorkerHandle] = {w.connection: w for w in self.workers}
        by_source |= {w.process.sentinel: w for w in self.workers}
        answers: list[tuple[WorkerHandle, Any, Slot | None]] = []
        for source in wait(list(by_source), seconds):
            worker = by_source[source]
            gone = source is not worker.connection
            try:
                while worker.connection.poll():
                    answer = self._take(worker, worker.connection.recv())
                    if answer is not None:
                        answers.append(answer)
            except (EOFError, OSError):
                gone = True
            if gone:
                answers.append((worker, None, None))
        return answers

    def died(self, worker: WorkerHandle, tasks: str) -> WorkerDiedError:
        """The exception for a worker that is gone, which was busy with `tasks`."""
        return WorkerDiedError(
            f"[DataLoader] DataLoader worker {worker.number} (pid {worker.pid}) exited "
            f"unexpectedly: it {worker.ending()}; {tasks}"
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for worker in self.workers:
            while not worker.ready:
                if not worker.connection.poll(max(0.0, deadline - time.monotonic())):
                    raise WorkerDiedError(
                        f"[DataLoader] DataLoader worker {worker.number} (pid {worker.pid}) did "
                        f"not start within {START_SECONDS:.0f} s"
                    )
                try:
                    worker.ready = isinstance(worker.connection.recv(), m.Ready)
                except (EOFError, OSError):
                    raise self.died(worker, "it was still starting") from None

    def _take(self, worker: WorkerHandle, message: Any) -> Any:
        key = (message.epoch, message.index)
        if isinstance(message, m.Grow):
            if message.epoch == self.epoch:
                self._grow(worker, message)
            return None
        slot = worker.outstanding.pop(key, None)
        if message.epoch != self.epoch or isinstance(message, m.Skipped):
            if slot is not None:
                worker.free.append(slot)
            return None
        if slot is not None and getattr(message, "spans", None) is None:
            worker.free.append(slot)
            slot = None
        return worker, message, slot

    def _grow(self, worker: WorkerHandle, message: m.Grow) -> None:
        self._slot_size = max(self._slot_size, -(-message.size * 5 // 4 // 65536) * 65536)
        old = worker.outstanding[message.epoch, message.index]
        slot = self._new_slot(worker, old, self._slot_size, message.index)
        worker.outstanding[message.epoch, message.index] = slot

    def _new_slot(self, worker: WorkerHandle, old: Slot | None, size: int, index: int) -> Slot:
        self._numbers += 1
        slot = Slot(self._numbers, Segment.create(size))
        replaces = None if old is None else old.number
        message = m.NewSlot(slot.number, replaces, self.epoch, index)
        self._send(worker, message, slot.segment)
        slot.segment.close_handle()
        return slot

    def _send(self, worker: WorkerHandle, message: Any, segment: Segment | None = None) -> None:
        # A worker that is gone is reported by `receive`, with the samples it had.
        with contextlib.suppress(OSError):
            worker.connection.send(message)
            if segment is not None:
                segment.send(worker.connection, worker.pid)


def _shut_down(workers: list[WorkerHandle], owner: int) -> None:
    if os.getpid() != owner:  # a fork of the loader's process has no say over its workers
        return
    for worker in workers:
        with contextlib.suppress(OSError):
            worker.connection.send(m.Stop())
    _join(workers, STOP_SECONDS)
    for worker in workers:
        if worker.process.is_alive():
            worker.process.terminate()
    _join(workers, STOP_SECONDS)
    for worker in workers:
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.connection.close()
        worker.process.close()
    workers.clear()


def _join(workers: list[WorkerHandle], seconds: float) -> None:
    """Wait for the processes to end, reading what they are still busy sending."""
    deadline = time.monotonic() + seconds
    for worker in workers:
        while worker.process.is_alive() and time.monotonic() < deadline:
            sources: list[Any] = [worker.process.sentinel, worker.connection]
            try:
                if worker.connection in wait(sources, max(0.0, deadline - time.monotonic())):
                    worker.connection.recv_bytes()
            except (EOFError, OSError):
                worker.process.join(max(0.0, deadline - time.monotonic()))
