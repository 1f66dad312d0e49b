"""Additions and activations behind convolutions and matrix products join them."""

# ruff: noqa: E501 - a call of a graph stands on one line

import pytest

from tengen.compiler.passes.product import fuse_product

from ..interpreting import judge, leaves_alone

CONV = "graph(v0: float32[2, 3, 6, 6], v1: float32[4, 3, 3, 3], v2: float32[4], v3: float32[2, 4, 4, 4]):"
MATMUL = "graph(v0: float32[40, 50], v1: float32[60, 50], v2: float32[60], v3: float32[40, 60]):"


@pytest.mark.parametrize(
    "name", ["relu", "relu6", "sigmoid", "tanh", "silu", "gelu", "gelu_tanh", "hswish", "hsigmoid"]
)
def test_every_activation_joins(name):
    judge(
        fuse_product,
        f"""{CONV}
            v4: float32[2, 4, 4, 4] = convolution(v0, v1, v2)
            v5: float32[2, 4, 4, 4] = {name}(v4)
            return v5
        """,
        f"""{CONV}
            v4: float32[2, 4, 4, 4] = fused_convolution(v0, v1, v2, activation='{name}')
            return v4
        """,
        tolerance=1e-5,
    )


@pytest.mark.parametrize(
    "calls, call",
    [
        (
            "v4: float32[2, 4, 4, 4] = convolution(v0, v1)\nv6: float32[2, 4, 4, 4] = add(v3, v4)",
            "fused_convolution(v0, v1, None, None, v3)",
        ),
        (
            "v4: float32[2, 4, 4, 4] = convolution(v0, v1, v2)\n"
            "v5: float32[2, 4, 4, 4] = add(v4, v3)\nv6: float32[2, 4, 4, 4] = relu(v5)",
            "fused_convolution(v0, v1, v2, None, v3, activation='relu')",
        ),
        (
            "v4: float32[2, 4, 4, 4] = fused_convolution(v0, v1, v2, v2)\n"
            "v5: float32[2, 4, 4, 4] = add(v4, v3)\nv6: float32[2, 4, 4, 4] = relu6(v5)",
            "fused_convolution(v0, v1, v2, v2, v3, activation='relu6')",
        ),
    ],
)
def test_a_residual_joins_a_convolution(calls, call):
    judge(
        fuse_product,
        f"{CONV}\n{calls}\nreturn v6",
        f"{CONV}\nv6: float32[2, 4, 4, 4] = {call}\nreturn v6",
    )


@pytest.mark.parametrize(
    "calls, call",
    [
        (
            "v4: float32[40, 60] = matmul(v0, v1, v2, transpose_b=True)\nv6: float32[40, 60] = gelu(v4)",
            "fused_matmul(v0, v1, v2, transpose_b=True, activation='gelu')",
        ),
        (
            "v4: float32[40, 60] = matmul(v0, v1, transpose_b=True)\nv6: float32[40, 60] = add(v4, v3)",
            "fused_matmul(v0, v1, None, v3, transpose_b=True)",
        ),
        (
            "v4: float32[40, 60] = matmul(v0, v1, v2, transpose_b=True)\n"
            "v5: float32[40, 60] = add(v4, v3)\nv6: float32[40, 60] = relu(v5)",
            "fused_matmul(v0, v1, v2, v3, transpose_b=True, activation='relu')",
        ),
    ],
)
def test_what_follows_joins_a_matrix_product(calls, call):
    judge(
        fuse_product,
        f"{MATMUL}\n{calls}\nreturn v6",
        f"{MATMUL}\nv6: float32[40, 60] = {call}\nreturn v6",
    )


@pytest.mark.parametrize(
    "calls",
    [
        "v4: float32[40, 60] = matmul(v0, v1, v2, transpose_b=True)\nv6: float32[40, 60] = exp(v4)",
        "v4: float32[40, 60] = matmul(v0, v1, transpose_b=True)\nv6: float32[40, 60] = add(v4, v2)",
        "v4: float32[40, 60] = matmul(v0, v1, transpose_b=True)\nv6: float32[40, 60] = add(v4, v4)",
        "v4: float32[40, 60] = matmul(v0, v1, transpose_b=True)\n"
        "v5: float32[40, 60] = gelu(v4)\nv6: float32[40, 60] = gelu_backward(v5, v4)",
    ],
)
def test_what_else_follows_stays(calls):
    leaves_alone(fuse_product, f"{MATMUL}\n{calls}\nreturn v6")
