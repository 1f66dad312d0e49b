"""How many bytes of values a graph holds at each of its calls, in their logical sizes."""

from collections.abc import Callable

from ..graph.graph import Graph
from ..graph.node import Node, Var
from ..graph.types import TensorType


def roots(graph: Graph) -> dict[Var, Var]:
    """For each value the one whose memory it shows: itself, what a view was taken of, or the
    parameter or state that an update writes its next value over."""
    found: dict[Var, Var] = {}
    for node in graph.nodes:
        source = next((v for v in node.inputs if v is not None), None)
        for place, index in node.op.overwrites(node.attrs):
            state = node.inputs[place]
            if state is not None and state.node is None:
                found[node.outputs[index]] = state
        for var in node.outputs:
            if var in found:
                continue
            if node.op.alias and source is not None:
                found[var] = found.get(source, source)
            else:
                found[var] = var
    return found


def reused(node: Node, dead: Callable[[Var], bool]) -> dict[Var, TensorType]:
    """The inputs of a call in whose memory its results can lie, each with the result's type.

    `dead(var)` tells of an input that nobody reads after the call.
    """
    found: dict[Var, TensorType] = {}
    targets: set[int] = set()
    for source, target in node.op.reuses(node.attrs, len(node.inputs)):
        var = node.inputs[source]
        if var is None or target in targets or var in found or target >= len(node.outputs):
            continue
        if var.node is not None and var.type is node.outputs[target].type and dead(var):
            found[var] = var.type
            targets.add(target)
    return found


def live_bytes(graph: Graph, in_place: bool = True) -> list[int]:
    """Bytes of results held while each call runs, still to be read or given out; inputs aside, and
    what was moved out to the host's memory.

    A result that can lie in the memory of an input that is read there for the last time does;
    not so without `in_place`, as when the calls are run one by one.
    """
    shown = roots(graph)
    death: dict[Var, int] = {}
    birth: dict[Var, int] = {}
    for index, node in enumerate(graph.nodes):
        for var in node.inputs:
            if var is not None and var in shown:
                death[shown[var]] = index
        for var in node.outputs:
            root = shown[var]
            birth.setdefault(root, index)
            death[root] = max(death.get(root, index), index)
    for var in graph.outputs:
        if var is not None and var in shown:
            death[shown[var]] = len(graph.nodes) - 1
    change = [0] * (len(graph.nodes) + 1)
    for var, index in birth.items():
        if var.type.known and var.node is not None and var.node.op.travels != "out":
            change[index] += var.type.nbytes
            change[death[var] + 1] -= var.type.nbytes
    for index, node in enumerate(graph.nodes if in_place else ()):
        last = {v for v in node.inputs if v is not None and shown.get(v) is v and death[v] == index}
        for var in reused(node, last.__contains__):
            change[index] -= var.type.nbytes
            change[index + 1] += var.type.nbytes
    held, found = 0, []
    for step in change[:-1]:
        held += step
        found.append(held)
    return found


def peak_bytes(graph: Graph, in_place: bool = True) -> int:
    """The most of `live_bytes`."""
    return max(live_bytes(graph, in_place), default=0)
