"""Making one graph from another: the tools that passes are written with.

Calls and values are never changed once they stand in a graph, so graphs share what they have in
common, and the graph that a pass was given stays as it was.
"""

from typing import Any

from ..graph.graph import Graph
from ..graph.infer import infer
from ..graph.node import Node, Var

Operands = tuple[Var | None, ...]


def make_node(op: Any, attrs: tuple[Any, ...], inputs: Operands, tag: Any) -> Node:
    """A call outside any graph, with inferred results."""
    node = Node(op, attrs, inputs)
    node.out_types = infer(op, attrs, tuple([None if v is None else v.type for v in inputs]))
    node.outputs = tuple([Var(node, i, t) for i, t in enumerate(node.out_types)])
    node.tag = tag
    return node


def readers_of(graph: Graph) -> dict[Var, list[Node | None]]:
    """Who reads each value, a call as often as it reads it; None stands for a graph output."""
    found: dict[Var, list[Node | None]] = {}
    for node in graph.nodes:
        for var in node.inputs:
            if var is not None:
                found.setdefault(var, []).append(node)
    for output in graph.outputs:
        if output is not None:
            found.setdefault(output, []).append(None)
    return found


class Rewrite:
    """A new graph that is filled call by call while the old one is walked.

    What `replace` was told of a value of the old graph holds for every later reader.
    """

    def __init__(self, graph: Graph):
        self.old = graph
        self.made = Graph()
        self.made.inputs = list(graph.inputs)
        self.made.constants = dict(graph.constants)
        self._now: dict[Var, Var] = {}

    def now(self, var: Var | None) -> Any:
        """The value that stands for one of the old graph."""
        return None if var is None else self._now.get(var, var)

    def operands(self, node: Node) -> Operands:
        """The inputs of a call of the old graph, as they are now."""
        return tuple([self.now(var) for var in node.inputs])

    def keep(self, node: Node) -> Node:
        """Append a call of the old graph, made anew if one of its inputs was replaced."""
        inputs = self.operands(node)
        if inputs != node.inputs:
            old, node = node, make_like(node, inputs)
            self._now.update(zip(old.outputs, node.outputs, strict=True))
        self.made.nodes.append(node)
        return node

    def call(self, op: Any, attrs: tuple[Any, ...], inputs: Operands, tag: Any) -> tuple[Var, ...]:
        """Append a new call on values of the new graph; its results."""
        node = make_node(op, attrs, inputs, tag)
        self.made.nodes.append(node)
        return node.outputs

    def constant(self, buffer: Any) -> Var:
        """A value for a new constant."""
        return self.made.add_constant(buffer)

    def replace(self, old: Var, new: Var) -> None:
        """Let `new` stand for a value of the old graph from now on."""
        self._now[old] = new

    def finish(self) -> Graph:
        """The new graph, with the old one's outputs."""
        self.made.outputs = [self.now(var) for var in self.old.outputs]
        return self.made


def make_like(node: Node, inputs: Operands) -> Node:
    """The same call on other inputs of the same types."""
    made = Node(node.op, node.attrs, inputs)
    made.out_types = node.out_types
    made.outputs = tuple([Var(made, i, t) for i, t in enumerate(node.out_types)])
    made.tag = node.tag
    return made
