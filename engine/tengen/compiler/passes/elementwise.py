"""Chains of elementwise calls as one."""

from ...graph.graph import Graph
from ...graph.node import Node
from ...ops.fused_elementwise import fused_elementwise
from ..chain import chain_of, fits, program_of
from ..contract import Group, contract
from ..rewrite import readers_of


def fuse_elementwise(graph: Graph) -> Graph:
    """Makes elementwise calls that feed only each other one `fused_elementwise`.

    Matches calls of one result shape and one float type that compiled kernels know; operands may
    also be single numbers, or one number per column of the last axis. A call whose result is read
    outside its chain ends it. Leaves single calls, and what broadcasts along other axes. Must run
    after the fusions that take additions and activations into convolutions, products and batch
    norms.
    """
    readers = readers_of(graph)
    place = {node: index for index, node in enumerate(graph.nodes)}
    taken: set[Node] = set()
    groups = []
    for node in reversed(graph.nodes):
        if node in taken or not fits(node, node.out_types[0]):
            continue
        chain = chain_of(node, readers, taken)
        if len(chain) > 1:
            taken.update(chain)
            groups.append(_group(sorted(chain, key=place.__getitem__)))
    return contract(graph, groups)


def _group(chain: list[Node]) -> Group:
    program, inputs = program_of(chain)
    last = chain[-1]
    return Group(chain, fused_elementwise, (program,), inputs, (last.outputs[0],), last)
