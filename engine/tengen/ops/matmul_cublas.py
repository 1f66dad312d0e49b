"""Matrix products on the GPU by cuBLASLt, with bias, residual and activation where it has them."""

from typing import Any

from ..base import config as settings
from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.cuda import cublas, program
from .fused_matmul import fused_matmul
from .launching_cuda import TYPES, all_known
from .matmul import matmul

Turned = tuple[bool, bool]


def _bind(
    in_types: Any, out_types: Any, turned: Turned, activation: str, bias: Any, residual: Any
) -> Bound | None:
    """`bias` and `residual` are the places of these inputs, or None."""
    a, b = in_types[:2]
    (y,) = out_types
    if a.dtype not in dt.FLOATS or not all_known((a, b, y)) or program.loader().stream() is None:
        return None
    if (activation, bias is not None) not in cublas.EPILOGUES:
        return None
    product = cublas.describe(
        TYPES[a.dtype], a.shape, b.shape, turned, activation=activation, bias=bias is not None,
        residual=residual is not None, tf32=settings.config.tf32,
    )  # fmt: skip
    found = None if product is None else cublas.plan(product)
    if found is None:
        return None
    made = found

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        loader = program.loader()
        address = loader.address
        d = address(outs[0])
        c = d if residual is None else address(ins[residual])
        vector = 0 if bias is None else address(ins[bias])
        space = address(outs[1]) if made.workspace else 0
        made.run(address(ins[1]), address(ins[0]), c, vector, d, space, loader.stream())

    layouts = (None,) * len(in_types)
    return Bound(run, layouts, out_types, workspace=made.workspace)


@matmul.backend("cublas", "gpu")
def build(in_types: Any, out_types: Any, *, transpose_a: bool, transpose_b: bool) -> Bound | None:
    """The product, with its bias in the epilogue."""
    bias = 2 if len(in_types) > 2 and in_types[2] is not None else None
    return _bind(in_types, out_types, (transpose_a, transpose_b), "none", bias, None)


@fused_matmul.backend("cublas", "gpu")
def build_fused(
    in_types: Any, out_types: Any, *, activation: str, transpose_a: bool, transpose_b: bool
) -> Bound | None:
    """Bias, residual and relu or tanh-GELU in the epilogue; other activations are not its own."""
    given = [place for place in (2, 3) if len(in_types) > place and in_types[place] is not None]
    bias, residual = (place if place in given else None for place in (2, 3))
    turned = (transpose_a, transpose_b)
    return _bind(in_types, out_types, turned, activation, bias, residual)
