"""Taking fused calls apart where that lets memory go earlier."""

from ..graph.graph import Graph
from ..graph.node import Node
from ..ops.elementwise import add
from ..ops.fused_elementwise import Step, fused_elementwise
from ..ops.fused_norm import MASKS, fused_batch_norm_backward
from .rewrite import Rewrite

_Y, _FIRST = 5, 6


def split_sums(graph: Graph) -> Graph:
    """Makes a batch norm's gradient that gives its masked sum as well two calls, the sum first.

    The gradients that are summed and the activation's result then go before the batch norm's input
    has to be there, which a recompute can use. The numbers stay the same to the bit. Leaves calls
    whose mask comes from x.
    """
    found = [node for node in graph.nodes if _splits(node)]
    if not found:
        return graph
    chosen = set(found)
    rewrite = Rewrite(graph)
    for node in graph.nodes:
        if node not in chosen:
            rewrite.keep(node)
            continue
        x, mean, spread, weight, bias, y, *gradients = rewrite.operands(node)
        activation = node.attrs[1]
        count = len(gradients) + (activation != "none")
        program: list[Step] = []
        total = 0
        for place in range(1, len(gradients)):
            program.append((add.name, (), (total, place)))
            total = count + len(program) - 1
        operands = tuple(gradients)
        if activation != "none":
            operands = (*gradients, y)
            program.append((MASKS[activation].name, (), (total, len(gradients))))
        (masked,) = rewrite.call(fused_elementwise, (tuple(program),), operands, node.tag)
        made = rewrite.call(
            fused_batch_norm_backward,
            (node.attrs[0], "none", False),
            (x, mean, spread, weight, bias, None, masked),
            node.tag,
        )
        for old, new in zip(node.outputs, (*made, masked), strict=True):
            rewrite.replace(old, new)
    return rewrite.finish()


def _splits(node: Node) -> bool:
    if node.op is not fused_batch_norm_backward or not node.attrs[-1]:
        return False
    activation, gradients = node.attrs[1], len(node.inputs) - _FIRST
    if activation != "none" and node.inputs[_Y] is None:
        return False
    return activation != "none" or gradients > 1
