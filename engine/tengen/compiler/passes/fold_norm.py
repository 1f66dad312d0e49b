"""Batch norm with given statistics, folded into the convolution before it."""

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.convolution import convolution
from ...ops.fused_convolution import fused_convolution
from ...ops.fused_norm import folded_batch_norm
from ...ops.running import batch_norm_inference
from ..rewrite import Rewrite, readers_of


def fold_batch_norm(graph: Graph) -> Graph:
    """Makes convolution, batch_norm_inference one `fused_convolution` on a weight and a bias that
    `folded_batch_norm` gives.

    Matches a batch norm whose input is a convolution's result that nobody else reads, all of one
    data type. What it gives is computed again when a parameter has changed; that of constants by
    constant folding, once. Leaves batch norms behind anything else. Must run before constant
    folding and before `fuse_product`; the convolution itself is left to dead code.
    """
    readers = readers_of(graph)
    rewrite = Rewrite(graph)
    found = False
    for node in graph.nodes:
        source = _convolution_before(node, readers)
        if source is None:
            rewrite.keep(node)
            continue
        rewrite.replace(node.outputs[0], _folded(rewrite, node, source))
        found = True
    return rewrite.finish() if found else graph


def _convolution_before(node: Node, readers: dict[Var, list[Node | None]]) -> Node | None:
    if node.op is not batch_norm_inference:
        return None
    x = node.inputs[0]
    assert x is not None
    source = x.node
    if source is None or source.op is not convolution or len(readers[x]) > 1:
        return None
    same = all(var is None or var.type.dtype == x.type.dtype for var in node.inputs)
    return source if same else None


def _folded(rewrite: Rewrite, node: Node, source: Node) -> Var:
    """The result of the one call, after what it needs has been added to the new graph."""
    x, weight, *rest = rewrite.operands(source)
    _, *norm = rewrite.operands(node)
    operands = (weight, *[*norm, None, None][:4], *rest[:1])
    folded = rewrite.call(folded_batch_norm, node.attrs, operands, source.tag)
    attrs = (*source.attrs, "none")
    (made,) = rewrite.call(fused_convolution, attrs, (x, *folded), source.tag)
    return made
