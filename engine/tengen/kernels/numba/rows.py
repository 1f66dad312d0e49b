"""Softmax, layer normalisation and cross entropy over the last axis, one row at a time in cache.

Arrays are (..., C), C-contiguous, float32 or float64; results go into arrays that the caller gives.
Until a kernel is compiled, NumPy does the same.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import rows_numpy, rows_source, service
from .flat import flat, flat_output, parts

Array = NDArray[np.floating]


def softmax(x: Array, out: Array) -> None:
    """Writes `exp(x) / sum(exp(x))` of every row; writing onto x is allowed."""
    _run("softmax", (x,), (out,))


def softmax_backward(y: Array, gradient: Array, dx: Array) -> None:
    """Writes `y * (g - sum(g * y))`, from the output y."""
    _run("softmax_backward", (y, gradient), (dx,))


def log_softmax(x: Array, out: Array) -> None:
    """Writes `x - log(sum(exp(x)))` of every row; writing onto x is allowed."""
    _run("log_softmax", (x,), (out,))


def log_softmax_backward(y: Array, gradient: Array, dx: Array) -> None:
    """Writes `g - exp(y) * sum(g)`, from the output y."""
    _run("log_softmax_backward", (y, gradient), (dx,))


def layer_norm(
    x: Array, weight: Array, bias: Array, eps: float, out: Array, mean: Array, inverse: Array
) -> None:
    """Normalises every row; weight and bias are (C,), mean and `1 / sqrt(var + eps)` one a row."""
    kernel = _kernel("layer_norm", x.dtype.char)
    if not kernel.ready:
        return rows_numpy.layer_norm(x, weight, bias, eps, out, mean, inverse)
    count, columns = _shape(x)
    kernel(
        flat(x), weight, bias, flat_output(out), flat_output(mean), flat_output(inverse), eps,
        count, columns, _parts(x.size, count),
    )  # fmt: skip


def layer_norm_backward(
    x: Array,
    gradient: Array,
    weight: Array,
    mean: Array,
    inverse: Array,
    dx: Array,
    dweight: Array,
    dbias: Array,
) -> None:
    """Writes the gradients of x, weight and bias; the last two are summed over rows in float64."""
    kernel = _kernel("layer_norm_backward", x.dtype.char)
    if not kernel.ready:
        return rows_numpy.layer_norm_backward(
            x, gradient, weight, mean, inverse, dx, dweight, dbias
        )
    count, columns = _shape(x)
    divided = _parts(x.size, count)
    sums = np.zeros((2, divided, columns + 32))
    kernel(
        flat(x), flat(gradient), weight, flat(mean), flat(inverse), flat_output(dx),
        *sums.reshape(2, -1), count, columns, divided,
    )  # fmt: skip
    dweight[...] = sums[0, :, :columns].sum(0)
    dbias[...] = sums[1, :, :columns].sum(0)


def cross_entropy(
    x: Array, labels: NDArray[np.integer], loss: Array, dx: Array, scale: float = 1.0
) -> None:
    """Each row's `log(sum(exp(x))) - x[label]`, and its gradient times `scale` into `dx`.

    A row whose label is outside 0..C-1 has loss and gradient zero.
    """
    chosen = labels.astype(np.int64, copy=False)
    kernel = _kernel("cross_entropy", x.dtype.char)
    if not kernel.ready:
        return rows_numpy.cross_entropy(x, chosen, loss, dx, scale)
    count, columns = _shape(x)
    kernel(
        flat(x), flat(chosen), flat_output(loss), flat_output(dx), scale,
        count, columns, _parts(x.size, count),
    )  # fmt: skip


def _run(name: str, inputs: tuple[Array, ...], outputs: tuple[Array, ...]) -> None:
    kernel = _kernel(name, inputs[0].dtype.char)
    if not kernel.ready:
        getattr(rows_numpy, name)(*inputs, *outputs)
        return
    count, columns = _shape(inputs[0])
    arrays = [*map(flat, inputs), *map(flat_output, outputs)]
    kernel(*arrays, count, columns, _parts(inputs[0].size, count))


def _shape(x: Array) -> tuple[int, int]:
    columns = x.shape[-1]
    return (x.size // columns if columns else 0), columns


def _parts(size: int, count: int) -> int:
    return max(1, min(parts(4 * size), count))  # a row costs several passes over it


@cache
def _text(name: str, code: str) -> tuple[str, str]:
    dtype = np.dtype(code).name
    if dtype not in ("float32", "float64"):
        raise ValueError(f"[{name}] expected float32 or float64; {dtype} came")
    return f"{name}_{dtype}", rows_source.SOURCES[name](dtype)


def _kernel(name: str, code: str) -> service.Kernel:
    return service.request(*_text(name, code))
