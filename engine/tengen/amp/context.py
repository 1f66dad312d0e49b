"""autocast: products in low precision, the rest in float32 where it matters."""

import functools
import threading
from collections.abc import Callable
from typing import Any

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError
from ..graph.emit import set_precision
from .policy import Policy

LOW_TYPES = (dt.float16, dt.bfloat16)


class _ByDevice(str):
    """The default: what the text says on a GPU, bfloat16 on the CPU, which has no fast float16."""


BY_DEVICE = _ByDevice("float16")


class _Entered(threading.local):
    """The policies that the contexts of a thread have put aside."""

    def __init__(self) -> None:
        self.before: list[Policy | None] = []


_entered = _Entered()


@functools.cache
def _policy(low: Any, host_low: Any, high: Any) -> Policy:
    return Policy(low, host_low, high)


def policy_for(low_prec_dtype: Any, high_prec_dtype: Any) -> Policy:
    """The policy of two data types. Raises DTypeError for others than autocast knows."""
    low, high = dt.as_dtype(low_prec_dtype), dt.as_dtype(high_prec_dtype)
    if low not in LOW_TYPES:
        raise DTypeError(f"[autocast] low_prec_dtype is float16 or bfloat16; got {low.name}")
    if high != dt.float32:
        raise DTypeError(f"[autocast] high_prec_dtype is float32; got {high.name}")
    host_low = dt.bfloat16 if isinstance(low_prec_dtype, _ByDevice) else low
    return _policy(low, host_low, high)


class autocast:
    """Inside `with autocast():`, or in a function decorated with it, convolutions and products of
    matrices run in `low_prec_dtype`; norms, softmax, losses and sums in `high_prec_dtype`.

    Parameters and their gradients keep their data types. `low_prec_dtype`: "float16" or
    "bfloat16"; not given, it is float16 on a GPU and bfloat16 on the CPU. It counts for the
    calling thread; contexts nest, and `enabled=False` turns off one outside. A gradient may be
    taken inside or outside. Raises DTypeError for other data types.
    """

    def __init__(
        self,
        enabled: bool = True,
        low_prec_dtype: str = BY_DEVICE,
        high_prec_dtype: str = "float32",
    ):
        self._policy = policy_for(low_prec_dtype, high_prec_dtype)
        self.enabled = bool(enabled)
        self.low_prec_dtype = low_prec_dtype
        self.high_prec_dtype = high_prec_dtype

    def __enter__(self) -> "autocast":
        _entered.before.append(set_precision(self._policy if self.enabled else None))
        return self

    def __exit__(self, *_: Any) -> None:
        set_precision(_entered.before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(function):
            raise ArgumentError(
                f"[autocast] decorates a function; got {type(function).__name__}. As a decorator"
                " it is called first: @autocast()"
            )

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return run
