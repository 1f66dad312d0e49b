"""Session: one run of a function whose calls are checked against the records of earlier runs.

Python runs as always; operator calls give LazyBuffers and are only compared with the record.
Where Python looks at a value, and at the end, what was recorded since the last such cut runs as
one compiled program. A call that no record has grows the tree. So the result is that of the
eager program whatever Python does in between.
"""

import weakref
from collections.abc import Callable
from sys import getrefcount
from typing import Any

from ..graph.state import state
from ..graph.value import wrap
from ..runtime.buffer import CONSTANT, Buffer, Tag, make_tag
from ..runtime.eager import recorded, run_buffers
from ..runtime.lazy import LazyBuffer, settled
from ..runtime.signature import Signature, signature_of
from .record import NONE, External, Record, Tree

LONGEST = 50_000
"""Calls recorded before they run in any case."""

MOST_WAYS = 32
"""Ways on from one call that are recorded. What goes another way every time, such as a slice at a
place that Python counts up, then runs at once, outside the graphs."""

Execute = Callable[["Session", list[LazyBuffer]], None]


class Session:
    """The thread's mode while a function is being replayed or recorded.

    `execute(session, wanted)` runs `session.pending` and fills the wanted buffers.
    """

    def __init__(self, tree: Tree, execute: Execute):
        self.tree = tree
        self.execute = execute
        self.at: Record = tree.root
        self.start: Record = tree.root
        self.pending: list[Record] = []
        self.alive: list[tuple[Any, ...]] = []
        self.values: dict[int, Buffer] = {}
        self.numbers: dict[int, int] = {}
        self.rebound: dict[int, Any] = {}
        self.sources: dict[int, Any] = {}
        self.cuts = 0
        self.loose = False

    def emit(self, op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        """An operator call on values."""
        buffers = tuple([None if x is None else x._buffer for x in inputs])
        known = len(self.numbers)
        made = self.call(op, attrs, buffers, None)
        if len(self.numbers) > known:
            for x in inputs:
                if x is not None:
                    number = self.numbers.get(id(x._buffer))
                    if number is not None:
                        self.sources.setdefault(number, weakref.ref(x))
        if state.recorders:
            epoch = state.epoch
            for x in inputs:
                if x is not None and x._var is not None and x._var.epoch == epoch:
                    signature, tag = self.at.signature, self.at.tag
                    if self.at.any or self.loose:
                        signature = _signature(op, attrs, buffers)
                        tag = make_tag(op.name, 1 << 30)
                    return recorded(signature, inputs, buffers, made, epoch, tag)
        if op.single:
            return wrap(made, None)
        return tuple([wrap(m, None) for m in made])

    def call(self, op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...], tag: Any) -> Any:
        """An operator call on buffers: find or make its record, and give lazy results."""
        if self.loose:
            return self._apart(op, attrs, buffers, tag)
        at = self.at
        first = free = at.after
        ins = []
        fresh: list[External] = []
        for buffer in buffers:
            if buffer is None:
                ins.append(NONE)
                continue
            if type(buffer) is LazyBuffer and buffer.session is self:
                number = buffer.slot
                if buffer.computed:
                    self.values[number] = buffer
            else:
                found = self.numbers.get(id(buffer))
                if found is None:
                    found = self.numbers[id(buffer)] = free
                    free += 1
                    self.values[found] = buffer
                    constant = buffer if buffer.tag is CONSTANT else None
                    fresh.append(External(buffer.type.logical, constant))
                number = found
            ins.append(number)
        operands = tuple(ins)
        record = self.tree.find(at, op, attrs, operands, fresh)
        if record is None:
            many = len(at.nexts) >= MOST_WAYS
            if many and any(r.any for r in at.nexts):
                self.loose = True
                return self._apart(op, attrs, buffers, tag)
            if tag is None:
                tag = make_tag(op.name, 1 << 30)
            signature = _signature(op, attrs, buffers)
            record = Record(at, signature, operands, fresh, first, tag, any=many)
            self.tree.add(record)
        self.at = record
        if record.any:
            return self._apart(op, attrs, buffers, tag)
        if record.island:
            return self._island(record, buffers)
        out = record.first + len(record.externals)
        outs = [LazyBuffer(t, self, out + i) for i, t in enumerate(record.signature.out_types)]
        self.pending.append(record)
        self.alive.append(tuple([weakref.ref(o) for o in outs]))
        if len(self.pending) >= LONGEST:
            self.flush()
        return outs[0] if op.single else tuple(outs)

    def _island(self, record: Record, buffers: tuple[Any, ...]) -> Any:
        """A call whose output shapes depend on data runs at once; its results come from outside."""
        return self._at_once(record.op, record.attrs, buffers, record.tag)

    def _apart(self, op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...], tag: Any) -> Any:
        """A call that has gone too many ways does so too."""
        return self._at_once(op, attrs, buffers, tag or make_tag(op.name, 1 << 30))

    def _at_once(self, op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...], tag: Any) -> Any:
        self.flush()
        state.mode = None
        try:
            return run_buffers(op, attrs, buffers, tag)
        finally:
            state.mode = self

    def need(self, buffer: LazyBuffer) -> None:
        """Python looks at a value: run what was recorded."""
        self.cuts += 1
        self.flush()
        if not buffer.computed:
            raise RuntimeError("[jit] a value of a call that was given up is needed")

    def flush(self) -> None:
        """Run the pending calls as one program and fill the values that somebody still holds."""
        if not self.pending:
            self.start = self.at
            return
        wanted = [o for refs in self.alive for o in (ref() for ref in refs) if o is not None]
        state.mode = None
        try:
            self.execute(self, wanted)
        finally:
            state.mode = self
            self.pending = []
            self.alive = []
            self.start = self.at
            del wanted
            self._forget()

    def _forget(self) -> None:
        """Let go of outside values that only this session still holds."""
        values = self.values
        for number in [n for n in values if getrefcount(values[n]) <= ALONE]:
            self.drop(number)
            self.sources.pop(number, None)
        self._leave_segment()

    def drop(self, number: int) -> None:
        """Let go of an outside value; it is another one if it comes again."""
        self.numbers.pop(id(self.values.pop(number)), None)

    def _leave_segment(self) -> None:
        """Let go of earlier results; calls to come bring them along again."""
        values = self.values
        for number in [n for n, b in values.items() if type(b) is LazyBuffer and b.session is self]:
            del values[number]

    def give_up(self) -> None:
        """The call failed: compute what somebody still holds, as the eager calls would have."""
        try:
            self.flush()
        except Exception:
            self.pending, self.alive = [], []

    def alone(self, number: int) -> bool:
        """True when nobody but this session holds an outside value and its memory."""
        values = self.values
        return getrefcount(values[number]) <= ALONE and values[number].owner is None

    def reading(self, tensor: Any) -> None:
        """Python reads a tensor's data."""

    def rebinding(self, tensor: Any) -> None:
        """A handle is about to take another value."""
        ref = self.rebound[id(tensor)] = weakref.ref(tensor)
        number = self.numbers.get(id(tensor._buffer))
        if number is not None:
            self.sources[number] = ref

    def close(self) -> None:
        """Forget the run. Handles that took a value of it hold the computed buffer itself."""
        for ref in self.rebound.values():
            tensor = ref()
            if tensor is not None:
                settle(tensor)
                if tensor.grad is not None:
                    settle(tensor.grad)
        self.values.clear()
        self.numbers.clear()
        self.rebound.clear()
        self.sources.clear()


def _signature(op: Any, attrs: tuple[Any, ...], buffers: tuple[Any, ...]) -> Signature:
    return signature_of(op, attrs, tuple([None if b is None else b.type.logical for b in buffers]))


def settle(tensor: Any) -> None:
    """Let a handle hold the computed buffer instead of the lazy one that shows it."""
    tensor._buffer = settled(tensor._buffer)


def _alone() -> int:
    """What `getrefcount` says of a buffer that only the values of a session hold."""
    values: dict[int, Any] = {0: Tag("", None, None, 0)}
    return max(getrefcount(values[n]) for n in values)


ALONE = _alone()
