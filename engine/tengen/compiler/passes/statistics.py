"""A convolution and the statistics of the batch norm behind it."""

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.convolution import convolution
from ...ops.convolution_statistics import convolution_statistics
from ...ops.convolution_statistics_cudnn import usable
from ...ops.norm import batch_norm
from ...ops.running import batch_norm_inference
from ..rewrite import Rewrite, readers_of


def fuse_statistics(graph: Graph) -> Graph:
    """Makes a convolution whose result one batch norm normalises a `convolution_statistics`, and
    the batch norm a `batch_norm_inference` with the mean and variance that this gives.

    Matches convolutions without a bias for which a GPU's library has kernels that sum what they
    write: the batch norm's own pass to find them is saved. Leaves all others. Must run after
    `fold_batch_norm`, which would take such a batch norm for one of given statistics, and before
    `fuse_batch_norm`, which adds what follows.
    """
    readers = readers_of(graph)
    found: dict[Node, Node] = {}
    for node in graph.nodes:
        norm = _norm(node, readers.get(node.outputs[0], [])) if node.op is convolution else None
        if norm is not None:
            found[node] = norm
    if not found:
        return graph
    norms = set(found.values())
    statistics: dict[Var, tuple[Var, ...]] = {}
    rewrite = Rewrite(graph)
    for node in graph.nodes:
        if node in found:
            made = rewrite.call(
                convolution_statistics, node.attrs, rewrite.operands(node)[:2], node.tag
            )
            rewrite.replace(node.outputs[0], made[0])
            statistics[node.outputs[0]] = made
        elif node in norms:
            x, *affine = node.inputs
            assert x is not None
            given = (*statistics[x], *map(rewrite.now, affine))
            (y,) = rewrite.call(batch_norm_inference, node.attrs, given, node.tag)
            for old, new in zip(node.outputs, (y, *statistics[x][1:]), strict=True):
                rewrite.replace(old, new)
        else:
            rewrite.keep(node)
    return rewrite.finish()


def _norm(product: Node, readers: list[Node | None]) -> Node | None:
    """The one batch norm that reads a convolution's result, where the two can be joined."""
    x, weight, *bias = product.inputs
    norms = [node for node in readers if node is not None and node.op is batch_norm]
    if len(norms) != 1 or x is None or weight is None or any(b is not None for b in bias):
        return None
    return norms[0] if usable(x.type, weight.type, product.out_types[0]) else None
