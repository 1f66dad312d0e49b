"""Images laid out channels-last for the convolutions that are fastest so."""

from ...base import dtype as dt
from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.channels_last import channels_last
from ...ops.channels_last_onednn import favoured
from ...ops.convolution import convolution
from ...ops.fused_convolution import fused_convolution
from ...ops.pooling import average_pool, max_pool
from ..cost import flops
from ..rewrite import Rewrite

PRODUCTS = (convolution, fused_convolution)
FOLLOW = (*PRODUCTS, max_pool, average_pool)
LEAST_WORK = 0.4
"""Of the multiplications in convolutions, what windows of several places must do: on one place
both layouts are about as fast, and depthwise kernels gain nothing."""
MOST_STRANGE = 0.03
"""Of the bytes that convolutions write, what calls may read that would need them plain again."""


def lay_channels_last(graph: Graph) -> Graph:
    """Makes a `channels_last` of the images that a network of convolutions begins with; what
    follows then comes in that order by itself.

    Matches float32 inference on a CPU whose library has such kernels, where most of the work is in
    windows of several places and hardly anything but convolutions and pooling reads the images.
    Leaves graphs with gradients of convolutions, whose other kernels want blocks. Must run after
    `fuse_product`, since activations that stand alone read images too.
    """
    starts = _starts(graph) if favoured() else set()
    if not starts:
        return graph
    rewrite = Rewrite(graph)
    made: dict[Var, Var] = {}
    for node in graph.nodes:
        x = node.inputs[0] if node.inputs else None
        if node.op not in PRODUCTS or x not in starts:
            rewrite.keep(node)
            continue
        operands = rewrite.operands(node)
        if x not in made:
            (made[x],) = rewrite.call(channels_last, (), operands[:1], node.tag)
        results = rewrite.call(node.op, node.attrs, (made[x], *operands[1:]), node.tag)
        rewrite.replace(node.outputs[0], results[0])
    return rewrite.finish()


def _starts(graph: Graph) -> set[Var]:
    """What convolutions read that neither a convolution nor pooling gave, if it is worth it."""
    chain: set[Var] = set()
    starts: set[Var] = set()
    work = windows = written = strange = 0
    for node in graph.nodes:
        if not all(t.known and t.device.host for t in node.out_types) or _is_backward(node):
            return set()
        if node.op in FOLLOW:
            chain.update(node.outputs)
        else:
            strange += sum(v.type.nbytes for v in node.inputs if v in chain and _has_order(v))
        if node.op not in PRODUCTS:
            continue
        x = node.inputs[0]
        assert x is not None
        if x.type.ndim != 4 or x.type.dtype != dt.float32:
            return set()
        if x not in chain:
            starts.add(x)
        cost = flops(node)
        work += cost
        windows += cost if _is_wide(node) else 0
        written += node.out_types[0].nbytes
    worth = windows >= LEAST_WORK * work > 0 and strange <= MOST_STRANGE * written
    return starts if worth else set()


def _is_backward(node: Node) -> bool:
    return "convolution" in node.op.name and "backward" in node.op.name


def _is_wide(node: Node) -> bool:
    """Whether a convolution looks at several places, over channels that it mixes."""
    x, weight = (v.type.shape for v in node.inputs[:2] if v is not None)
    return len(weight) == 4 and x[1] >= 16 and weight[2] * weight[3] > 1


def _has_order(var: Var) -> bool:
    """Whether a value lies otherwise in memory when its channels come last."""
    shape = var.type.shape
    return len(shape) == 4 and shape[1] > 1 and shape[2] * shape[3] > 1
