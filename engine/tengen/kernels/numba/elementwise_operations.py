"""The operations of a fused expression: their vector text and the NumPy function that judges it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operation:
    """How many operands it takes, its text over vectors, and its NumPy form."""

    operands: int
    text: str
    numpy: Callable[..., Any]


_erf = np.vectorize(math.erf, otypes=[np.float64])
_HALF_ROOT = math.sqrt(0.5)
_GELU_TANH = math.sqrt(2 / math.pi)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _erf_numpy(x: Any) -> Any:
    return _erf(x).astype(np.asarray(x).dtype) if np.size(x) else np.asarray(x)


def _gelu(x: Any) -> Any:
    return (0.5 * x * (1 + _erf_numpy(x * _HALF_ROOT))).astype(np.asarray(x).dtype)


def _gelu_tanh(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(_GELU_TANH * (x + 0.044715 * x * x * x)))


def _clip6(x: Any) -> Any:
    return np.minimum(np.maximum(x, 0), 6)


_CLIP6 = "smaller(larger({0}, 0.0), 6.0)"
_SIGMOID = "1.0 / (exp(-{0}) + 1.0)"

OPERATIONS: dict[str, Operation] = {
    "add": Operation(2, "{0} + {1}", np.add),
    "subtract": Operation(2, "{0} - {1}", np.subtract),
    "multiply": Operation(2, "{0} * {1}", np.multiply),
    "divide": Operation(2, "{0} / {1}", np.divide),
    "maximum": Operation(2, "larger({0}, {1})", np.maximum),
    "minimum": Operation(2, "smaller({0}, {1})", np.minimum),
    "less": Operation(2, "{0} < {1}", np.less),
    "less_equal": Operation(2, "{0} <= {1}", np.less_equal),
    "greater": Operation(2, "{0} > {1}", np.greater),
    "greater_equal": Operation(2, "{0} >= {1}", np.greater_equal),
    "equal": Operation(2, "{0} == {1}", np.equal),
    "where": Operation(3, "select({0}, {1}, {2})", np.where),
    "negative": Operation(1, "-{0}", np.negative),
    "absolute": Operation(1, "absolute({0})", np.absolute),
    "square": Operation(1, "{0} * {0}", np.square),
    "sqrt": Operation(1, "square_root({0})", np.sqrt),
    "reciprocal": Operation(1, "1.0 / {0}", lambda x: 1 / x),
    "reciprocal_sqrt": Operation(1, "1.0 / square_root({0})", lambda x: 1 / np.sqrt(x)),
    "floor": Operation(1, "round_down({0})", np.floor),
    "ceil": Operation(1, "round_up({0})", np.ceil),
    "rint": Operation(1, "nearest({0})", np.rint),
    "exp": Operation(1, "exp({0})", np.exp),
    "expm1": Operation(1, "expm1({0})", np.expm1),
    "log": Operation(1, "log({0})", np.log),
    "log1p": Operation(1, "log1p({0})", np.log1p),
    "tanh": Operation(1, "tanh({0})", np.tanh),
    "erf": Operation(1, "erf({0})", _erf_numpy),
    "sigmoid": Operation(1, _SIGMOID, _sigmoid),
    "silu": Operation(1, "{0} / (exp(-{0}) + 1.0)", lambda x: x * _sigmoid(x)),
    "gelu": Operation(1, f"{{0}} * 0.5 * (erf({{0}} * {_HALF_ROOT}) + 1.0)", _gelu),
    "gelu_tanh": Operation(
        1,
        f"{{0}} * 0.5 * (tanh(({{0}} * {{0}} * {{0}} * 0.044715 + {{0}}) * {_GELU_TANH}) + 1.0)",
        _gelu_tanh,
    ),
    "relu": Operation(1, "larger({0}, 0.0)", lambda x: np.maximum(x, 0)),
    "relu6": Operation(1, _CLIP6, _clip6),
    "hard_sigmoid": Operation(
        1, f"{_CLIP6.format('({0} + 3.0)')} / 6.0", lambda x: _clip6(x + 3) / 6
    ),
    "hard_swish": Operation(
        1, f"{{0}} * ({_CLIP6.format('({0} + 3.0)')} / 6.0)", lambda x: x * (_clip6(x + 3) / 6)
    ),
}
