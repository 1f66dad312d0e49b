"""Python's own functions in exported graphs: arithmetic of sizes, items of tuples."""

import math
import operator
from typing import Any

from .table import aten

_OPERATORS = (
    "getitem", "add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "pow", "eq", "ne", "lt",
    "le", "gt", "ge", "and_", "or_", "not_",
)  # fmt: skip

for _name in _OPERATORS:
    aten(f"_operator.{_name}")(getattr(operator, _name))
for _name in ("ceil", "floor", "trunc", "sqrt"):
    aten(f"math.{_name}")(getattr(math, _name))
aten("builtins.max", "torch.sym_max")(max)
aten("builtins.min", "torch.sym_min")(min)
aten("torch.sym_float")(float)
aten("torch.sym_int")(int)
aten("torch.sym_not")(operator.not_)


@aten("sym_size")
def size(x: Any, axis: int) -> int:
    """The length of an axis."""
    return int(x.shape[axis])


@aten("sym_numel")
def count(x: Any) -> int:
    """The number of elements."""
    return int(x.size)


@aten("_local_scalar_dense", "item")
def item(x: Any) -> Any:
    """The one element as a Python number."""
    return x.item()
