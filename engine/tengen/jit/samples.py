"""Other inputs of the same kind: what a conversion is tried on besides the user's samples."""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..graph.types import TensorType
from ..graph.value import wrap
from ..runtime.buffer import Buffer
from ..tensor import Tensor
from .structure import flatten, rebuild


def perturbed(samples: Any, seed: int) -> Any:
    """The samples with floats of other size and sign, and integers in another order.

    Shapes, data types and the range of integers stay, so that indices and labels stay valid.
    """
    rng = np.random.default_rng(seed)
    scale = (-1.0, 3.0, 0.01)[seed % 3]

    def change(tensor: Tensor) -> Tensor:
        array = tensor.numpy()
        if dt.is_float(array.dtype):
            noise = rng.standard_normal(array.shape) * (np.abs(array).mean() if array.size else 0)
            array = (array.astype(np.float64) * scale + noise).astype(array.dtype)
        elif array.size > 1:
            array = rng.permutation(array.reshape(-1)).reshape(array.shape)
        return Tensor(array, dtype=array.dtype, device=tensor.device)

    return _mapped(samples, change)


def other_batches(samples: Any) -> list[Any]:
    """The samples at two other sizes of the batch axis they share, of the rows they have; [] where
    they share none. Neither size is 1."""
    leaves: list[Tensor] = []
    flatten(samples, leaves)
    sizes = {t.shape[0] for t in leaves if t.ndim}
    batch = max(sizes, default=0)
    if len(sizes) != 1 or batch < 1:
        return []
    near = [size for size in (batch - 1, batch - 2, batch + 1, batch + 2) if size > 1]

    def resized(size: int) -> Any:
        rows = np.arange(size) % batch
        return _mapped(samples, lambda t: t[rows] if t.ndim else t)

    return [resized(size) for size in near[:2]]


def batch_of(samples: Any) -> int:
    """The size of the first axis that the samples' tensors share. Raises ArgumentError if none."""
    leaves: list[Tensor] = []
    flatten(samples, leaves)
    sizes = {t.shape[0] for t in leaves if t.ndim}
    if len(sizes) != 1:
        raise ArgumentError(
            f"[batch] the samples must share their first axis, the batch; it is {sorted(sizes)}"
        )
    return int(sizes.pop())


def with_batch(samples: Any, size: int) -> Any:
    """The samples with another batch, as tensors of zeros that take no memory."""

    def change(tensor: Tensor) -> Any:
        shape = (size, *tensor.shape[1:]) if tensor.ndim else ()
        kind = TensorType.of(shape, tensor.dtype, tensor.device)
        return wrap(Buffer(kind, np.broadcast_to(np.zeros((), kind.dtype), shape)), None)

    return _mapped(samples, change)


def _mapped(samples: Any, change: Any) -> Any:
    leaves: list[Tensor] = []
    template = flatten(samples, leaves)
    made: dict[int, Tensor] = {}
    for tensor in leaves:
        if id(tensor) not in made:
            made[id(tensor)] = change(tensor)
    return rebuild(template, lambda i: made[id(leaves[i])])
