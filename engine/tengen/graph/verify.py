"""The invariants of a graph, by number. Every pass keeps all of them.

1. Graph inputs and constants have no maker, stand in one list only, and have logical types.
2. A constant's type is the type of its buffer.
3. A call has an operator, one value for each of the operator's attributes, and they are hashable.
4. A call reads only inputs, constants, and results of calls that stand before it.
5. A result names its call and its place, and no call stands twice.
6. Results have the types that `infer` gives; a dimension that only running can tell may be told.
7. The operands of a call are on one device.
8. Outputs are values of the graph, or None.
"""

from ..base.errors import StateError, TengenError
from .graph import Graph
from .infer import infer
from .node import Node, Var
from .text import node_text
from .types import TensorType


def verify(graph: Graph) -> Graph:
    """The graph itself. Raises StateError with the number of the invariant that does not hold."""
    known: set[Var] = set()
    for var in (*graph.inputs, *graph.constants):
        _leaf(var, known)
        known.add(var)
    for var, buffer in graph.constants.items():
        if buffer.type.logical is not var.type:
            raise _broken(2, f"a constant {var.type} has a buffer of {buffer.type}")
    seen: set[Node] = set()
    for node in graph.nodes:
        _attributes(node)
        try:
            _call(node, known)
            if node in seen:
                raise _broken(5, "the call stands twice")
        except StateError as error:
            raise StateError(f"{error}: {node_text(node, None, True)}") from None
        seen.add(node)
        known.update(node.outputs)
    for number, output in enumerate(graph.outputs):
        if output is not None and output not in known:
            raise _broken(8, f"output {number} is no value of the graph")
    return graph


def _broken(number: int, what: str) -> StateError:
    return StateError(f"[verify] invariant {number}: {what}")


def _leaf(var: Var, known: set[Var]) -> None:
    if var in known:
        raise _broken(1, f"{var} stands twice among inputs and constants")
    if var.node is not None:
        raise _broken(1, f"the input or constant {var} is the result of a call")
    if var.type.layout is not None:
        raise _broken(1, f"the input or constant {var} has a physical layout")


def _attributes(node: Node) -> None:
    name, expected = node.op.name, len(node.op.attrs)
    if len(node.attrs) != expected:
        raise _broken(3, f"{name} has {expected} attribute(s), {len(node.attrs)} came")
    try:
        hash(node.attrs)
    except TypeError:
        raise _broken(3, f"an attribute of {name} cannot be hashed") from None


def _call(node: Node, known: set[Var]) -> None:
    for place, var in enumerate(node.inputs):
        if var is not None and var not in known:
            raise _broken(4, f"operand {place} is not made before the call")
    for place, var in enumerate(node.outputs):
        if var.node is not node or var.index != place:
            raise _broken(5, f"result {place} belongs to another place")
        if var in known:
            raise _broken(5, f"result {place} was made before")
    kinds = tuple([None if var is None else var.type for var in node.inputs])
    devices = {t.device.physical for t in kinds if t is not None}
    if len(devices) > 1:
        raise _broken(7, f"operands are on {', '.join(sorted(devices))}")
    _types(node, kinds)


def _types(node: Node, kinds: tuple[TensorType | None, ...]) -> None:
    try:
        expected = infer(node.op, node.attrs, kinds)
    except TengenError as error:
        raise _broken(6, str(error).partition("\n")[0]) from None
    made = tuple([var.type for var in node.outputs])
    if node.out_types != made or len(made) != len(expected):
        raise _broken(6, f"results {made} were recorded as {node.out_types}")
    for have, want in zip(made, expected, strict=True):
        if have is want:
            continue
        told = have.dtype == want.dtype and have.ndim == want.ndim and have.device is want.device
        if not told or any(w not in (None, h) for h, w in zip(have.shape, want.shape, strict=True)):
            raise _broken(6, f"a result is {have}, inferred is {want}")
