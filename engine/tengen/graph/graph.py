"""Graph: a recorded program of nodes, with its inputs, captured constants and outputs."""

from typing import Any

from .infer import infer
from .node import Node, Var
from .types import TensorType
from .value import Value, wrap


class Graph:
    """Nodes in execution order. `constants` maps the Var of a captured value to its buffer."""

    def __init__(self) -> None:
        self.inputs: list[Var] = []
        self.nodes: list[Node] = []
        self.outputs: list[Var | None] = []
        self.constants: dict[Var, Any] = {}

    def add_input(self, type: TensorType) -> Var:
        """A new graph input."""
        var = Var(None, len(self.inputs), type)
        self.inputs.append(var)
        return var

    def add_constant(self, buffer: Any) -> Var:
        """A Var for a captured buffer."""
        var = Var(None, -1 - len(self.constants), buffer.type.logical)
        self.constants[var] = buffer
        return var

    def add_node(
        self, op: Any, attrs: tuple[Any, ...], inputs: tuple[Var | None, ...]
    ) -> tuple[Var, ...]:
        """Append a call; its outputs' types are inferred."""
        types = infer(op, attrs, tuple([None if v is None else v.type for v in inputs]))
        node = Node(op, attrs, inputs)
        node.out_types = types
        node.outputs = tuple([Var(node, i, t) for i, t in enumerate(types)])
        node.tag = None
        self.nodes.append(node)
        return node.outputs

    def prune(self) -> None:
        """Drop every node that no output depends on."""
        needed = {var.node for var in self.outputs if var is not None and var.node is not None}
        kept = []
        for node in reversed(self.nodes):
            if node in needed:
                kept.append(node)
                needed.update(v.node for v in node.inputs if v is not None and v.node is not None)
        self.nodes = kept[::-1]
        read = {v for node in self.nodes for v in node.inputs} | set(self.outputs)
        self.constants = {v: b for v, b in self.constants.items() if v in read}


class Recorder:
    """A tracing mode: calls become nodes of `graph`; concrete values become its constants."""

    def __init__(self) -> None:
        self.graph = Graph()
        self._captured: dict[int, tuple[Any, Var]] = {}

    def input(self, type: TensorType) -> Any:
        """A symbolic value for a new graph input."""
        return wrap(None, self.graph.add_input(type))

    def var_of(self, value: Value) -> Var:
        """The Var of a symbolic value, or of a constant for a concrete one."""
        if value._buffer is None:
            assert value._var is not None
            return value._var
        found = self._captured.get(id(value._buffer))
        if found is None:
            found = (value._buffer, self.graph.add_constant(value._buffer))
            self._captured[id(value._buffer)] = found
        return found[1]

    def reading(self, value: Any) -> None:
        """A constant's data is read: nothing to note."""

    def emit(self, op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        """Append the call and give symbolic results."""
        operands = tuple([None if x is None else self.var_of(x) for x in inputs])
        results = [wrap(None, var) for var in self.graph.add_node(op, attrs, operands)]
        return results[0] if op.single else tuple(results)
