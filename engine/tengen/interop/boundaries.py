"""Where the submodules of an imported model begin and end in its program, for their hooks.

A submodule's call is a run of calls in a row. Its inputs are the tensors that those read from
before them, in the order of first use, its outputs the tensors that others read afterwards.
"""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from ..base.errors import ArgumentError
from .program import Call, slots_in

Stack = tuple[tuple[str, str], ...]
"""The calls of submodules around a call, from the outside in: a name of its own, and the path."""


@dataclasses.dataclass(frozen=True, slots=True)
class Boundary:
    """One call of the submodule at `path`: the program's calls `first` to `last`.

    `inputs` and `outputs` are slots; those of `lasting` are inputs that are read afterwards too.
    """

    path: str
    first: int
    last: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    lasting: tuple[int, ...]


def boundaries(
    calls: list[Call], stacks: list[Stack], tensors: set[int], results: set[int]
) -> list[Boundary]:
    """The boundaries, outer ones first.

    `stacks[i]` stands around `calls[i]`; `tensors` are the slots that count as inputs and outputs,
    and `results` those of the model. A submodule whose calls do not stand in a row has none.
    """
    places: dict[tuple[str, str], list[int]] = {}
    for place, stack in enumerate(stacks):
        for instance in stack:
            places.setdefault(instance, []).append(place)
    readers: dict[int, list[int]] = {}
    makers: dict[int, int] = {}
    for place, call in enumerate(calls):
        for slot in slots_in((call.args, call.kwargs)):
            readers.setdefault(slot, []).append(place)
        for output in call.outputs:
            if output is not None:
                makers[output] = place
    found = []
    for instance, inside in places.items():
        first, last = inside[0], inside[-1]
        if any(stacks[i] and instance not in stacks[i] for i in range(first, last + 1)):
            continue
        read = dict.fromkeys(
            slot
            for call in calls[first : last + 1]
            for slot in slots_in((call.args, call.kwargs))
            if slot in tensors and not first <= makers.get(slot, -1) <= last
        )
        made = [s for call in calls[first : last + 1] for s in call.outputs if s in tensors]
        outputs = [s for s in made if s in results or readers.get(s, [0])[-1] > last]
        lasting = [s for s in read if s in results or readers[s][-1] > last]
        if outputs:
            found.append(
                Boundary(instance[1], first, last, tuple(read), tuple(outputs), tuple(lasting))
            )
    return sorted(found, key=lambda b: (b.first, -b.last, b.path.count(".")))


class Hooks:
    """The hooks of one run: what to call before and after which call of the program."""

    def __init__(
        self, found: Iterable[Boundary], part: Callable[[str], Any], enter: Callable[[str], None]
    ):
        self.starting: dict[int, list[Boundary]] = {}
        self.ending: dict[int, list[Boundary]] = {}
        self.part = part
        self.enter = enter
        self.given: dict[Boundary, tuple[Any, ...]] = {}
        self.replaced: dict[Boundary, dict[int, Any]] = {}
        for boundary in found:
            self.starting.setdefault(boundary.first, []).append(boundary)
            self.ending.setdefault(boundary.last, []).insert(0, boundary)

    def before(self, place: int, values: list[Any]) -> None:
        """Call the pre-hooks of the submodules that begin here."""
        for boundary in self.starting.get(place, ()):
            part = self.part(boundary.path)
            self.enter(boundary.path)
            inputs = tuple([values[slot] for slot in boundary.inputs])
            changed = part._before(inputs) if part._forward_pre_hooks else inputs
            if changed is not inputs:
                _fits(part, boundary.path, "pre-hook", len(changed), len(inputs))
                kept = {slot: values[slot] for slot in boundary.lasting}
                self.replaced[boundary] = kept
                for slot, value in zip(boundary.inputs, changed, strict=True):
                    values[slot] = value
            self.given[boundary] = changed

    def after(self, place: int, values: list[Any]) -> None:
        """Call the hooks of the submodules that end here."""
        for boundary in self.ending.get(place, ()):
            for slot, value in self.replaced.get(boundary, {}).items():
                values[slot] = value
            part = self.part(boundary.path)
            if not part._forward_hooks:
                continue
            self.enter(boundary.path)
            made = tuple([values[slot] for slot in boundary.outputs])
            outputs = made[0] if len(made) == 1 else made
            changed = part._after(self.given[boundary], outputs)
            if changed is not outputs:
                new = changed if isinstance(changed, tuple) else (changed,)
                _fits(part, boundary.path, "hook", len(new), len(made))
                for slot, value in zip(boundary.outputs, new, strict=True):
                    values[slot] = value


def _fits(part: Any, path: str, what: str, got: int, wanted: int) -> None:
    if got != wanted:
        raise ArgumentError(
            f"[{part._kind}] a {what} of {path} gave {got} values; the part has {wanted}"
        )
