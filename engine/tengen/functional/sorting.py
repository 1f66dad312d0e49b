"""Sorting along the last axis, the k first, and the accuracy of ranked predictions.

Sorting is stable and takes NaN for greater than every number.
"""

from collections.abc import Iterable
from typing import Any

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..operands import as_tensor
from ..ops.comparison import equal
from ..ops.elementwise import div
from ..ops.indexing import take
from ..ops.reduce import sum as sum_op
from ..ops.shape import reshape
from ..ops.slicing import sliced
from ..ops.sorting import argsort as argsort_op
from ..ops.sorting import argtopk
from ..tensor import Tensor, constant

__all__ = ["argsort", "sort", "topk", "topk_accuracy"]


def argsort(inp: Tensor, descending: bool = False) -> Tensor:
    """The indices (int32) that sort the last axis; equal elements keep their order."""
    return argsort_op(as_tensor(inp), descending=bool(descending))  # type: ignore[no-any-return]


def sort(inp: Tensor, descending: bool = False) -> tuple[Tensor, Tensor]:
    """The elements sorted along the last axis, and the indices (int32) that sort them."""
    inp = as_tensor(inp)
    order = argsort(inp, descending)
    return _read(inp, order), order


def _read(inp: Tensor, order: Tensor) -> Tensor:
    return take(inp, order, axes=(inp.ndim - 1,), grid=True)  # type: ignore[no-any-return]


def topk(
    inp: Tensor, k: int, descending: bool = True, kth_only: bool = False, no_sort: bool = False
) -> tuple[Tensor, Tensor]:
    """The k greatest elements of the last axis (the least if not `descending`) and their indices.

    With `kth_only` the k-th alone, without that axis. `no_sort` leaves the order open; here they
    come sorted all the same. Indices are int32; of equal elements the first ones count. Raises
    ArgumentError for a k beyond the length.
    """
    inp = as_tensor(inp)
    count = int(k)
    order = argtopk(inp, k=count, descending=bool(descending))
    if kth_only:
        order = sliced(order, index=((None, None, None),) * (inp.ndim - 1) + ((-1, None, None),))
    found = _read(inp, order)
    if kth_only:
        shape = inp.shape[:-1]
        return reshape(found, shape=shape), reshape(order, shape=shape)
    return found, order


def topk_accuracy(logits: Tensor, target: Tensor, topk: int | Iterable[int] = 1) -> Any:
    """The share of rows whose `target` is among their k greatest `logits`, for each k of `topk`.

    `logits`: (N, classes); `target`: (N,) of whole numbers. One float32 number for one k, else a
    list of them. Raises ShapeError where the rows do not match.
    """
    logits, target = as_tensor(logits), as_tensor(target)
    ks = (int(topk),) if isinstance(topk, int) else tuple(int(k) for k in topk)
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        raise ShapeError(
            f"[topk_accuracy] logits (N, classes) and target (N,) expected; got {logits.shape} and"
            f" {target.shape}"
        )
    order = argtopk(logits.detach(), k=max(ks), descending=True)
    rows = target.shape[0]
    hits = equal(order, reshape(target.astype(dt.int32), shape=(rows, 1))).astype(dt.float32)
    found = []
    for k in ks:
        kept = sliced(hits, index=((None, None, None), (None, k, None)))
        found.append(div(sum_op(kept), constant(rows, dt.float32, hits.device)))
    return found[0] if len(found) == 1 else found
