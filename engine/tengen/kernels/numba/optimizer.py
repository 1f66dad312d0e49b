"""Optimizer steps that update parameter and state in place, in one pass over memory.

Arrays are C-contiguous and of one shape and dtype (float32 or float64). `step` counts from 1. The
formulas are MegEngine 1.13's. Small arrays run on the calling thread, large ones on all. Until a
kernel is compiled, NumPy does the same.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import optimizer_numpy, optimizer_source, service
from .flat import flat, flat_output, parts

Array = NDArray[np.floating]


def sgd(
    param: Array,
    gradient: Array,
    velocity: Array | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> None:
    """Gradient descent: `v = momentum * v + g`, `p -= lr * v`; g includes `weight_decay * p`.

    With `nesterov`, `p -= lr * (g + momentum * v)` (Sutskever et al. 2013). Without momentum there
    is no velocity.
    """
    if momentum == 0.0:
        _update("sgd", param, gradient, (), (lr, weight_decay))
        return
    if velocity is None:
        raise ValueError("[sgd] expected a velocity array with momentum; None came")
    rule = "nesterov" if nesterov else "momentum"
    _update(rule, param, gradient, (velocity,), (lr, weight_decay, momentum))


def adam(
    param: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    *,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> None:
    """Adam (Kingma and Ba 2015) with weight decay added to the gradient."""
    scalars = (lr, weight_decay, *moment_scalars(betas, step, eps))
    _update("adam", param, gradient, (mean, square), scalars)


def adamw(
    param: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    *,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> None:
    """AdamW (Loshchilov and Hutter 2019): `p -= lr * (direction + weight_decay * p)`."""
    scalars = (lr, weight_decay, *moment_scalars(betas, step, eps))
    _update("adamw", param, gradient, (mean, square), scalars)


def adagrad(
    param: Array,
    gradient: Array,
    square: Array,
    *,
    step: int,
    lr: float = 0.01,
    lr_decay: float = 0.0,
    eps: float = 1e-10,
    weight_decay: float = 0.0,
) -> None:
    """Adagrad (Duchi et al. 2011); eps is added under the root."""
    rate = lr / (1 + (step - 1) * lr_decay)
    _update("adagrad", param, gradient, (square,), (rate, weight_decay, eps))


def adadelta(
    param: Array,
    gradient: Array,
    square: Array,
    delta: Array,
    *,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
) -> None:
    """Adadelta (Zeiler 2012); `delta` is the running mean of squared updates."""
    scalars = (lr, weight_decay, rho, 1 - rho, eps)
    _update("adadelta", param, gradient, (square, delta), scalars)


def lamb(
    param: Array,
    gradient: Array,
    mean: Array,
    square: Array,
    *,
    step: int,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    bias_correction: bool = True,
    weight_decay: float = 0.0,
    always_adapt: bool = False,
) -> None:
    """LAMB (You et al. 2020): the step is scaled by the ratio of the norms of p and of its update.

    Without weight decay the ratio is used only if `always_adapt`.
    """
    moments = moment_scalars(betas, step if bias_correction else None, eps)
    adapt = always_adapt or weight_decay > 0
    norms = _kernel("lamb_norms", param.dtype.char)
    finish = _kernel("lamb_apply", param.dtype.char)
    if not (norms.ready and finish.ready):
        scalars = (lr, weight_decay, *moments)
        return optimizer_numpy.lamb(param, gradient, (mean, square), scalars, adapt)
    arrays = [flat_output(param), flat(gradient), flat_output(mean), flat_output(square)]
    count = parts(param.size)
    sums = np.zeros(16 * count)
    norms(*arrays, sums, weight_decay, *moments, count)
    param_square, update_square = sums.reshape(count, 16)[:, :2].sum(0)
    ratio = optimizer_numpy.trust_ratio(param_square, update_square) if adapt else 1.0
    finish(*arrays, lr * ratio, weight_decay, *moments, count)


def moment_scalars(betas: tuple[float, float], step: int | None, eps: float) -> tuple[float, ...]:
    """Scalars in the order of the kernels; `step` None leaves the moments uncorrected."""
    beta0, beta1 = betas
    corrections = (1.0, 1.0) if step is None else (1 - beta0**step, 1 - beta1**step)
    return (beta0, 1 - beta0, beta1, 1 - beta1, *corrections, eps)


@cache
def _text(rule: str, code: str) -> tuple[str, str]:
    """The name and the source of a rule's kernel for the dtype of a type code."""
    dtype = np.dtype(code).name
    if dtype not in ("float32", "float64"):
        raise ValueError(f"[{rule}] expected float32 or float64; {dtype} came")
    return f"{rule}_{dtype}", optimizer_source.step(rule, dtype)


def _kernel(rule: str, code: str) -> service.Kernel:
    return service.request(*_text(rule, code))


def _update(
    rule: str,
    param: Array,
    gradient: Array,
    states: Sequence[Array],
    scalars: Sequence[float],
) -> None:
    kernel = _kernel(rule, param.dtype.char)
    if not kernel.ready:
        optimizer_numpy.rules[rule](param, gradient, states, scalars)
        return
    state = [flat_output(array) for array in states]
    kernel(flat_output(param), flat(gradient), *state, *scalars, parts(param.size))
