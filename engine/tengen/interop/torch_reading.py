"""Reads an exported PyTorch program into a Body: slots, calls of our functions, what is held."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

from ..base.errors import UnsupportedError
from ..tensor import Tensor
from .aten.table import Entry, find
from .boundaries import Stack, boundaries
from .imported import Body, Held, ImportedModule, Update
from .program import Call, Program, Slot, only_for_updates
from .structure import Structure
from .torch_library import data_type, tensor_of, torch
from .torch_modes import operator_name

DROPPED = (
    "_assert_tensor_metadata", "_assert_scalar", "_assert_async", "sym_constrain_range",
    "sym_constrain_range_for_size",
)  # fmt: skip
IGNORED_KEYWORDS = ("device", "layout", "pin_memory", "memory_format", "non_blocking", "copy")
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclasses.dataclass(frozen=True)
class Missing:
    """An operator without a counterpart, and where it is used."""

    name: str
    path: str
    place: str

    def __str__(self) -> str:
        inside = f" in {self.path}" if self.path else ""
        return self.name + inside + (f" at {self.place}" if self.place else "")


class Reading:
    """Turns one exported program into a Body of `root`.

    `follows`: the nodes that take the training flag of their module. `always`: the buffers that
    are written in both modes. Operators without a counterpart are gathered in `missing`, or
    given to `island`, which makes a function for such a node. `ranks` has the axes of the slots
    that hold tensors.
    """

    def __init__(
        self,
        root: ImportedModule,
        exported: Any,
        follows: set[str],
        always: set[str],
        island: Callable[[Any], Any] | None,
    ):
        self.root = root
        self.exported = exported
        self.follows = follows
        self.always = always
        self.island = island
        self.missing: list[Missing] = []
        self.slots: dict[Any, int] = {}
        self.size = 0
        self.calls: list[Call] = []
        self.stacks: list[Stack] = []
        self.ranks: dict[int, int] = {}
        self.constants: dict[int, Any] = {}
        self.places = {id(part): path for path, part in reversed(list(root.named_modules()))}

    def body(self) -> Body:
        """Read everything."""
        signature = self.exported.graph_signature
        nodes = {node.name: node for node in self.exported.graph.nodes}
        inputs: list[int | None] = []
        shapes: list[tuple[int | None, ...] | None] = []
        held: dict[int, Held] = {}
        for spec in signature.input_specs:
            node = nodes.get(getattr(spec.arg, "name", None))
            slot = None if node is None else self.new_slot(node)
            kind = spec.kind.name
            if kind == "USER_INPUT":
                inputs.append(slot)
                shapes.append(_shape(node))
            elif (
                slot is not None
                and kind in ("PARAMETER", "BUFFER")
                and spec.persistent is not False
            ):
                held[slot] = self.held(spec.target)
            elif slot is not None:
                self.constants[slot] = self.constant(spec)
        for node in self.exported.graph.nodes:
            if node.op == "call_function":
                self.read(node, ())
            elif node.op == "get_attr":
                self.attribute(node, self.exported.graph_module)
        updates, results = [], []
        for spec in signature.output_specs:
            node = nodes.get(getattr(spec.arg, "name", None))
            if spec.kind.name == "USER_OUTPUT":
                results.append(Slot(self.slots[node]) if node is not None else spec.arg.value)
            elif spec.kind.name == "BUFFER_MUTATION":
                follows = spec.target not in self.always
                updates.append(Update(self.slots[node], self.held(spec.target), follows))
        kept = {r.index for r in results if isinstance(r, Slot)} | {u.slot for u in updates}
        always = {r.index for r in results if isinstance(r, Slot)}
        always |= {u.slot for u in updates if not u.follows}
        writers = {u.slot: self.path_of_part(u.held) for u in updates if u.follows}
        for place, paths in only_for_updates(self.calls, always, writers).items():
            self.calls[place].wanted_by = paths
        program = Program(self.calls, self.size, kept)
        out = Structure.of(self.exported.call_spec.out_spec).rebuilding(results)
        tensors = self.ranks.keys() - held.keys() - self.constants.keys()
        made = {r.index for r in results if isinstance(r, Slot)}
        found = boundaries(self.calls, self.stacks, tensors, made)
        return Body(program, inputs, shapes, held, self.constants, updates, out, found)

    def new_slot(self, node: Any) -> int:
        """The slot of a node's value."""
        self.slots[node] = self.size
        value = node.meta.get("val")
        if isinstance(value, torch().Tensor):
            self.ranks[self.size] = value.ndim
        self.size += 1
        return self.size - 1

    def held(self, target: str) -> Held:
        """The tensor of ours that a parameter's or buffer's name stands for."""
        head, _, name = target.rpartition(".")
        return Held(self.root.part(head), name)

    def path_of_part(self, held: Held) -> str:
        """Where the part stands that holds a tensor."""
        return self.places[id(held.owner)]

    def constant(self, spec: Any) -> Any:
        """The value of a tensor that is no part of the state."""
        source = self.exported.constants
        value = source.get(spec.target)
        if value is None:
            value = self.exported.state_dict[spec.target]
        return tensor_of(value)

    def attribute(self, node: Any, owner: Any) -> None:
        """A tensor or a subgraph that the graph module itself holds."""
        value = owner
        for name in str(node.target).split("."):
            value = getattr(value, name)
        slot = self.new_slot(node)
        if isinstance(value, torch().Tensor):
            self.constants[slot] = tensor_of(value)

    def read(self, node: Any, inside: Stack) -> None:
        """Append the call of one node; `inside` is the stack that an inlined subgraph stands in."""
        name = operator_name(node)
        base = name.partition(".")[0]
        if base in DROPPED:
            return
        if name.endswith("wrap_with_set_grad_enabled"):
            self.inline(node)
            return
        stack, (file, line) = self.stack_of(node) or inside, place_of(node)
        path = path_of(stack)
        entry = find(name)
        follows = node.name in self.follows
        if entry is None and self.island is not None and _is_tensor_operator(node):
            entry = Entry(self.island(node), False)
        if entry is None:
            place = f"{file}:{line}" if file else ""
            self.missing.append(Missing(name, path, place))
            self.new_slot(node)
            return
        args = tuple(self.argument(a) for a in node.args)
        kwargs = {k: self.argument(v) for k, v in node.kwargs.items() if k not in IGNORED_KEYWORDS}
        slot = self.new_slot(node)
        follows = follows and entry.takes_training
        self.calls.append(
            Call(name, entry.function, args, kwargs, (slot,), path, file, line, follows=follows)
        )
        self.stacks.append(stack)

    def argument(self, value: Any) -> Any:
        """An argument in our terms: nodes as slots, PyTorch's data types as ours."""
        library = torch()
        if value in self.slots if hasattr(value, "users") else False:
            return Slot(self.slots[value])
        if isinstance(value, (list, tuple)):
            return [self.argument(v) for v in value]
        if isinstance(value, library.dtype):
            return data_type(value)
        if isinstance(value, (library.device, library.layout, library.memory_format)):
            return None
        return value

    def stack_of(self, node: Any) -> Stack:
        """The calls of parts that a node was written in, from the outside in."""
        found = []
        for instance, (label, _) in (node.meta.get("nn_module_stack") or {}).items():
            path = label.partition("@")[0]
            if path and self.known_path(path):
                found.append((instance, path))
        return tuple(found)

    def known_path(self, path: str) -> bool:
        """Whether a path leads to a part."""
        try:
            self.root.part(path)
        except AttributeError:
            return False
        return True

    def inline(self, node: Any) -> None:
        """Put the calls of a no_grad block in its place; its results are constants."""
        enabled, block, *operands = node.args
        graph_module = getattr(self.exported.graph_module, str(block.target))
        given = iter(operands)
        outputs: Any = ()
        for inner in graph_module.graph.nodes:
            if inner.op == "placeholder":
                self.slots[inner] = self.slots[next(given)]
            elif inner.op == "get_attr":
                self.attribute(inner, graph_module)
            elif inner.op == "call_function":
                self.read(inner, self.stack_of(node))
            elif inner.op == "output":
                outputs = inner.args[0]
        several = isinstance(outputs, (list, tuple))
        found = self.argument(outputs)
        entry = find("detach.default" if not enabled else "alias.default")
        assert entry is not None
        function = each(entry.function) if several else entry.function
        slot = self.new_slot(node)
        stack = self.stack_of(node)
        self.calls.append(Call("no_grad", function, (found,), {}, (slot,), path_of(stack)))
        self.stacks.append(stack)


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for every item of a list."""
    return Each(function)


@dataclasses.dataclass(frozen=True)
class Each:
    """Applies a function to every item of a list."""

    function: Callable[..., Any]

    def __call__(self, items: list[Any]) -> list[Any]:
        return [self.function(i) if isinstance(i, Tensor) else i for i in items]


def _is_tensor_operator(node: Any) -> bool:
    return hasattr(node.target, "_schema")


def path_of(stack: Stack) -> str:
    """The submodule that a stack ends in."""
    return stack[-1][1] if stack else ""


def _shape(node: Any) -> tuple[int | None, ...] | None:
    value = None if node is None else node.meta.get("val")
    if not isinstance(value, torch().Tensor):
        return None
    return tuple([int(d) if isinstance(d, int) else None for d in value.shape])


def place_of(node: Any) -> tuple[str, int]:
    """The innermost line outside PyTorch that made a node."""
    for file, line in reversed(_FRAME.findall(node.meta.get("stack_trace") or "")):
        if "/torch/" not in file.replace("\\", "/"):
            return file, int(line)
    return "", 0


def refuse(kind: str, missing: list[Missing]) -> None:
    """Raise UnsupportedError that lists every operator without a counterpart, if there are any."""
    if not missing:
        return
    seen = dict.fromkeys(str(m) for m in missing)
    lines = "\n  ".join(seen)
    raise UnsupportedError(
        f"[from_torch] {kind} uses {len({m.name for m in missing})} operator(s) without a"
        f" counterpart (islands=True keeps them in PyTorch):\n  {lines}"
    )
