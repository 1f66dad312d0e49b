"""The gradient of batch norm with the activation's mask and the sum of gradients before it."""

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.elementwise import accumulate, add
from ...ops.fused_norm import MASKS, fused_batch_norm, fused_batch_norm_backward
from ...ops.norm import batch_norm_backward
from ..contract import Group, contract
from ..rewrite import readers_of

MOST_GRADIENTS = 3
"""Gradients that the kernels sum on the way."""

_NAMES = {op: name for name, op in MASKS.items()}


def fuse_batch_norm_backward(graph: Graph) -> Graph:
    """Makes accumulate, relu_backward (or relu6_backward), batch_norm_backward one call.

    Matches a batch_norm_backward with a weight behind a mask, or behind a sum of up to three
    gradients of its type. The mask's result may be read elsewhere (a residual's gradient): it is
    then a result of the fused call. Where the forward call is a `fused_batch_norm` without a
    residual, the mask comes from its input, so that the activation's output is not read again.
    Leaves sums that others read as well, save the outermost. Must run after `fuse_batch_norm` and
    before elementwise fusion, which would take the masks.
    """
    search = _Search(graph)
    for node in graph.nodes:
        if node.op is batch_norm_backward and len(node.inputs) == 5 and node.inputs[4] is not None:
            search.look_at(node)
    return contract(graph, search.groups)


class _Search:
    """Finds the groups; what one group has taken no other may take."""

    def __init__(self, graph: Graph):
        self.readers = readers_of(graph)
        self.taken: set[Node] = set()
        self.groups: list[Group] = []

    def look_at(self, node: Node) -> None:
        """Make the group of one batch_norm_backward, if there is one."""
        x, dy, mean, variance, weight = node.inputs
        assert x is not None and dy is not None and mean is not None
        forward = mean.node if mean.node is not None and mean.node.op is fused_batch_norm else None
        if forward is not None and forward.inputs[0] is not x:
            forward = None
        nodes, activation, y, given = [node], "none", None, dy
        mask = self._free(dy)
        if mask is not None and mask.op in _NAMES:
            inner, result = mask.inputs
            assert inner is not None and result is not None
            if inner.type is x.type and result.type is x.type:  # neither is broadcast
                activation = _NAMES[mask.op]
                nodes.append(mask)
                given, y = inner, result
        gradients = self._terms(given, nodes, first=activation == "none")
        if len(nodes) == 1:
            return
        masked = len(self.readers[dy]) > 1
        eps: float | None = node.attrs[0]
        bias, spread = None, variance
        if forward is not None:
            bias, spread, eps = forward.inputs[2], forward.outputs[3], None
            exact = x.type.dtype.itemsize >= 4
            if exact and y is forward.outputs[0] and len(forward.inputs) == 3:
                y = None
        self.taken.update(nodes)
        self.groups.append(
            Group(
                nodes,
                fused_batch_norm_backward,
                (eps, activation, masked),
                (x, mean, spread, weight, bias, y, *gradients),
                (*node.outputs, dy) if masked else node.outputs,
                node,
            )
        )

    def _free(self, var: Var) -> Node | None:
        return None if var.node is None or var.node in self.taken else var.node

    def _terms(self, value: Var, nodes: list[Node], first: bool) -> list[Var]:
        """The gradients whose sum is `value`; the calls that sum them are added to `nodes`.

        The `first` sum may have other readers: they take the fused call's masked result.
        """
        terms = [value]
        place = 0
        while place < len(terms) < MOST_GRADIENTS:
            total = self._free(terms[place])
            outermost = first and place == 0 and len(terms) == 1
            if (
                total is None
                or total.op not in (add, accumulate)
                or not (outermost or len(self.readers[terms[place]]) == 1)
                or any(v is None or v.type is not value.type for v in total.inputs)
            ):
                place += 1
                continue
            nodes.append(total)
            terms[place : place + 1] = [v for v in total.inputs if v is not None]
        return terms
