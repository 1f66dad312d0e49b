"""Batch normalisation layers, with running statistics for evaluation."""

from abc import abstractmethod
from typing import Any

import numpy as np

from ..base.errors import ArgumentError, ShapeError
from ..functional import nn
from ..tensor import Parameter, Tensor
from . import init
from .module import Module


class BatchNorm(Module):
    """Base of the batch normalisations (Ioffe and Szegedy, 2015) over axis 1.

    Training normalises with the batch's statistics and keeps
    `running = momentum * running + (1 - momentum) * batch`; evaluation normalises with the
    running ones. `affine`: with a weight and bias a channel. `freeze`: always the running
    statistics, and no gradient for weight and bias.
    """

    state_as_vectors = True
    dimensions: tuple[int, ...] = (4,)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        track_running_stats: bool = True,
        freeze: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if freeze and not track_running_stats:
            raise ArgumentError(f"[{type(self).__name__}] freeze needs track_running_stats")
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.freeze = freeze
        shape = (1, num_features, 1, 1)
        self.weight = Parameter(np.ones(shape, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(shape, np.float32)) if affine else None
        self.running_mean = Tensor(np.zeros(shape, np.float32)) if track_running_stats else None
        self.running_var = Tensor(np.ones(shape, np.float32)) if track_running_stats else None

    def reset_running_stats(self) -> None:
        """Set the running mean to 0 and the running variance to 1."""
        if self.running_mean is not None and self.running_var is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)

    def reset_parameters(self) -> None:
        """Reset the running statistics, the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    @abstractmethod
    def forward(self, inp: Any) -> Any:
        """The normalised input."""

    def _normalised(self, inp: Any) -> Any:
        if inp.ndim not in self.dimensions:
            expected = " or ".join(str(n) for n in self.dimensions)
            raise ShapeError(
                f"[{type(self).__name__}] the input has {expected} dimensions; got {inp.shape}"
            )
        weight: Tensor | None = self.weight
        bias: Tensor | None = self.bias
        if self.freeze:
            weight = None if weight is None else weight.detach()
            bias = None if bias is None else bias.detach()
        tracking = self.track_running_stats
        return nn.batch_norm(
            inp,
            self.running_mean if tracking else None,
            self.running_var if tracking else None,
            weight,
            bias,
            training=(self.training and not self.freeze) or self.running_mean is None,
            momentum=self.momentum if tracking else 0.0,
            eps=self.eps,
        )

    def _module_info_string(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine},"
            f" track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L)."""

    dimensions = (2, 3)

    def forward(self, inp: Any) -> Any:
        return self._normalised(inp)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images (N, C, H, W)."""

    def forward(self, inp: Any) -> Any:
        return self._normalised(inp)


class SyncBatchNorm(BatchNorm):
    """Batch normalisation of (N, C), (N, C, L) or (N, C, H, W) with the statistics of all
    processes of `group`; in one process it is batch normalisation."""

    dimensions = (2, 3, 4)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.9,
        affine: bool = True,
        track_running_stats: bool = True,
        freeze: bool = False,
        group: Any = None,
        **kwargs: Any,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, freeze, **kwargs)
        self.group = group

    def forward(self, inp: Any) -> Any:
        return self._normalised(inp)
