"""Depthwise convolutions behind batch norm and activation, forward and backward."""

import dataclasses

from ...graph.graph import Graph
from ...graph.node import Node, Var
from ...ops.convolution import convolution, convolution_backward_data, convolution_backward_weight
from ...ops.fused_depthwise import fused_depthwise, fused_depthwise_backward
from ...ops.fused_depthwise_numba import usable
from ...ops.fused_norm import fused_batch_norm, fused_batch_norm_backward
from ..contract import Group, contract
from ..rewrite import readers_of

Readers = dict[Var, list[Node | None]]


def fuse_depthwise(graph: Graph) -> Graph:
    """Makes fused_batch_norm and a depthwise convolution one `fused_depthwise`, and the gradients
    of both one `fused_depthwise_backward`.

    Matches a batch norm with an activation and without a residual whose result only the convolution
    reads, and the gradient of its kernel: the result is then never kept. Leaves batch norms that
    others read, and convolutions for which there are no compiled kernels. Must run after
    `fuse_batch_norm_backward`.
    """
    readers = readers_of(graph)
    groups: list[Group] = []
    for node in graph.nodes:
        if node.op is fused_batch_norm and len(node.inputs) == 3:
            found = _match(node, readers)
            if found is not None:
                groups += found.groups()
    return contract(graph, groups, together=True)


@dataclasses.dataclass
class _Match:
    """The calls around one depthwise convolution; the gradients are there in training only."""

    norm: Node
    product: Node
    of_data: Node | None = None
    of_kernel: Node | None = None
    of_norm: Node | None = None

    def groups(self) -> list[Group]:
        """The groups that stand for them."""
        eps, activation = self.norm.attrs
        stride, padding, _ = self.product.attrs
        kernel = self.product.inputs[1]
        made = [
            Group(
                [self.norm, self.product],
                fused_depthwise,
                (eps, activation, stride, padding),
                (*self.norm.inputs, kernel),
                (self.product.outputs[0], *self.norm.outputs[1:]),
                self.product,
            )
        ]
        if self.of_data is not None and self.of_kernel is not None and self.of_norm is not None:
            x, mean, inverse, weight, bias = self.of_norm.inputs[:5]
            made.append(
                Group(
                    [self.of_data, self.of_kernel, self.of_norm],
                    fused_depthwise_backward,
                    (activation, stride, padding),
                    (x, mean, inverse, weight, bias, kernel, self.of_data.inputs[0]),
                    (*self.of_norm.outputs, self.of_kernel.outputs[0]),
                    self.of_norm,
                )
            )
        return made


def _match(norm: Node, readers: Readers) -> _Match | None:
    y = norm.outputs[0]
    found = readers.get(y, [])
    product = next((n for n in found if n is not None and n.op is convolution), None)
    if product is None or not _depthwise(product, y):
        return None
    others = [reader for reader in found if reader is not product]
    if not others:
        return _Match(norm, product)
    of_kernel = others[0]
    if len(others) > 1 or of_kernel is None or of_kernel.op is not convolution_backward_weight:
        return None
    of_norm, of_data = _gradient_of(norm, product, of_kernel, readers)
    if of_norm is None or of_data is None:
        return None
    return _Match(norm, product, of_data, of_kernel, of_norm)


def _depthwise(product: Node, y: Var) -> bool:
    stride, padding, dilation = product.attrs
    kernel = product.inputs[1]
    if len(product.inputs) != 2 or product.inputs[0] is not y or kernel is None:
        return False
    one_each = kernel.type.ndim == 5 and kernel.type.shape[:3] == (y.type.shape[1], 1, 1)
    return one_each and dilation == (1, 1) and usable(y.type, kernel.type, stride, padding)


def _gradient_of(
    norm: Node, product: Node, of_kernel: Node, readers: Readers
) -> tuple[Node | None, Node | None]:
    """The batch norm's gradient call and the convolution's, if they belong together."""
    dz = of_kernel.inputs[1]
    assert dz is not None
    kernel = product.inputs[1]
    for of_norm in readers.get(norm.outputs[3], []):
        if of_norm is None or of_norm.op is not fused_batch_norm_backward:
            continue
        eps, activation, masked = of_norm.attrs
        *_, y, dy = of_norm.inputs
        if eps is not None or masked or activation != norm.attrs[1] or y is not None:
            continue
        if len(of_norm.inputs) != 7 or dy is None or len(readers[dy]) > 1:
            continue
        of_data = dy.node
        if of_data is None or of_data.op is not convolution_backward_data:
            continue
        same = of_data.attrs[1:] == product.attrs and of_kernel.attrs[1:] == product.attrs
        if same and of_data.inputs == (dz, kernel):
            return of_norm, of_data
    return None, None
