"""How many operations a layer takes: multiply-adds of products, elements touched of the rest."""

import math
from collections.abc import Callable
from typing import Any

from .. import module as M
from ..module.batchnorm import BatchNorm
from ..module.convolution_base import ConvNd

Cost = Callable[[Any, Any, Any], int]
_costs: dict[type, Cost] = {}


def register_flops(*kinds: type) -> Callable[[Cost], Cost]:
    """Count layers of these classes with `cost(layer, input, output)`; subclasses follow."""

    def register(cost: Cost) -> Cost:
        for kind in kinds:
            _costs[kind] = cost
        return cost

    return register


def cost_of(layer: Any) -> Cost | None:
    """The counting function for a layer, the one of its nearest base class; None if none is."""
    return next((_costs[kind] for kind in type(layer).__mro__ if kind in _costs), None)


def _size(tensor: Any) -> int:
    return math.prod(tensor.shape)


@register_flops(ConvNd)
def _convolution(layer: Any, x: Any, y: Any) -> int:
    kernel = layer.kernel_size
    area = kernel if isinstance(kernel, int) else math.prod(kernel)
    bias = _size(y) if layer.bias is not None else 0
    if layer.transposed:
        return _size(x) * layer.out_channels // layer.groups * area + bias
    return _size(y) * layer.in_channels // layer.groups * area + bias


@register_flops(M.Linear)
def _linear(layer: Any, x: Any, y: Any) -> int:
    return _size(y) * layer.in_features + (_size(y) if layer.bias is not None else 0)


@register_flops(M.BatchMatMulActivation)
def _batch_matmul(layer: Any, x: Any, y: Any) -> int:
    return _size(y) * layer.in_features + (_size(y) if layer.bias is not None else 0)


@register_flops(BatchNorm, M.GroupNorm, M.InstanceNorm, M.LayerNorm)
def _norm(layer: Any, x: Any, y: Any) -> int:
    return 7 * _size(x)  # mean 1, variance 2, normalise 2, scale and shift 2


@register_flops(M.MaxPool2d, M.AvgPool2d)
def _pool(layer: Any, x: Any, y: Any) -> int:
    kernel = layer.kernel_size
    return _size(y) * (kernel * kernel if isinstance(kernel, int) else math.prod(kernel))


@register_flops(M.AdaptiveAvgPool2d, M.AdaptiveMaxPool2d)
def _adaptive(layer: Any, x: Any, y: Any) -> int:
    return _size(x)


@register_flops(M.LocalResponseNorm)
def _response(layer: Any, x: Any, y: Any) -> int:
    return _size(x) * (layer.kernel_size + 3)
