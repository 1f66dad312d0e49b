"""oneDNN's codes for elementwise functions, with the parameters each takes."""

import dataclasses

from .errors import Unsupported

Activation = tuple[str | float, ...] | str | None


@dataclasses.dataclass(frozen=True)
class Eltwise:
    """A function of x with two parameters; `from_output` is its code when its derivative can be
    formed from the output alone; `differentiable` is False when it has none."""

    code: int
    alpha: float = 0.0
    beta: float = 0.0
    from_output: int | None = None
    differentiable: bool = True


ELTWISE = {
    "relu": Eltwise(0x20, from_output=0x100),  # alpha: slope below zero
    "tanh": Eltwise(0x21, from_output=0x101),
    "elu": Eltwise(0x22, 1.0, from_output=0x102),
    "square": Eltwise(0x23),
    "abs": Eltwise(0x24),
    "sqrt": Eltwise(0x25, from_output=0x103),
    "linear": Eltwise(0x26, 1.0, 0.0),  # alpha * x + beta
    "softplus": Eltwise(0x27, 1.0),  # log(1 + exp(alpha * x)) / alpha
    "hard_sigmoid": Eltwise(0x28, 1 / 6, 0.5),  # clip(alpha * x + beta, 0, 1)
    "sigmoid": Eltwise(0x29, from_output=0x104),
    "exp": Eltwise(0x2A, from_output=0x105),
    "gelu_tanh": Eltwise(0x2B),
    "swish": Eltwise(0x2C, 1.0),  # x * sigmoid(alpha * x)
    "log": Eltwise(0x2D),
    "clip": Eltwise(0x2F, 0.0, 6.0, from_output=0x106),  # min(max(x, alpha), beta)
    "pow": Eltwise(0x30, 1.0, 1.0),  # alpha * x ** beta
    "gelu_erf": Eltwise(0x31),
    "round": Eltwise(0x32, differentiable=False),  # to nearest, ties to even
    "mish": Eltwise(0x33),
    "hard_swish": Eltwise(0x34, 1 / 6, 0.5),  # x * clip(alpha * x + beta, 0, 1)
}

BINARY = {
    "add": 0x1FFF0,
    "mul": 0x1FFF1,
    "max": 0x1FFF2,
    "min": 0x1FFF3,
    "div": 0x1FFF4,
    "sub": 0x1FFF5,
}


def eltwise(function: Activation) -> Eltwise:
    """The Eltwise for "relu" or ("clip", 0.0, 6.0): a name, then alpha and beta if given.

    Raises Unsupported for a name oneDNN does not have.
    """
    name, *values = (function,) if isinstance(function, str) else function or ("",)
    found = ELTWISE.get(str(name))
    if found is None:
        raise Unsupported(f"[eltwise] {name!r} is not among {', '.join(ELTWISE)}")
    alpha, beta = [*map(float, values), *(found.alpha, found.beta)[len(values) :]]
    return dataclasses.replace(found, alpha=alpha, beta=beta)
