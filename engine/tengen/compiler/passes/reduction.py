"""Reductions of chains of elementwise calls."""

from ...graph.graph import Graph
from ...graph.node import Node
from ...ops.fused_reduction import REDUCTIONS, fused_reduction
from ..chain import chain_of, fits, program_of
from ..contract import Group, contract
from ..rewrite import readers_of

_NAMES = {op: name for name, op in REDUCTIONS.items()}


def fuse_reduction(graph: Graph) -> Graph:
    """Makes elementwise calls and the sum, mean or maximum of their value one `fused_reduction`.

    Matches reductions over the last axes, or all, of a value that nobody else reads and that a
    chain of elementwise calls gives (see `fuse_elementwise`). Leaves reductions over other axes.
    Must run before `fuse_elementwise`, which would take the chains.
    """
    readers = readers_of(graph)
    place = {node: index for index, node in enumerate(graph.nodes)}
    taken: set[Node] = set()
    groups = []
    for node in graph.nodes:
        axes = _last_axes(node)
        source = node.inputs[0].node if axes and node.inputs[0] is not None else None
        if source is None or source in taken or not fits(source, source.out_types[0]):
            continue
        if len(readers[source.outputs[0]]) > 1:
            continue
        chain = sorted(chain_of(source, readers, taken), key=place.__getitem__)
        if chain:
            taken.update(chain)
            program, inputs = program_of(chain)
            attrs = (program, _NAMES[node.op], axes, node.attrs[1])
            groups.append(Group([*chain, node], fused_reduction, attrs, inputs, node.outputs, node))
    return contract(graph, groups)


def _last_axes(node: Node) -> int:
    """How many of the last axes a call reduces; 0 for any other call."""
    if node.op not in _NAMES or node.inputs[0] is None:
        return 0
    ndim = node.inputs[0].type.ndim
    axis = node.attrs[0]
    found = sorted(range(ndim) if axis is None else [a % ndim for a in axis])
    return len(found) if found == list(range(ndim - len(found), ndim)) else 0
