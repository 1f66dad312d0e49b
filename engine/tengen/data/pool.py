"""The worker processes of a loader: starting, feeding, watching and ending them.

Processes are spawned, never forked: kernels that use OpenMP hang in a forked child. Each has a
connection of its own and shares no lock, so a killed one cannot hold up the others.
"""

import collections
import contextlib
import dataclasses
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
import weakref
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any

import numpy as np

from . import messages as m
from .buffers import slices
from .exceptions import WorkerDiedError
from .payload import Payload
from .segment import Segment
from .worker import main

START_SECONDS = 120.0
STOP_SECONDS = 1.0
_spawning = threading.Lock()


@dataclasses.dataclass
class Slot:
    """A segment that one worker writes batches to, one at a time."""

    number: int
    segment: Segment


class WorkerHandle:
    """One worker process as the loader sees it."""

    def __init__(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.connection, other = context.Pipe(duplex=True)
        self.process = context.Process(
            target=main,
            args=(other, number, _answers_megengine()),
            daemon=True,
            name=f"tengen-data-{number}",
        )
        with _spawn_environment():
            self.process.start()
        other.close()
        self.ready = False
        self.outstanding: dict[tuple[int, int], Slot | None] = {}
        self.free: collections.deque[Slot] = collections.deque()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process.pid is not None
        return self.process.pid

    def ending(self) -> str:
        """How the process ended, in words."""
        self.process.join(STOP_SECONDS)
        code = self.process.exitcode
        if code is None:
            return "closed its connection"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = ""
        if name == "SIGKILL":
            hint = " (often the system's answer to too little memory)"
        return f"was ended by {name}, exit code {code}{hint}"


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
        self._leases: dict[int, weakref.ref[np.ndarray]] = {}
        self._max_leases = 2 * count + 4

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

    def lend(self, worker: WorkerHandle, slot: Slot, spans: Any) -> list[Any]:
        """Buffers at `spans` of `slot`, which is used again when the last of them is dropped.

        When many are lent already, copies, so that a program that keeps all its batches does not
        run out of file descriptors.
        """
        if len(self._leases) >= self._max_leases:
            copies = [bytearray(view) for view in slices(spans, slot.segment.map)]
            worker.free.append(slot)
            return copies
        lease = np.frombuffer(slot.segment.map, np.uint8)
        leases, free = self._leases, worker.free

        def give_back(_: Any) -> None:
            leases.pop(slot.number, None)
            free.append(slot)

        leases[slot.number] = weakref.ref(lease, give_back)
        return list(slices(spans, lease))

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


@contextlib.contextmanager
def _spawn_environment() -> Iterator[None]:
    """What a starting worker inherits: one thread for BLAS and OpenMP, and no main module.

    Left to itself the child would run the user's script again. SIGINT is ignored from its first
    instruction, where this is the main thread, so that Ctrl-C prints no traceback of a worker.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    with _spawning:
        before = {name: os.environ.get(name) for name in names}
        program = sys.modules["__main__"]
        in_main_thread = threading.current_thread() is threading.main_thread()
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main_thread else None
        sys.modules["__main__"] = types.ModuleType("__main__")
        os.environ.update(dict.fromkeys(names, "1"))
        try:
            yield
        finally:
            sys.modules["__main__"] = program
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            if in_main_thread:
                signal.signal(signal.SIGINT, handler)


def _answers_megengine() -> bool:
    """Whether this program runs with `tengen.compat`, which its code in workers needs too."""
    answer = sys.modules.get("megengine")
    return answer is not None and answer is sys.modules.get("tengen")


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
