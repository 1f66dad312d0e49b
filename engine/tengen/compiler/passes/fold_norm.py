"""Batch norm with given statistics, folded into the convolution before it."""

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.convolution import convolution
from ...ops.elementwise import mul
from ...ops.fused_convolution import fused_convolution
from ...ops.fused_norm import batch_norm_scale
from ...ops.running import batch_norm_inference
from ...ops.shape import reshape
from ..rewrite import Rewrite, readers_of


def fold_batch_norm(graph: Graph) -> Graph:
    """Makes convolution, batch_norm_inference one `fused_convolution` with a scale and a shift.

    Matches a batch norm whose input is a convolution's result that nobody else reads, all of one
    data type. Where weight and statistics are constants the scale goes into the weight, which
    constant folding then computes once. Leaves batch norms behind anything else. Must run before
    constant folding and before `fuse_convolution`; the convolution itself is left to dead code.
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
    assert weight is not None
    offset = rest[0] if rest else None
    _, *norm = rewrite.operands(node)
    norm = [*norm, None, None][:4]
    tag = source.tag
    scale, shift = rewrite.call(batch_norm_scale, node.attrs, (*norm, offset), tag)
    inputs: tuple[Var | None, ...] = (x, weight, shift, scale)
    if all(var is None or var in rewrite.made.constants for var in (weight, *norm, offset)):
        inputs = (x, _scaled(rewrite, weight, scale, tag), shift)
    (made,) = rewrite.call(fused_convolution, (*source.attrs, "none"), inputs, tag)
    return made


def _scaled(rewrite: Rewrite, weight: Var, scale: Var, tag: object) -> Var:
    """The weight with each output channel scaled."""
    ndim = weight.type.ndim
    grouped = ndim > scale.type.ndim
    lead = weight.type.shape[: 2 if grouped else 1]
    shape = (*lead, *[1] * (ndim - len(lead)))
    (column,) = rewrite.call(reshape, (shape,), (scale,), tag)
    (made,) = rewrite.call(mul, (), (weight, column), tag)
    return made
