"""Functions of one array, element by element, and their derivatives.

`algorithms.ELTWISE` names the functions and the parameters each takes.
"""

from typing import Any

from .algorithms import Activation
from .algorithms import eltwise as find
from .errors import Unsupported
from .library import load
from .memory import Desc, md_of
from .primitive import (
    DIFF_DST,
    DIFF_SRC,
    DST,
    FORWARD,
    INFERENCE,
    SRC,
    Plan,
    attributes,
    cached,
    create,
)


def _forward_pd(x: Desc, code: int, alpha: float, beta: float, prop: int) -> Any:
    return create(
        f"eltwise forward of {x.shape}",
        "eltwise_forward",
        load().engine,
        prop,
        code,
        md_of(x),
        md_of(x),
        alpha,
        beta,
        attributes(),
    )


@cached
def forward(x: Desc, function: Activation) -> Plan:
    """A plan (src, dst) for "gelu_erf", ("clip", 0, 6) ...; dst may be src."""
    found = find(function)
    # The inference form takes every function, those without a derivative too.
    pd = _forward_pd(x, found.code, found.alpha, found.beta, INFERENCE)
    return Plan(f"eltwise {function}", pd, [("src", SRC), ("dst", DST)])


@cached
def backward(x: Desc, function: Activation, *, from_output: bool = False) -> Plan:
    """A plan (src, diff_dst, diff_src), or (dst, diff_dst, diff_src) where `from_output`.

    From the output only relu, tanh, elu, sqrt, sigmoid, exp and clip have their derivative.
    diff_src may be diff_dst.
    """
    library = load()
    found = find(function)
    code = found.from_output if from_output else found.code
    if code is None or not found.differentiable:
        where = " from its output" if from_output else ""
        raise Unsupported(f"[eltwise] {function!r} has no derivative{where}")
    hint = _forward_pd(x, code, found.alpha, found.beta, FORWARD)
    pd = create(
        f"eltwise backward of {x.shape}",
        "eltwise_backward",
        library.engine,
        code,
        md_of(x),
        md_of(x),
        md_of(x),
        found.alpha,
        found.beta,
        library.ffi.gc(hint, library.c.dnnl_primitive_desc_destroy),
        attributes(),
    )
    data = ("dst", DST) if from_output else ("src", SRC)
    arguments = [data, ("diff_dst", DIFF_DST), ("diff_src", DIFF_SRC)]
    return Plan(f"eltwise {function} backward", pd, arguments)
