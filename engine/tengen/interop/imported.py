"""ImportedModule: a foreign model as a module of ours, with its own names and hierarchy.

The hierarchy holds the parameters and buffers; what is computed stands in programs, which the
outermost module runs as a whole.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from ..base.errors import ArgumentError, ShapeError, StateError
from ..graph.state import state
from ..module import Module
from ..tensor import Tensor
from ..utils.hook import HookHandler
from .boundaries import Boundary, Hooks
from .program import Program, scopes_below

__all__ = ["ImportedModule", "Part"]


class Part(Module):
    """A submodule of an imported model: holds its parameters, buffers and training flag."""

    state_as_vectors = False

    def __init__(self, kind: str = ""):
        super().__init__()
        self._kind = kind
        self._has_boundary = False

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> HookHandler:
        """As in Module. `inputs` are the tensors that the part reads, in order of first use.
        Raises StateError where the program does not show where this part begins and ends."""
        self._hookable()
        return super().register_forward_pre_hook(hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> HookHandler:
        """As in Module. `outputs` is what the rest of the model reads of this part: a tensor, or
        a tuple of several. Raises StateError as register_forward_pre_hook does."""
        self._hookable()
        return super().register_forward_hook(hook)

    def _hookable(self) -> None:
        if not self._has_boundary:
            raise StateError(
                f"[{self._kind or 'Part'}] hooks on this part of an imported model would never be"
                " called: it computes nothing of its own, or the program does not keep its"
                " boundary; put the hook on the part around it or on the whole model"
            )

    def forward(self, *inputs: Any) -> Any:
        raise StateError(
            f"[{self._kind or 'Part'}] a part of an imported model does not run alone; call the"
            " whole model, or import this part for itself"
        )

    def hold(self, path: str, value: Any) -> None:
        """Put a tensor or a part at a dotted path. Raises ArgumentError for a reserved name."""
        head, _, name = path.rpartition(".")
        owner = self.part(head)
        if hasattr(type(owner), name) or name in ("name", "training", "quantize_disabled"):
            raise ArgumentError(
                f"[{type(self).__name__}] {path}: a part cannot have the name {name!r}, which"
                " modules use themselves"
            )
        setattr(owner, name, value)

    def part(self, path: str) -> "Part":
        """The part at a dotted path."""
        found: Any = self
        for name in path.split(".") if path else ():
            found = getattr(found, name)
        return found  # type: ignore[no-any-return]

    def _is_hooked(self) -> bool:
        return bool(self._forward_hooks or self._forward_pre_hooks)

    def _module_info_string(self) -> str:
        return self._kind


class Held:
    """A tensor that a program reads: an attribute of a part."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Part, name: str):
        self.owner = owner
        self.name = name

    @property
    def tensor(self) -> Tensor:
        """The tensor that stands there now."""
        return getattr(self.owner, self.name)  # type: ignore[no-any-return]


class Update:
    """A tensor that a program writes, from `slot`; only while its owner trains, if `follows`."""

    __slots__ = ("follows", "held", "slot")

    def __init__(self, slot: int, held: Held, follows: bool):
        self.slot = slot
        self.held = held
        self.follows = follows

    def apply(self, values: list[Any]) -> None:
        """Take over the new value."""
        if not self.follows or self.held.owner.training:
            new = values[self.slot]
            old = self.held.tensor
            if new is not old:
                old._reset(new.detach().astype(old.dtype))


class Body:
    """One program with what goes in and comes out.

    `inputs[i]` is the slot of the i-th input (None: unused) and `shapes[i]` its shape, None for
    an axis of any length; `held` and `constants` are what stands in slots from the start.
    `boundaries` are the submodules' calls, for their hooks.
    """

    def __init__(
        self,
        program: Program,
        inputs: list[int | None],
        shapes: list[tuple[int | None, ...] | None],
        held: dict[int, Held],
        constants: dict[int, Any],
        updates: list[Update],
        result: Callable[[list[Any]], Any],
        boundaries: Iterable[Boundary] = (),
    ):
        self.boundaries = tuple(boundaries)
        self.program = program
        self.inputs = inputs
        self.shapes = shapes
        self.held = held
        self.constants = constants
        self.updates = updates
        self.result = result

    def run(self, inputs: list[Any], scopes: Any, part: Callable[[str], Part]) -> Any:
        """The result for the flat inputs; `part` gives the part at a path."""
        values: list[Any] = [None] * self.program.size
        for slot, value in zip(self.inputs, inputs, strict=True):
            if slot is not None:
                values[slot] = value
        for slot, held in self.held.items():
            values[slot] = held.tensor
        for slot, value in self.constants.items():
            values[slot] = value
        self.program.run(
            values, scopes, lambda path: part(path).training, self._hooks(scopes, part)
        )
        for update in self.updates:
            update.apply(values)
        return self.result(values)

    def _hooks(self, scopes: Any, part: Callable[[str], Part]) -> Hooks | None:
        """The hooks that the parts have now, None for none."""
        hooked = [b for b in self.boundaries if part(b.path)._is_hooked()]
        if not hooked:
            return None

        def enter(path: str) -> None:
            state.scope = scopes[path]

        return Hooks(hooked, part, enter)


class ImportedModule(Part):
    """A model that came from elsewhere. Call it as the original; train, save and convert it.

    `body` runs in training mode and `evaluating` (which may be the same) in evaluation mode.
    `flatten` turns the call's arguments into the flat list of inputs.
    """

    def __init__(self, kind: str):
        super().__init__(kind)
        self._has_boundary = True
        self._programs: _Programs | None = None

    def install(
        self, body: Body, evaluating: Body, flatten: Callable[[tuple[Any, ...], Any], list[Any]]
    ) -> None:
        """Set what is computed."""
        self._programs = _Programs(self, body, evaluating, flatten)
        for boundary in (*body.boundaries, *evaluating.boundaries):
            self.part(boundary.path)._has_boundary = True

    @property
    def program(self) -> Program:
        """The calls of the present mode, readable as text."""
        held = self._ready()
        return (held.body if self.training else held.evaluating).program

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        held = self._ready()
        body = held.body if self.training else held.evaluating
        flat = held.flatten(inputs, kwargs)
        for number, (value, shape) in enumerate(zip(flat, body.shapes, strict=True)):
            if shape is not None:
                _check(self._kind, number, value, shape)
        return body.run(flat, held.scopes(), held.parts.__getitem__)

    def _ready(self) -> "_Programs":
        if self._programs is None:
            raise StateError(f"[{self._kind}] has no program yet")
        return self._programs


class _Programs:
    """What an imported module runs, out of sight of the search for parameters."""

    def __init__(
        self,
        root: Part,
        body: Body,
        evaluating: Body,
        flatten: Callable[[tuple[Any, ...], Any], list[Any]],
    ):
        self.root = root
        self.body = body
        self.evaluating = evaluating
        self.flatten = flatten
        self.paths = _paths((body, evaluating))
        self.parts = {path: root.part(path) for path in self.paths}
        self._scopes: tuple[Any, dict[str, Any]] | None = None

    def scopes(self) -> dict[str, Any]:
        """The scopes of every submodule below the present one."""
        outer = state.scope
        known = self._scopes
        if known is None or known[0] is not outer:
            known = self._scopes = (outer, scopes_below(outer, self.paths))
        return known[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Programs":
        made = object.__new__(_Programs)
        memo[id(self)] = made
        for key, value in vars(self).items():
            setattr(made, key, None if key == "_scopes" else copy.deepcopy(value, memo))
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_scopes": None}


def _paths(bodies: tuple[Body, ...]) -> set[str]:
    calls = [call for body in bodies for call in body.program.calls]
    called = {path for call in calls for path in (call.path, *call.wanted_by)}
    return called | {boundary.path for body in bodies for boundary in body.boundaries}


def _check(kind: str, number: int, value: Any, shape: tuple[int | None, ...]) -> None:
    if not isinstance(value, Tensor):
        raise ArgumentError(f"[{kind}] input {number} must be a tensor; got {type(value).__name__}")
    got = value.shape
    if len(got) != len(shape) or any(
        w is not None and w != g for w, g in zip(shape, got, strict=True)
    ):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ShapeError(
            f"[{kind}] input {number} was imported with shape ({wanted}); got {got}: import the"
            " model again with samples of this shape"
        )
