"""Linear algebra: inverse, singular values, cross product, and sums in Einstein's notation."""

import string
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.dtype import promote
from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, axis_tuple, floating, pair
from ..ops import linalg
from ..ops.elementwise import mul, sub
from ..ops.indexing import take
from ..ops.joining import concat, roll
from ..ops.matmul import matmul
from ..ops.reduce import sum as sum_op
from ..ops.shape import broadcast_to, reshape, transpose
from ..tensor import Tensor, constant

__all__ = ["cross", "einsum", "matinv", "svd"]


def matinv(inp: Tensor) -> Tensor:
    """The inverse of each matrix of a stack (..., n, n).

    Raises ShapeError for other shapes and ArgumentError for a singular matrix.
    """
    return linalg.inverse(floating(inp))  # type: ignore[no-any-return]


def svd(inp: Tensor, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """(U, S, Vh) with inp = U diag(S) Vh for matrices (..., M, N); S alone unless `compute_uv`.

    S (..., K), K = min(M, N), falls; U is (..., M, K) and Vh (..., K, N), or with `full_matrices`
    (..., M, M) and (..., N, N). Raises ShapeError for fewer than two dimensions.
    """
    u, s, vh = linalg.svd(floating(inp), full_matrices=bool(full_matrices))
    return (u, s, vh) if compute_uv else s


def cross(
    a: Tensor, b: Tensor, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Tensor:
    """The cross product of vectors of length 3 (or 2, the third component being 0).

    The vectors lie along `axisa` of `a` and `axisb` of `b`, the others broadcast, and the result's
    along `axisc`; `axis` sets all three. The result's vectors have length 3.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = pair("cross", a, b)
    a, b = _vectors(a, axisa), _vectors(b, axisb)
    if a.ndim != b.ndim:
        a, b = _widened(a, b.ndim), _widened(b, a.ndim)
    out = sub(mul(_turn(a, -1), _turn(b, -2)), mul(_turn(a, -2), _turn(b, -1)))
    (at,) = axis_tuple("cross", axisc, out.ndim) or (0,)
    order = list(range(out.ndim - 1))
    order.insert(at, out.ndim - 1)
    return transpose(out, pattern=tuple(order))  # type: ignore[no-any-return]


def _vectors(x: Tensor, axis: int) -> Tensor:
    """The vectors' axis last, of length 3."""
    (at,) = axis_tuple("cross", axis, x.ndim) or (0,)
    size = x.shape[at]
    if size not in (2, 3):
        raise ShapeError(f"[cross] vectors have 2 or 3 components; axis {axis} of {x.shape}")
    x = transpose(x, pattern=(*[i for i in range(x.ndim) if i != at], at))
    if size == 3:
        return x
    zero = broadcast_to(constant(0, x.dtype, x.device), shape=(*x.shape[:-1], 1))
    return concat(x, zero, axis=x.ndim - 1)  # type: ignore[no-any-return]


def _widened(x: Tensor, ndim: int) -> Tensor:
    return x if x.ndim >= ndim else reshape(x, shape=(1,) * (ndim - x.ndim) + x.shape)


def _turn(x: Tensor, shift: int) -> Tensor:
    return roll(x, shift=(shift,), axis=(x.ndim - 1,))  # type: ignore[no-any-return]


def einsum(equation: str, *args: Tensor) -> Tensor:
    """A sum of products over the axes that the equation names, as `numpy.einsum` reads it.

    "bij,bjk->bik" is a stack of matrix products. Letters name axes, `...` those that broadcast; a
    letter not in the result is summed, one twice in an operand takes the diagonal. Without `->`
    the letters that appear once come out in alphabetical order. Two operands at a time become one
    matrix product, those first that leave the least. Raises ArgumentError for an equation that
    does not parse or does not fit the operands.
    """
    operands = [as_tensor(x) for x in args]
    if not operands:
        raise ArgumentError("[einsum] needs an operand")
    dtype = operands[0].dtype
    for x in operands[1:]:
        dtype = promote(dtype, x.dtype)
    labels, result = _parse(equation, [x.ndim for x in operands])
    sizes = _sizes(equation, labels, [x.shape for x in operands])
    terms = [
        _unstretched(x.astype(dtype), names, sizes)
        for x, names in zip(operands, labels, strict=True)
    ]
    for number, (x, names) in enumerate(terms):
        elsewhere = set(result).union(*(n for i, (_, n) in enumerate(terms) if i != number))
        terms[number] = _reduced(x, names, elsewhere)
    while len(terms) > 1:
        i, j = _cheapest(terms, result, sizes)
        (a, left), (b, right) = terms[i], terms[j]
        del terms[j], terms[i]
        kept = set(result).union(*(names for _, names in terms))
        terms.append(_product(a, left, b, right, kept, sizes))
    value, names = terms[0]
    return transpose(value, pattern=tuple(names.index(n) for n in result))  # type: ignore[no-any-return]


def _parse(equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """Each operand's letters and the result's, `...` spelled out with letters of its own."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise ArgumentError(f"[einsum] {equation!r} names {len(parts)} operands; got {len(ranks)}")
    for part in (*parts, right):
        letters = part.replace("...", "", 1)
        if letters and not (letters.isascii() and letters.isalpha()):
            raise ArgumentError(
                f"[einsum] {equation!r}: {part!r} holds more than letters and '...'"
            )
    spare = [c for c in string.ascii_letters if c not in text]
    wide = 0
    for part, rank in zip(parts, ranks, strict=True):
        named = len(part.replace("...", ""))
        if named > rank or (named < rank and "..." not in part):
            raise ArgumentError(f"[einsum] {equation!r}: {part!r} for {rank} dimension(s)")
        if "..." in part:
            wide = max(wide, rank - named)
    if wide > len(spare):
        raise ArgumentError(
            f"[einsum] {equation!r} needs more than {len(string.ascii_letters)} axes"
        )
    shared = "".join(spare[:wide])
    labels = []
    for part, rank in zip(parts, ranks, strict=True):
        count = rank - len(part.replace("...", ""))
        labels.append(part.replace("...", shared[wide - count :]))
    if arrow:
        result = right.replace("...", shared)
    else:
        once = sorted(c for c in set(left) if c.isalpha() and left.count(c) == 1)
        result = shared + "".join(once)
    unknown = [c for c in result if not any(c in names for names in labels)]
    if unknown or len(set(result)) != len(result):
        raise ArgumentError(
            f"[einsum] {equation!r}: the result names each letter of the operands once at most"
        )
    return labels, result


def _sizes(equation: str, labels: list[str], shapes: list[Any]) -> dict[str, int]:
    """The length of each letter's axis; length 1 stretches."""
    sizes: dict[str, int] = {}
    for names, shape in zip(labels, shapes, strict=True):
        for name, size in zip(names, shape, strict=True):
            known = sizes.setdefault(name, size)
            if known != size and 1 not in (known, size):
                raise ShapeError(f"[einsum] {equation!r}: {name!r} is {known} and {size} long")
            if known == 1:
                sizes[name] = size
    return sizes


def _unstretched(x: Tensor, names: str, sizes: dict[str, int]) -> tuple[Tensor, str]:
    """An operand without the axes of length 1 that the others stretch."""
    keep = [i for i, n in enumerate(names) if x.shape[i] != 1 or sizes[n] == 1]
    if len(keep) == len(names):
        return x, names
    return reshape(x, shape=tuple(x.shape[i] for i in keep)), "".join(names[i] for i in keep)


def _reduced(x: Tensor, names: str, elsewhere: set[str]) -> tuple[Tensor, str]:
    """An operand with its diagonals taken and the axes summed that are found in no other."""
    for name in dict.fromkeys(names):
        places = tuple(i for i, n in enumerate(names) if n == name)
        if len(places) > 1:
            along = Tensor(np.arange(x.shape[places[0]]), dtype=dt.int64, device=x.device)
            x = take(x, *[along] * len(places), axes=places, front=True)
            names = name + names.replace(name, "")
    alone = tuple(i for i, n in enumerate(names) if n not in elsewhere)
    if alone:
        x = sum_op(x, axis=alone)
        names = "".join(n for n in names if n in elsewhere)
    return x, names


def _cheapest(terms: Any, result: str, sizes: dict[str, int]) -> tuple[int, int]:
    """The two operands whose product is the smallest."""
    best, chosen = None, (0, 1)
    for i in range(len(terms)):
        for j in range(i + 1, len(terms)):
            rest = set(result).union(*(n for k, (_, n) in enumerate(terms) if k not in (i, j)))
            size = 1
            for name in (set(terms[i][1]) | set(terms[j][1])) & rest:
                size *= sizes[name]
            if best is None or size < best:
                best, chosen = size, (i, j)
    return chosen


def _product(
    a: Tensor, left: str, b: Tensor, right: str, kept: set[str], sizes: dict[str, int]
) -> tuple[Tensor, str]:
    """Two operands made one: a product where no axis is summed, else a matrix product."""
    both = [n for n in left if n in right]
    batch = "".join(n for n in both if n in kept)
    summed = "".join(n for n in both if n not in kept)
    rows = "".join(n for n in left if n not in right)
    columns = "".join(n for n in right if n not in left)
    names = batch + rows + columns
    if not summed:
        a = _arranged(a, left, batch + rows, [*batch, *rows, *[""] * len(columns)], sizes)
        b = _arranged(b, right, batch + columns, [*batch, *[""] * len(rows), *columns], sizes)
        return mul(a, b), names
    a = _arranged(a, left, batch + rows + summed, [*batch, rows, summed], sizes)
    b = _arranged(b, right, batch + summed + columns, [*batch, summed, columns], sizes)
    out = matmul(a, b)
    return reshape(out, shape=tuple(sizes[n] for n in names)), names


def _arranged(x: Tensor, names: str, order: str, groups: list[str], sizes: Any) -> Tensor:
    """The axes in `order`, then each group of letters made one axis ("" makes one of length 1)."""
    x = transpose(x, pattern=tuple(names.index(n) for n in order))
    shape = []
    for group in groups:
        size = 1
        for name in group:
            size *= sizes[name]
        shape.append(size)
    return reshape(x, shape=tuple(shape))  # type: ignore[no-any-return]
