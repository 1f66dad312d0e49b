"""The optimizer steps in plain NumPy: the judge of the compiled ones, and their stand-in.

`rules[name](param, gradient, states, scalars)` updates in place, as the rule of that name in
`optimizer_source` does. Computed in float64.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Update = Callable[[Array, Array, Sequence[Array], Sequence[float]], None]


def _wide(*arrays: Array) -> tuple[Array, ...]:
    return tuple(array.astype(np.float64) for array in arrays)


def sgd(param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]) -> None:
    lr, decay = scalars
    p, g = _wide(param, gradient)
    param[...] = p - (g + p * decay) * lr


def momentum(
    param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]
) -> None:
    lr, decay, factor = scalars
    p, g, v = _wide(param, gradient, states[0])
    v = v * factor + g + p * decay
    states[0][...] = v
    param[...] = p - v * lr


def nesterov(
    param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]
) -> None:
    lr, decay, factor = scalars
    p, g, v = _wide(param, gradient, states[0])
    g = g + p * decay
    v = v * factor + g
    states[0][...] = v
    param[...] = p - (g + v * factor) * lr


def _moments(g: Array, states: Sequence[Array], scalars: Sequence[float]) -> Array:
    """Moves both moments on and gives the bias-corrected direction."""
    beta0, rest0, beta1, rest1, correction0, correction1, eps = scalars
    m, s = _wide(*states)
    m = m * beta0 + g * rest0
    s = s * beta1 + g * g * rest1
    states[0][...], states[1][...] = m, s
    return (m / correction0) / (np.sqrt(s / correction1) + eps)


def adam(param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]) -> None:
    lr, decay, *moments = scalars
    p, g = _wide(param, gradient)
    param[...] = p - _moments(g + p * decay, states, moments) * lr


def adamw(param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]) -> None:
    lr, decay, *moments = scalars
    p, g = _wide(param, gradient)
    param[...] = p - (_moments(g, states, moments) + p * decay) * lr


def adagrad(
    param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]
) -> None:
    lr, decay, eps = scalars
    p, g, s = _wide(param, gradient, states[0])
    g = g + p * decay
    s = s + g * g
    states[0][...] = s
    param[...] = p - g / np.sqrt(s + eps) * lr


def adadelta(
    param: Array, gradient: Array, states: Sequence[Array], scalars: Sequence[float]
) -> None:
    lr, decay, rho, rest, eps = scalars
    p, g, s, a = _wide(param, gradient, *states)
    g = g + p * decay
    s = s * rho + g * g * rest
    u = np.sqrt(a + eps) / np.sqrt(s + eps) * g
    states[0][...], states[1][...] = s, a * rho + u * u * rest
    param[...] = p - u * lr


def lamb(
    param: Array,
    gradient: Array,
    states: Sequence[Array],
    scalars: Sequence[float],
    adapt: bool,
) -> None:
    lr, decay, *moments = scalars
    p, g = _wide(param, gradient)
    u = _moments(g, states, moments) + p * decay
    trust = trust_ratio(float((p * p).sum()), float((u * u).sum())) if adapt else 1.0
    param[...] = p - u * (lr * trust)


def trust_ratio(param_square: float, update_square: float) -> float:
    """LAMB's ratio of norms, 1 where either is zero (You et al. 2020, algorithm 2)."""
    if param_square > 0 and update_square > 0:
        return float(np.sqrt(param_square) / np.sqrt(update_square))
    return 1.0


rules: dict[str, Update] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adam": adam,
    "adamw": adamw,
    "adagrad": adagrad,
    "adadelta": adadelta,
}
