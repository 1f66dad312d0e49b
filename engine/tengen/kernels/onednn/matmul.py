"""Matrix products, single or batched, with bias, residual and activation in the same pass."""

from .algorithms import Activation
from .library import load
from .memory import Desc, md_of
from .primitive import (
    BIAS,
    DST,
    POST_OP,
    SRC,
    SRC_1,
    WEIGHTS,
    Plan,
    activation_post,
    attributes,
    cached,
    create,
    optional_md,
)


def _batch(left: int, right: int) -> int:
    if left != right and 1 not in (left, right):
        raise ValueError(f"[matmul] batch sizes {left} and {right} do not broadcast")
    return right if left == 1 else left


@cached
def matmul(
    src: Desc,
    weights: Desc,
    dst: Desc | str | None = None,
    *,
    bias: Desc | bool = False,
    residual: str = "",
    activation: Activation = None,
) -> Plan:
    """A plan (src, weights[, bias][, residual], dst): activation(src @ weights + bias + residual).

    src (..., M, K) and weights (..., K, N) have the same number of axes; batch axes broadcast. A
    transposed operand is a Desc with swapped strides. `weights` in any form gives a packed one
    that is much faster where the same weights serve several calls. `bias` True is a plan argument
    of shape (1, ..., N); a Desc may be any shape that broadcasts. `residual` is as in convolution.
    """
    if src.ndim != weights.ndim or src.ndim < 2 or src.shape[-1] != weights.shape[-2]:
        raise ValueError(f"[matmul] shapes {src.shape} and {weights.shape} do not multiply")
    batch = [_batch(a, b) for a, b in zip(src.shape[:-2], weights.shape[:-2], strict=True)]
    shape = (*batch, src.shape[-2], weights.shape[-1])
    out = dst if isinstance(dst, Desc) else Desc.of(shape, src.dtype, dst)
    if bias is True:
        bias = Desc.plain((1,) * (src.ndim - 1) + shape[-1:], src.dtype)
    post = activation_post(activation)
    arguments = [("src", SRC), ("weights", WEIGHTS), ("bias", BIAS)]
    if residual == "add":
        post = (("binary", "add", out), *post)
        arguments.append(("residual", POST_OP | SRC_1))
    elif residual:
        post = (("sum",), *post)
    pd = create(
        f"matmul of {src.shape} by {weights.shape}",
        "matmul",
        load().engine,
        md_of(src),
        md_of(weights),
        optional_md(bias or None),
        md_of(out),
        attributes(*post),
        reference=False,
    )
    return Plan("matmul", pd, [*arguments, ("dst", DST)])
