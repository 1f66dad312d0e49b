"""Normalisation of each sample by itself: by layer, by groups of channels, by channel."""

from typing import Any

import numpy as np

from ..base.errors import ArgumentError, ShapeError
from ..functional import nn
from ..tensor import Parameter
from . import init
from .module import Module


class _Norm(Module):
    """`weight` and `bias` of a shape where `affine`, None otherwise."""

    state_as_vectors = True

    def __init__(self, shape: tuple[int, ...], eps: float, affine: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.eps = eps
        self.affine = affine
        self.weight = Parameter(np.ones(shape, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(shape, np.float32)) if affine else None

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def _by_groups(self, x: Any, groups: int, channels: int) -> Any:
        """Normalise each of `groups` runs of channels of (N, C, ...), then scale by channel."""
        if x.ndim < 2 or x.shape[1] != channels:
            raise ShapeError(
                f"[{type(self).__name__}] the input is (N, {channels}, ...); got {x.shape}"
            )
        rows = x.reshape(x.shape[0] * groups, -1)  # (N * groups, C / groups * area)
        rows = nn.layer_norm(rows, (rows.shape[1],), False, None, None, self.eps)
        result = rows.reshape(x.shape)
        if self.weight is None or self.bias is None:
            return result
        shape = (1, channels, *(1,) * (x.ndim - 2))
        return result * self.weight.reshape(shape) + self.bias.reshape(shape)


class GroupNorm(_Norm):
    """Normalisation of `num_groups` groups of channels of each sample (Wu and He, 2018)."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        **kwargs: Any,
    ):
        if num_channels % num_groups:
            raise ArgumentError(
                f"[GroupNorm] {num_channels} channels do not divide into {num_groups} groups"
            )
        super().__init__((num_channels,), eps, affine, **kwargs)
        self.num_groups = num_groups
        self.num_channels = num_channels

    def forward(self, x: Any) -> Any:
        return self._by_groups(x, self.num_groups, self.num_channels)

    def _module_info_string(self) -> str:
        return (
            f"groups={self.num_groups}, channels={self.num_channels}, eps={self.eps},"
            f" affine={self.affine}"
        )


class InstanceNorm(_Norm):
    """Normalisation of each channel of each sample (Ulyanov et al., 2016)."""

    def __init__(self, num_channels: int, eps: float = 1e-5, affine: bool = True, **kwargs: Any):
        super().__init__((num_channels,), eps, affine, **kwargs)
        self.num_channels = num_channels

    def forward(self, x: Any) -> Any:
        return self._by_groups(x, self.num_channels, self.num_channels)

    def _module_info_string(self) -> str:
        return f"channels={self.num_channels}, eps={self.eps}, affine={self.affine}"


class LayerNorm(_Norm):
    """Normalisation over the last axes, whose sizes are `normalized_shape` (Ba et al., 2016)."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, affine: bool = True, **kwargs: Any
    ):
        sizes = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape = tuple(sizes)
        super().__init__(self.normalized_shape, eps, affine, **kwargs)

    def forward(self, x: Any) -> Any:
        return nn.layer_norm(
            x, self.normalized_shape, self.affine, self.weight, self.bias, self.eps
        )

    def _module_info_string(self) -> str:
        return f"normalized_shape={self.normalized_shape}, eps={self.eps}, affine={self.affine}"
