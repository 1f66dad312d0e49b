"""Program: a foreign model as a flat list of calls of our functions.

Values live in numbered slots; a call names the slots it reads and fills, the module it belongs to
and the line it was written on. Running it is running the calls: eagerly, recorded for gradients or
traced, as the thread's mode says.
"""

import ast
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..graph.state import state


@dataclasses.dataclass(frozen=True, slots=True)
class Slot:
    """Stands in arguments for the value of a slot."""

    index: int


@dataclasses.dataclass(slots=True)
class Call:
    """One call: `function(*args, **kwargs)` into `outputs` (None: not wanted).

    `whole`: the result goes into the one output as it is, be it a tuple. `path`: the submodule.
    `follows`: the function takes `training=`, the flag of that submodule. `frees`: slots that
    nobody reads afterwards. `wanted_by`: run only while one of these submodules trains; ()
    stands for always.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[int | None, ...]
    path: str = ""
    file: str = ""
    line: int = 0
    whole: bool = True
    follows: bool = False
    frees: tuple[int, ...] = ()
    wanted_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        outputs = ", ".join("_" if i is None else f"%{i}" for i in self.outputs)
        given = [shown(a) for a in self.args]
        given += [f"{key}={shown(value)}" for key, value in self.kwargs.items()]
        where = f"  {self.path}" if self.path else ""
        where += f"  {self.file}:{self.line}" if self.file else ""
        return f"{outputs} = {self.name}({', '.join(given)}){where}"


def shown(value: Any) -> str:
    """An argument as text: %n for a slot."""
    if isinstance(value, Slot):
        return f"%{value.index}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(shown(v) for v in value) + "]"
    return repr(value)


def slots_in(value: Any) -> Iterator[int]:
    """The slots named in an argument, at any depth."""
    if isinstance(value, Slot):
        yield value.index
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from slots_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from slots_in(item)


def filled(value: Any, values: list[Any]) -> Any:
    """An argument with the slots' values in the place of the slots."""
    if isinstance(value, Slot):
        return values[value.index]
    if isinstance(value, list):
        return [filled(v, values) for v in value]
    if isinstance(value, tuple):
        return tuple([filled(v, values) for v in value])
    if isinstance(value, dict):
        return {key: filled(item, values) for key, item in value.items()}
    return value


def only_for_updates(
    calls: list[Call], results: set[int], updates: dict[int, str]
) -> dict[int, tuple[str, ...]]:
    """For each call (by its place) that serves updates of state alone, the submodules whose.

    `results` are the slots needed in any case, `updates` those of new state by submodule.
    """
    wanted: dict[int, set[str] | None] = dict.fromkeys(results)
    for slot, path in updates.items():
        if wanted.get(slot, set()) is not None:
            wanted.setdefault(slot, set()).add(path)  # type: ignore[union-attr]
    found: dict[int, tuple[str, ...]] = {}
    for place in range(len(calls) - 1, -1, -1):
        call = calls[place]
        needs = [wanted[o] for o in call.outputs if o is not None and o in wanted]
        always = any(n is None for n in needs) or not needs
        paths = set().union(*[n for n in needs if n is not None])
        if not always:
            found[place] = tuple(sorted(paths))
        for slot in slots_in((call.args, call.kwargs)):
            if always:
                wanted[slot] = None
            elif wanted.get(slot, set()) is not None:
                wanted.setdefault(slot, set()).update(paths)  # type: ignore[union-attr]
    return found


class Watch(Protocol):
    """Is told of every call of a run."""

    def before(self, place: int, values: list[Any]) -> None:
        """The call at `place` comes next."""

    def after(self, place: int, values: list[Any]) -> None:
        """The call at `place` has run, or was skipped."""


class Program:
    """Calls in order over `size` slots; the slots in `kept` outlive the last call."""

    def __init__(self, calls: list[Call], size: int, kept: set[int]):
        self.calls = calls
        self.size = size
        last: dict[int, Call] = {}
        for call in calls:
            for index in slots_in((call.args, call.kwargs)):
                last[index] = call
            for output in call.outputs:
                if output is not None:
                    last.setdefault(output, call)
        for call in calls:
            call.frees = ()
        for index, call in last.items():
            if index not in kept:
                call.frees = (*call.frees, index)

    def run(
        self,
        values: list[Any],
        scopes: dict[str, Any],
        training: Callable[[str], bool],
        hooks: Watch | None = None,
    ) -> None:
        """Run every call on `values`, in which the inputs stand already.

        `scopes[path]` is the scope of a submodule's calls, `training(path)` its flag. `hooks` is
        told before and after every call.
        """
        outer = state.scope
        try:
            for place, call in enumerate(self.calls):
                if hooks is not None:
                    hooks.before(place, values)
                if not call.wanted_by or any(training(path) for path in call.wanted_by):
                    state.scope = scopes[call.path]
                    run_call(call, values, training)
                if hooks is not None:
                    hooks.after(place, values)
        finally:
            state.scope = outer

    def __str__(self) -> str:
        return "\n".join(str(call) for call in self.calls)


def run_call(call: Call, values: list[Any], training: Callable[[str], bool]) -> None:
    """Run one call: from and into the slots of `values`."""
    args = [values[a.index] if type(a) is Slot else filled(a, values) for a in call.args]
    kwargs = filled(call.kwargs, values) if call.kwargs else {}
    if call.follows:
        kwargs["training"] = training(call.path)
    made = written_at(call.file, call.line)(call.function, args, kwargs)
    if call.whole:
        values[call.outputs[0]] = made  # type: ignore[index]
    else:
        for output, value in zip(call.outputs, made, strict=False):
            if output is not None:
                values[output] = value
    for index in call.frees:
        values[index] = None


@functools.lru_cache(maxsize=65536)
def written_at(file: str, line: int) -> Callable[..., Any]:
    """A function that calls another from a frame at `file`:`line`.

    So errors, memory blocks and recorded nodes name the line of the foreign model.
    """
    if not file:
        return _plain
    tree = ast.parse("lambda function, args, kwargs: function(*args, **kwargs)", mode="eval")
    ast.increment_lineno(tree, max(line, 1) - 1)
    return eval(compile(tree, file, "eval"), {"__name__": "imported"})  # type: ignore[no-any-return]


def _plain(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    return function(*args, **kwargs)


def scopes_below(outer: Any, paths: set[str]) -> dict[str, Any]:
    """For each dotted path, the scope of that submodule below `outer`."""
    made: dict[str, Any] = {"": outer}

    def scope(path: str) -> Any:
        found = made.get(path)
        if found is None:
            head, _, name = path.rpartition(".")
            found = made[path] = (scope(head), name)
        return found

    return {path: scope(path) for path in paths}
