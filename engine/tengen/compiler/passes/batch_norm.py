"""Training batch norm with the residual addition and the activation behind it."""

from ...graph.graph import Graph
from ...graph.node import Node
from ...ops.fused_activation import ACTIVATIONS
from ...ops.fused_norm import ACTIVATIONS as FUSED
from ...ops.fused_norm import fused_batch_norm
from ...ops.norm import batch_norm
from ..contract import Group, contract
from ..epilogue import Epilogue, epilogue
from ..rewrite import readers_of

_NAMES = {op: name for name, op in ACTIVATIONS.items() if name in FUSED}


def fuse_batch_norm(graph: Graph) -> Graph:
    """Makes batch_norm, add, relu (or relu6) one `fused_batch_norm`, whichever of the two follow.

    Matches a batch norm with weight and bias whose result only the next call reads, that call's
    result only the one after. Leaves a batch norm that nothing follows, additions that broadcast,
    and additions that another batch norm has taken. Must run before elementwise fusion, which would
    take additions and activations, and before `fuse_batch_norm_backward`, which looks for it.
    """
    readers = readers_of(graph)
    taken: set[Node] = set()
    groups = []
    for node in graph.nodes:
        if node.op is batch_norm and len(node.inputs) == 3 and None not in node.inputs:
            found = epilogue(node.outputs[0], readers, taken, _NAMES)
            if found is not None:
                taken.update(found.nodes)
                groups.append(_group(node, found))
    return contract(graph, groups)


def _group(node: Node, found: Epilogue) -> Group:
    inputs = node.inputs if found.residual is None else (*node.inputs, found.residual)
    results = (found.value, *node.outputs[1:], None)
    attrs = (node.attrs[0], found.activation)
    return Group([node, *found.nodes], fused_batch_norm, attrs, inputs, results, node)
