"""Elemwise: an elementwise function named by a word, as a module."""

from collections.abc import Callable
from functools import cache
from typing import Any

from .. import functional as F
from ..base.errors import ArgumentError
from ..functional import nn
from .module import Module


def _fuse(name: str) -> Callable[..., Any]:
    """The activation of a sum."""
    return lambda x, y: _plain(name)(F.add(x, y))


def _plain(name: str) -> Callable[..., Any]:
    return getattr(nn, name) if hasattr(nn, name) else getattr(F, name)  # type: ignore[no-any-return]


@cache
def _methods() -> dict[str, Callable[..., Any]]:
    """Functions by MegEngine's words."""
    same = (
        "abs", "acos", "asin", "atan2", "ceil", "cos", "exp", "expm1", "floor", "log", "log1p",
        "mod", "pow", "relu", "relu6", "round", "sigmoid", "silu", "gelu", "sin", "tanh", "add",
        "mul", "sub", "floor_div", "sqrt", "square", "sign", "hswish", "hsigmoid", "softplus",
        "logsigmoid", "prelu",
    )  # fmt: skip
    table = {name: _plain(name) for name in same}
    table |= {
        "negate": F.neg,
        "true_div": F.div,
        "max": F.maximum,
        "min": F.minimum,
        "lt": F.less,
        "leq": F.less_equal,
        "eq": F.equal,
        "neq": F.not_equal,
        "and": F.logical_and,
        "or": F.logical_or,
        "xor": F.logical_xor,
        "not": F.logical_not,
        "shl": F.left_shift,
        "shr": F.right_shift,
        "log_sum_exp": F.logaddexp,
        "h_swish": nn.hswish,
        "fuse_mul_add3": lambda x, y, z: F.add(F.mul(x, y), z),
        "fuse_mul_add4": lambda x, y, z, w: F.add(F.mul(x, y), F.mul(z, w)),
        "fuse_add_relu": _fuse("relu"),
        "fuse_add_sigmoid": _fuse("sigmoid"),
        "fuse_add_tanh": _fuse("tanh"),
        "fuse_add_h_swish": _fuse("hswish"),
        "cond_leq_mov": lambda x, y, z: F.mul(F.less_equal(x, y).astype(z.dtype), z),
        "switch_gt0": lambda x, y: F.mul(F.greater(x, 0).astype(y.dtype), y),
    }
    return table


class Elemwise(Module):
    """The elementwise function named by `method`, a word such as "add", "relu" or
    "fuse_add_relu" (in capitals or not). Raises ArgumentError for an unknown one."""

    def __init__(self, method: str, **kwargs: Any):
        super().__init__(**kwargs)
        table = _methods()
        word = str(method).rsplit(".", 1)[-1].lower()
        if word not in table:
            raise ArgumentError(
                f"[Elemwise] method is one of {', '.join(sorted(table))}; got {method!r}"
            )
        self.method = method
        self._word = word

    def forward(self, *inps: Any) -> Any:
        return _methods()[self._word](*inps)

    def _module_info_string(self) -> str:
        return f"method={self.method}"
