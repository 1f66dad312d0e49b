"""oneDNN's matrix product with bias, residual and activation where it writes its result."""

from typing import Any

from ..graph.opdef import Bound
from .fused_convolution_onednn import POST
from .fused_matmul import fused_matmul
from .matmul_onednn import Types, product


@fused_matmul.backend("onednn")
def build(
    in_types: Types, out_types: Types, *, transpose_a: bool, transpose_b: bool, activation: str
) -> Bound | None:
    """One call."""
    _, _, bias, residual = (*in_types, None, None)[:4]
    options: dict[str, Any] = {
        "bias": bias is not None,
        "residual": "add" if residual is not None else "",
        "activation": POST[activation],
    }
    turned = (transpose_a, transpose_b)
    return product(in_types, out_types, turned, options, "onednn matmul with what follows")
