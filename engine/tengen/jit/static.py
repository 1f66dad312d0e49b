"""Static: a converted function, and a converted module that is still a module."""

from collections.abc import Callable
from typing import Any

from ..graph.state import state
from ..module import Module
from .frozen import Given
from .runner import Runner
from .session import settle
from .specialisations import MOST_FROZEN, Specialisations
from .structure import flat_tensors

PATIENCE = 4
"""Calls in a row that may fail to be frozen before no more are tried."""

USELESS = 2 * MOST_FROZEN
"""Frozen calls recorded in a row, none of them of use for another, before no more are tried."""


class Replay:
    """Runs a function statically: frozen where that was proved safe, checked otherwise.

    `frozen` tells whether Python may be skipped. Calls that are recorded for a gradient are
    always checked, since the tape belongs to Python. `report` is told of what is recorded.
    """

    report: Any = None

    def __init__(self, function: Callable[..., Any], runner: Runner, frozen: bool = False):
        self.function = function
        self.runner = runner
        self.frozen = frozen
        self.calls = Specialisations(function, runner)
        self.failures = 0
        self.useless = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if state.mode is not None:
            return self.function(*args, **kwargs)
        given_up = self.failures >= PATIENCE or self.useless >= USELESS
        if not self.frozen or state.recorders or given_up:
            return self.checked(*args, **kwargs)
        given = Given(args, kwargs)
        found = self.calls.find(given)
        if found is not None:
            self.useless = 0
            return found(given.leaves)
        made, result = self.calls.record(given, args, kwargs)
        if made.reasons:
            self.failures += 1
        else:
            self.failures = 0
            self.useless += 1
        if self.report is not None:
            self.report.specialisations += 1
            if self.calls.batch:
                self.report.batches(self.calls.batch, self.calls.why)
        return result

    def checked(self, *args: Any, **kwargs: Any) -> Any:
        """One call with Python running."""
        programs = self.runner.tree.programs
        known = len(programs)
        result = run_checked(self.runner, self.function, args, kwargs)
        if self.report is not None and len(programs) > known:
            self.report.specialisations += 1
        return result


def run_checked(runner: Runner, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """One call of a function, recorded or checked against its records."""
    session = runner.session()
    before, state.mode = state.mode, session
    try:
        result = function(*args, **kwargs)
        session.flush()
    except BaseException:
        session.give_up()
        raise
    finally:
        state.mode = before
        session.close()
    for tensor in flat_tensors(result):
        settle(tensor)
    return result


class StaticFunction:
    """A converted function: call it as before. `report` tells what the conversion found."""

    def __init__(self, replay: Replay):
        self._replay = replay
        self.__wrapped__ = replay.function
        self.report: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._replay(*args, **kwargs)

    def __repr__(self) -> str:
        name = getattr(self.__wrapped__, "__qualname__", repr(self.__wrapped__))
        return f"<static {name}>"


_classes: dict[type, type] = {}


def static_module(module: Module, replay: Replay) -> Module:
    """A module of the same class with the same parts, whose calls run statically.

    It shares every attribute with `module`: parameters, statistics, mode, and those set later.
    Saved or copied it is the dynamic module again.
    """
    cls = type(module)
    made_class = _classes.get(cls)
    if made_class is None:
        names = {
            "__slots__": ("_dynamic", "_replay", "report"),
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__doc__": cls.__doc__,
            "__call__": _call,
            "__reduce_ex__": _reduce,
        }
        made_class = _classes[cls] = type(cls.__name__, (cls,), names)
    made: Any = object.__new__(made_class)
    object.__setattr__(made, "__dict__", module.__dict__)
    for name, value in (("_scope", None), ("_dynamic", module), ("_replay", replay)):
        object.__setattr__(made, name, value)
    object.__setattr__(made, "report", None)
    return made  # type: ignore[no-any-return]


def _call(self: Any, *inputs: Any, **kwargs: Any) -> Any:
    return self._replay(*inputs, **kwargs)


def _reduce(self: Any, protocol: Any) -> Any:
    return _itself, (self._dynamic,)


def _itself(module: Module) -> Module:
    return module


def unwrapped(target: Any) -> Any:
    """The dynamic function or module behind a converted one; anything else as it is."""
    if isinstance(target, StaticFunction):
        return target.__wrapped__
    return getattr(target, "_dynamic", target) if isinstance(target, Module) else target
