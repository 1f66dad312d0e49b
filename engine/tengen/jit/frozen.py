"""Frozen replay: a recorded call run again without running its Python.

Arguments and the handles of parameters and states are read, the program runs, and the handles
take their next values. It stands only for what it was recorded with: shapes, data types, modes
of modules, autocast and plain values are guarded, and what cannot be replayed is refused with its
reason.
"""

import dataclasses
import weakref
from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from sys import getrefcount
from typing import Any

from ..graph.state import state
from ..graph.value import wrap
from ..optimizer import Optimizer
from ..runtime.lazy import LazyBuffer
from ..tensor import Tensor
from .batches import batch_among
from .guards import Guards
from .observed import Observed
from .reachable import reachable
from .readings import HandedOut, handed_out
from .reasons import Reason, reason
from .runner import Runner, Stretch
from .session import settle
from .structure import flat_tensors, flatten, rebuild, same

_BUFFER = attrgetter("_buffer")


class Given:
    """The arguments of a call: their tensors, and what they are beside.

    `state` has for each tensor the first one that shares its value, since aliased arguments are
    another call, and whether it has a gradient.
    """

    __slots__ = ("leaves", "state", "template", "types")

    def __init__(self, args: Any, kwargs: Any):
        self.leaves: list[Tensor] = []
        self.template = flatten((args, kwargs), self.leaves)
        self.types = [t.type for t in self.leaves]
        first: dict[int, int] = {}
        self.state = [
            (first.setdefault(id(t._buffer), i), t.grad is not None)
            for i, t in enumerate(self.leaves)
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class _Argument:
    """A tensor that is argument `index` itself."""

    index: int


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Gradient:
    """The gradient that a handle or an argument has when the call begins."""

    owner: Any

    def of(self, leaves: list[Tensor]) -> Tensor:
        """The gradient, in a call with these arguments."""
        owner = leaves[self.owner.index] if type(self.owner) is _Argument else self.owner
        grad: Tensor = owner.grad  # type: ignore[assignment]
        return grad


class Frozen:
    """A call without its Python. `reasons` is empty when that is possible."""

    def __init__(self, function: Callable[..., Any], args: Any, kwargs: Any):
        given = Given(args, kwargs)
        self.leaves = given.leaves
        self.template, self.types, self.state = given.template, given.types, given.state
        self.batch = batch_among(self.types)
        self.looks: list[Reason] = []
        self.function = function
        self.reasons: list[Reason] = []
        self.pieces: list[Stretch] = []
        self.result: Any = None
        self.returned: list[Any] = []
        self.writes: dict[Any, int] = {}
        self.grads: dict[Any, int] = {}
        self.argument_writes: dict[int, int] = {}
        self.argument_grads: dict[int, int] = {}
        self._result_outputs: set[int] = set()
        self.waits: dict[tuple[str, int], float] = {}
        seen = reachable(function, (self.template,), {})
        self.tensors = seen.tensors
        self.own = {id(t) for t in self.tensors}
        self.own_arguments = self._own_among(self.leaves)
        self.modules = seen.modules
        self.guards = Guards((), (), (), (), ())
        self.optimizers: list[Optimizer] = seen.optimizers
        self.places = [p for p in seen.places if not _counts(p)]
        self.links, self.sizes = seen.links, seen.sizes
        self.precision = state.precision

    def record(self, runner: Runner, args: Any, kwargs: Any) -> Any:
        """Run the call once, checked; what the function returned."""
        session = Observed(runner, self.function, self.batch)
        before, state.mode = state.mode, session
        state.sizes = session.sizes
        handed = [t._buffer for t in self.leaves]
        tensors = [*self.tensors, *self.leaves]
        self.known = {id(t._buffer): t for t in self.tensors}
        self.accumulated = {id(t.grad._buffer): t for t in tensors if t.grad is not None}
        self.guards = Guards(self.modules, self.tensors, self.places, self.links, self.sizes)
        try:
            result = self.function(*args, **kwargs)
            session.flush()
            self._keep(runner, session, result, handed)
        finally:
            state.mode, state.sizes = before, None
            session.close()
            self.known, self.accumulated, self.leaves = {}, {}, []
        for tensor in flat_tensors(result):
            settle(tensor)
        return result

    def _keep(self, runner: Runner, session: Observed, result: Any, handed: list[Any]) -> None:
        self.reasons = [
            *session.reasons,
            *[r.reason for r in session.readings if r.at is not session.at or not r.last],
        ]
        self.pieces, self.waits, self.looks = session.stretches, session.waits, session.looks
        self.runner = runner
        if len(session.stretches) > 1:
            self.reasons.append(reason("pieces", f"{len(session.stretches)} pieces", here=False))
        if not session.stretches:
            self.reasons.append(reason("nothing to run", here=False))
            return
        if self.reasons:
            return
        self.stretch = session.stretches[-1]
        outputs = {id(o): index for index, o in enumerate(session.wanted)}
        self._take_inputs(session, handed)
        self._take_results(result, outputs, handed)
        self._take_states(session, outputs)
        self.result, unknown = handed_out(self.result, session.readings, outputs, self.returned)
        self.reasons += [reading.reason for reading in unknown]
        self._leave_out(runner, session)

    def _leave_out(self, runner: Runner, session: Observed) -> None:
        """Drop the outputs that only a variable of the call held when Python looked at a value;
        one that is still held is kept by somebody."""
        read = [what.index for what in self.returned if type(what) is HandedOut]
        kept = (self.writes, self.grads, self.argument_writes, self.argument_grads)
        states = {index for what in kept for index in what.values()}
        held = sorted({*self._result_outputs, *states, *read})
        slots = [lazy.slot for lazy in session.wanted]
        others = [weakref.ref(o) for i, o in enumerate(session.wanted) if i not in held]
        session.wanted, session.readings = [], []
        stay = [lazy for ref in others if (lazy := ref()) is not None]
        self.reasons += [reason("kept value", str(lazy.type), here=False) for lazy in stay]
        if not others or self.reasons:
            return
        now = {old: new for new, old in enumerate(held)}
        self.stretch = runner.stretch(session.piece, tuple([slots[index] for index in held]))
        for states_of in kept:
            states_of.update({what: now[index] for what, index in states_of.items()})
        self.returned = [_moved(what, now) for what in self.returned]

    @cached_property
    def written(self) -> list[int]:
        """The inputs that are handles which take a new value."""
        written = {*self.writes, *self.argument_writes}
        return [i for i, source in enumerate(self.sources) if source in written]

    def _take_inputs(self, session: Observed, handed: list[Any]) -> None:
        numbers = {id(b): i for i, b in reversed(list(enumerate(handed)))}
        self.sources: list[Any] = []
        leaf_handles = {id(t): i for i, t in enumerate(self.leaves)}
        for number in self.stretch.numbers:
            given = session.given.get(number, 0)
            owner = self.accumulated.get(given)
            if owner is not None:
                self.sources.append(_Gradient(self._named(owner)))
                continue
            ref = session.sources.get(number)
            handle = None if ref is None else ref()
            if handle is None:
                handle = self.known.get(given)
            if handle is None:
                self.reasons.append(self._origin(number))
                self.sources.append(None)
            elif id(handle) in leaf_handles:
                self.sources.append(leaf_handles[id(handle)])
            else:
                shared = numbers.get(given)
                if shared is not None:
                    self.reasons.append(
                        reason("aliased argument", f"argument {shared}", here=False)
                    )
                self.sources.append(handle)

    def _origin(self, number: int) -> Reason:
        """Why a value that came from nowhere known cannot be replayed: who takes it, and where."""
        graph = self.stretch.original
        var = graph.inputs[self.stretch.numbers.index(number)]
        node = next(node for node in graph.nodes if var in node.inputs)
        return reason("inner data", node.op.name, tag=node.tag)

    def _take_results(self, result: Any, outputs: dict[int, int], handed: list[Any]) -> None:
        """What to return: outputs by number, arguments as they come, handles of the program."""
        tensors: list[Tensor] = []
        self.result = flatten(result, tensors)
        arguments = {id(t): i for i, t in enumerate(self.leaves)}
        values = {id(b): i for i, b in reversed(list(enumerate(handed)))}
        own = {id(t) for t in self.tensors}
        for tensor in tensors:
            index = outputs.get(id(tensor._buffer))
            if id(tensor) in arguments:
                self.returned.append(_Argument(arguments[id(tensor)]))
            elif index is not None:
                self.returned.append(tensor if id(tensor) in own else index)
            elif id(tensor._buffer) in values:
                self.returned.append(_Argument(values[id(tensor._buffer)]))
            else:
                self.returned.append(tensor)
                if id(tensor) not in own:
                    self.reasons.append(reason("output", "made without operators", here=False))
        self._result_outputs = {i for i in self.returned if isinstance(i, int)}

    def _take_states(self, session: Observed, outputs: dict[int, int]) -> None:
        self.cleared: list[Tensor] = []
        arguments = {id(t): i for i, t in enumerate(self.leaves)}
        found = [ref() for ref in (*session.rebound.values(), *session.sources.values())]
        handles = {id(t): t for t in found if t is not None}
        never = self.guards.without_grad
        for handle in handles.values():
            argument = arguments.get(id(handle))
            index = outputs.get(id(handle._buffer))
            if index is not None and argument is not None:
                self.argument_writes[argument] = index
            elif index is not None:
                self.writes[handle] = index
            grad = handle.grad
            if grad is None:
                if argument is None:
                    if id(handle) not in never:
                        self.cleared.append(handle)
                elif self.state[argument][1]:
                    self.reasons.append(reason("side effect", "a gradient is cleared", here=False))
            elif isinstance(grad, Tensor) and id(grad._buffer) in outputs:
                if argument is None:
                    self.grads[handle] = outputs[id(grad._buffer)]
                else:
                    self.argument_grads[argument] = outputs[id(grad._buffer)]

    def _named(self, handle: Tensor) -> Any:
        """A handle, or which argument it is."""
        for index, leaf in enumerate(self.leaves):
            if leaf is handle:
                return _Argument(index)
        return handle

    def interface(self) -> tuple[Any, ...]:
        """What the call takes, returns and keeps, to be compared with that of another call."""

        def known(what: Any) -> Any:
            if type(what) is _Gradient:
                return "gradient", known(what.owner)
            return id(what) if isinstance(what, Tensor) else what

        return (
            [known(source) for source in self.sources],
            [known(what) for what in self.returned],
            {known(handle): index for handle, index in self.writes.items()},
            {known(handle): index for handle, index in self.grads.items()},
            self.argument_writes,
            self.argument_grads,
            {known(handle) for handle in self.cleared},
        )

    def fits(self, given: "Given") -> bool:
        """Whether this stands for a call with these arguments."""
        return self.types == given.types and self.agrees(given)

    def _own_among(self, leaves: list[Tensor]) -> list[int]:
        """Which arguments are tensors that the program has already: those are another call."""
        own = self.own
        return [id(t) if id(t) in own else 0 for t in leaves]

    def agrees(self, given: "Given") -> bool:
        """Whether it would but for shapes and data types."""
        return (
            len(self.types) == len(given.types)
            and same(given.template, self.template)
            and given.state == self.state
            and state.precision == self.precision
            and self._own_among(given.leaves) == self.own_arguments
            and self.guards.hold()
        )

    @cached_property
    def _varying(self) -> list[tuple[int, Any]]:
        """The inputs that are arguments or gradients, and which."""
        return [(i, s) for i, s in enumerate(self.sources) if type(s) in (int, _Gradient)]

    def _inputs(self, leaves: list[Tensor]) -> list[Any]:
        """The buffers of the graph's inputs; a network has hundreds, nearly all of one handle."""
        handles = list(self.sources)
        for place, source in self._varying:
            handles[place] = leaves[source] if type(source) is int else source.of(leaves)
        inputs = list(map(_BUFFER, handles))
        if LazyBuffer in set(map(type, inputs)):
            for place, handle in enumerate(handles):
                if type(inputs[place]) is LazyBuffer:
                    settle(handle)
                    inputs[place] = handle._buffer
        return inputs

    def __call__(self, leaves: list[Tensor]) -> Any:
        """Run on the tensors of a call that this stands for."""
        for optimizer in self.optimizers:
            refresh = getattr(optimizer, "refresh_scalars", None)
            if refresh is not None:
                refresh()
        inputs = self._inputs(leaves)
        donated = frozenset(
            [i for i in self.written if getrefcount(inputs[i]) <= ALONE and inputs[i].owner is None]
        )
        made = self.runner.run(self.stretch, inputs, donated)
        for handle, index in self.writes.items():
            handle._buffer, handle._var = made[index], None
        for handle in self.cleared:
            handle.grad = None
        for handle, index in self.grads.items():
            handle.grad = wrap(made[index], None)
        for argument, index in self.argument_writes.items():
            leaves[argument]._buffer, leaves[argument]._var = made[index], None
        for argument, index in self.argument_grads.items():
            leaves[argument].grad = wrap(made[index], None)

        def leaf(place: int) -> Any:
            what = self.returned[place]
            if type(what) is int:
                return wrap(made[what], None)
            if type(what) is HandedOut:
                return what.of(made)
            return leaves[what.index] if type(what) is _Argument else what

        return rebuild(self.result, leaf)


def _moved(what: Any, now: dict[int, int]) -> Any:
    """What is returned when outputs have other numbers."""
    if type(what) is HandedOut:
        return HandedOut(now[what.index], what.number)
    return now[what] if type(what) is int else what


def _counts(place: tuple[Any, Any, Any]) -> bool:
    """True for names that say nothing of what the program does: settings that the scalars carry."""
    owner, key, _ = place
    return isinstance(owner, dict) and "params" in owner and key != "params"


def _alone() -> int:
    """What `getrefcount` says of a buffer that only its handle and the list of inputs hold."""
    held: Any = object()
    handle = [held]
    inputs = [held]
    del held
    found = max(getrefcount(inputs[i]) for i in range(1))
    del handle
    return found


ALONE = _alone()
