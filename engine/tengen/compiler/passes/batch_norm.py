"""Batch norm with the residual addition and the activation behind it."""

from ...graph.graph import Graph
from ...graph.node import Node
from ...ops.fused_activation import ACTIVATIONS
from ...ops.fused_norm import ACTIVATIONS as FUSED
from ...ops.fused_norm import fused_batch_norm
from ...ops.fused_norm_inference import fused_batch_norm_inference
from ...ops.norm import batch_norm
from ...ops.running import batch_norm_inference
from ..contract import Group, contract
from ..epilogue import Epilogue, epilogue
from ..rewrite import readers_of

_NAMES = {op: name for name, op in ACTIVATIONS.items() if name in FUSED}


def fuse_batch_norm(graph: Graph) -> Graph:
    """Makes batch_norm, add, relu (or relu6) one `fused_batch_norm`, whichever of the two follow,
    and the same behind given statistics one `fused_batch_norm_inference`.

    Matches a batch norm with weight and bias whose result only the next call reads, that call's
    result only the one after. Leaves a batch norm that nothing follows, additions that broadcast,
    and additions that another batch norm has taken. Must run after `fold_batch_norm`, which takes
    those behind convolutions, before elementwise fusion, which would take additions and
    activations, and before `fuse_batch_norm_backward`, which looks for it.
    """
    readers = readers_of(graph)
    taken: set[Node] = set()
    groups = []
    for node in graph.nodes:
        given = node.op is batch_norm_inference
        if given or (node.op is batch_norm and len(node.inputs) == 3 and None not in node.inputs):
            found = epilogue(node.outputs[0], readers, taken, _NAMES)
            if found is not None:
                taken.update(found.nodes)
                groups.append(_given(node, found) if given else _group(node, found))
    return contract(graph, groups)


def _group(node: Node, found: Epilogue) -> Group:
    inputs = node.inputs if found.residual is None else (*node.inputs, found.residual)
    results = (found.value, *node.outputs[1:], None)
    attrs = (node.attrs[0], found.activation)
    return Group([node, *found.nodes], fused_batch_norm, attrs, inputs, results, node)


def _given(node: Node, found: Epilogue) -> Group:
    """With given statistics, which are operands."""
    inputs = node.inputs
    if found.residual is not None:
        inputs = (*inputs, *[None] * (5 - len(inputs)), found.residual)
    attrs = (node.attrs[0], found.activation)
    results = (found.value,)
    return Group([node, *found.nodes], fused_batch_norm_inference, attrs, inputs, results, node)
