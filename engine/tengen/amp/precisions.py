"""Which operator runs in which precision under autocast: one table for all.

Operators that stand nowhere here take what comes, the widest where their operands differ.
"""

LOW = frozenset(("attention", "convolution", "convolution_backward_data", "matmul"))
"""Products: nearly all of the work, summed in float32 by every kernel."""

HIGH = frozenset(
    (
        # What leaves the range, or loses digits by cancellation.
        "acos", "acosh", "asin", "atanh", "cosh", "div_or_zero", "exp", "expm1", "log", "log1p",
        "log_or_zero", "logaddexp", "logsigmoid", "pow", "reciprocal", "root", "sinh", "softplus",
        "square", "tan",
        # Sums of many.
        "cumsum", "mean", "prod", "sum", "variance",
        # Normalisation, over classes or features, and losses.
        "cross_entropy", "layer_norm", "log_softmax", "logsumexp", "softmax",
        # What has no low precision kernel, or holds positions.
        "deformable_convolution", "matinv", "svd",
    )
)  # fmt: skip
"""Kept in float32."""

HIGH_ON_CPU = frozenset(
    (
        "average_pool", "batch_norm", "batch_norm_inference", "dropout", "gelu", "gelu_tanh",
        "hsigmoid", "hswish", "leaky_relu", "max_pool", "prelu", "resize", "sigmoid", "silu",
        "tanh",
    )
)  # fmt: skip
"""Kept in float32 on the CPU, whose low precision kernels for them are slower than float32 ones."""
