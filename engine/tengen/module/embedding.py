"""Embedding: a table of vectors looked up by number."""

from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from ..functional import nn
from ..tensor import Parameter, Tensor
from . import init
from .module import Module


class Embedding(Module):
    """Rows of `weight` (num_embeddings, embedding_dim) by integer: shape S to
    (*S, embedding_dim).

    The rows start as standard normal numbers, or as `initial_weight`. `freeze`: no gradient for
    the table. `padding_idx`, `max_norm` and `norm_type` must be None. Raises ArgumentError.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float | None = None,
        initial_weight: Parameter | None = None,
        freeze: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        for name, value in (
            ("padding_idx", padding_idx), ("max_norm", max_norm), ("norm_type", norm_type),
        ):  # fmt: skip
            if value is not None:
                raise ArgumentError(f"[Embedding] {name} must be None; got {value}")
        self.padding_idx = padding_idx
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.freeze = freeze
        shape = (num_embeddings, embedding_dim)
        if initial_weight is None:
            self.weight = Parameter(np.zeros(shape, np.float32))
            self.reset_parameters()
            return
        if tuple(initial_weight.shape) != shape:
            raise ArgumentError(
                f"[Embedding] initial_weight has shape {shape}; got {initial_weight.shape}"
            )
        given = initial_weight if isinstance(initial_weight, Tensor) else Tensor(initial_weight)
        self.weight = Parameter(given.numpy(), dtype=given.dtype)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)

    def forward(self, inputs: Any) -> Any:
        return nn.embedding(inputs, self.weight.detach() if self.freeze else self.weight)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Parameter,
        freeze: bool | None = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float | None = None,
    ) -> "Embedding":
        """An Embedding with a given table (rows, columns), kept as it is unless `freeze=False`."""
        if len(embeddings.shape) != 2:
            raise ArgumentError(f"[Embedding] the table has 2 axes; got {embeddings.shape}")
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, max_norm, norm_type, embeddings, freeze=bool(freeze))

    def _module_info_string(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"
