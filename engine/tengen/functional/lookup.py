"""Class indices in functional.nn: embedding, one_hot, indexing_one_hot."""

from ..base import dtype as dt
from ..base.errors import ArgumentError
from ..operands import as_tensor
from ..ops import loss as ops
from ..ops.indexing import take
from ..ops.shape import reshape
from ..tensor import Tensor

__all__ = ["embedding", "indexing_one_hot", "one_hot"]


def embedding(
    inp: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
    norm_type: float | None = None,
) -> Tensor:  # fmt: skip
    """The rows of weight (rows, features) at the indices: shape inp.shape + (features,).

    The last three arguments must stay None, as in MegEngine.
    """
    for name, value in (("padding_idx", padding_idx), ("max_norm", max_norm),
                        ("norm_type", norm_type)):  # fmt: skip
        if value is not None:
            raise ArgumentError(f"[embedding] {name} is not supported; got {value!r}")
    return take(weight, class_index(inp), axes=(0,))  # type: ignore[no-any-return]


def class_index(index: Tensor) -> Tensor:
    """An index as int32 or int64; whole numbers held as floats or other integers are cast."""
    index = as_tensor(index)
    return index if index.dtype in (dt.int32, dt.int64) else index.astype(dt.int32)


def one_hot(inp: Tensor, num_classes: int) -> Tensor:
    """A last axis of `num_classes` that is 1 at the index and 0 elsewhere, in inp's integer type.

    Raises ArgumentError for an index outside [0, num_classes).
    """
    index = as_tensor(inp)
    if not dt.is_integer(index.dtype):
        made = ops.one_hot(class_index(index), num_classes=int(num_classes))
        return made.astype(index.dtype)  # type: ignore[no-any-return]
    return ops.one_hot(index, num_classes=int(num_classes))  # type: ignore[no-any-return]


def indexing_one_hot(src: Tensor, index: Tensor, axis: int = 1, keepdims: bool = False) -> Tensor:
    """src at `index` along `axis`: index has src's shape without that axis.

    The axis goes, or stays with length 1 if `keepdims`.
    """
    src = as_tensor(src)
    place = axis + src.ndim if axis < 0 else axis
    picked = ops.pick(src, class_index(index), axis=place)
    if not keepdims:
        return picked  # type: ignore[no-any-return]
    return reshape(picked, shape=(*src.shape[:place], 1, *src.shape[place + 1 :]))  # type: ignore[no-any-return]
