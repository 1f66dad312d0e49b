"""The worker process of a loader: takes tasks from a connection, answers with batches.

A thread of its own reads the connection, so that the loader's sends never wait for a batch; it
ends the process when the loader is gone.
"""

import os
import pickle
import queue
import random
import signal
import threading
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle
import numpy as np

from .. import compat
from ..base.errors import StateError
from . import messages as m
from .buffers import lay_out, slices, write
from .fetch import fetch, finish, take
from .opencv import use_one_thread
from .randomness import batch_scope
from .segment import Segment
from .worker_info import WorkerInfo, set_worker_info

SMALL = 16 * 1024  # bytes below which a batch travels in the message itself


def main(connection: Connection, worker: int, megengine: bool) -> None:
    """The life of worker number `worker`; with `megengine` that name is answered here too."""
    # Ctrl-C reaches the whole group; the loader decides when its workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use_one_thread()
    if megengine:
        compat.install()
    Worker(connection, worker).run()


class Worker:
    """State of a worker process: the payload, the segments, and the epoch in progress."""

    def __init__(self, connection: Connection, worker: int) -> None:
        self._connection = connection
        self._worker = worker
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._epoch = -1  # the one wanted; set by the reading thread
        self._slots: dict[int, Segment] = {}
        self._granted: dict[tuple[int, int], int] = {}
        self._payload: tuple[m.NewPayload, Segment] | None = None
        self._parts: tuple[Any, Any, Any] | None = None
        self._stream: Iterator[Any] | None = None
        self._seed = 0

    def run(self) -> None:
        """Serve tasks until told to stop."""
        threading.Thread(target=self._read, daemon=True).start()
        self._connection.send(m.Ready())
        while True:
            message = self._inbox.get()
            if isinstance(message, m.Stop):
                return
            if isinstance(message, m.Task):
                self._serve(message)
            elif isinstance(message, m.Begin):
                self._begin(message)
            else:
                self._payload, self._parts = message, None

    def _read(self) -> None:
        try:
            while True:
                message = self._connection.recv()
                if isinstance(message, m.NewPayload):
                    segment = Segment.receive(self._connection)
                    self._inbox.put((message, segment))
                elif isinstance(message, m.NewSlot):
                    self._add_slot(message)
                elif isinstance(message, m.Abandon):
                    self._want(-1 if message.epoch == self._epoch else self._epoch)
                else:
                    if isinstance(message, m.Begin):
                        self._want(message.epoch)
                    elif isinstance(message, m.Stop):
                        self._want(-1)
                    self._inbox.put(message)
        except (EOFError, OSError):
            os._exit(0)

    def _want(self, epoch: int) -> None:
        with self._changed:
            self._epoch = epoch
            self._changed.notify_all()

    def _add_slot(self, message: m.NewSlot) -> None:
        segment = Segment.receive(self._connection)
        segment.close_handle()
        with self._changed:
            if message.replaces is not None:
                self._slots.pop(message.replaces, None)
            self._slots[message.slot] = segment
            if message.index != m.UNASKED:
                self._granted[message.epoch, message.index] = message.slot
            self._changed.notify_all()

    def _begin(self, message: m.Begin) -> None:
        self._seed = message.seed
        own = int(np.random.SeedSequence((message.seed, self._worker)).generate_state(1)[0])
        set_worker_info(WorkerInfo(idx=self._worker, worker=message.workers, seed=own))
        np.random.seed(own)
        random.seed(own)
        # A stream starts over in each epoch, from the state that the loader's copy is in.
        self._stream = None
        if message.stream:
            self._parts = None
        self._granted.clear()

    def _serve(self, task: m.Task) -> None:
        if task.epoch != self._epoch:
            self._connection.send(m.Skipped(task.epoch, task.index))
            return
        try:
            answer = self._answer(task)
        except Exception as error:
            answer = _failure(task, error)
        self._connection.send(answer)

    def _answer(self, task: m.Task) -> Any:
        dataset, transform, collator = self._open_payload()
        with batch_scope(self._seed, task.index, restore=False):
            if task.indices is not None:
                batch = fetch(dataset, task.indices, transform, collator)
            else:
                items = task.items
                if items is None:
                    if self._stream is None:
                        self._stream = iter(dataset)
                    items = take(self._stream, task.count)
                if not items:
                    return m.End(task.epoch, task.index)
                batch = finish(items, transform, collator)
        return self._pack(task, batch)

    def _open_payload(self) -> tuple[Any, Any, Any]:
        if self._parts is None:
            assert self._payload is not None
            message, segment = self._payload
            views = slices(message.spans, segment.private())
            try:
                self._parts = pickle.loads(message.data, buffers=views)
            except Exception as error:
                raise StateError(
                    f"[DataLoader] the data set could not be rebuilt in the worker process: "
                    f"{error}; its modules must be importable there, and its "
                    f"objects survive pickling"
                ) from error
        return self._parts

    def _pack(self, task: m.Task, batch: Any) -> Any:
        buffers: list[pickle.PickleBuffer] = []
        data = _dumps(batch, buffers)
        spans, size = lay_out(buffers)
        if size < SMALL:
            return m.Done(task.epoch, task.index, _dumps(batch, None), None)
        segment = self._room(task, size)
        if segment is None:
            return m.Skipped(task.epoch, task.index)
        write(buffers, spans, segment.map)
        return m.Done(task.epoch, task.index, data, spans)

    def _room(self, task: m.Task, size: int) -> Segment | None:
        """A segment with room for `size` bytes; None when the epoch was abandoned meanwhile."""
        segment = None if task.slot is None else self._slots[task.slot]
        if segment is not None and segment.size >= size:
            return segment
        self._connection.send(m.Grow(task.epoch, task.index, size))
        key = (task.epoch, task.index)
        with self._changed:
            self._changed.wait_for(lambda: key in self._granted or self._epoch != task.epoch)
            slot = self._granted.pop(key, None)
            return None if slot is None else self._slots[slot]


def _dumps(value: Any, buffers: list[pickle.PickleBuffer] | None) -> bytes:
    callback = None if buffers is None else buffers.append
    try:
        return pickle.dumps(value, protocol=5, buffer_callback=callback)
    except (pickle.PicklingError, AttributeError, TypeError):
        # Samples of classes that came by value, from a notebook, have to go back by value.
        if buffers is not None:
            buffers.clear()
        return cloudpickle.dumps(value, protocol=5, buffer_callback=callback)


def _failure(task: m.Task, error: Exception) -> m.Failed:
    text = "".join(traceback.format_exception(error))
    try:
        original = cloudpickle.dumps(error)
        pickle.loads(original)
    except Exception:
        original = None
    return m.Failed(task.epoch, task.index, type(error).__name__, text, original)
