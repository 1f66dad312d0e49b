"""Batch norm with given statistics goes into the convolution before it."""

# ruff: noqa: E501 - a call of a graph stands on one line

import pytest

from tengen.compiler.passes.constants import fold_constants
from tengen.compiler.passes.dead_code import drop_dead_code
from tengen.compiler.passes.fold_norm import fold_batch_norm

from ..interpreting import evaluate, judge, leaves_alone, read, same_values


def folded(graph):
    return drop_dead_code(fold_batch_norm(graph))


PARTS = ", ".join(f"v{i}: float32[1, 4, 1, 1]" for i in range(2, 6))


def test_statistics_go_into_weight_and_bias():
    judge(
        folded,
        f"""
        graph(v0: float32[2, 3, 6, 6], v1: float32[4, 3, 3, 3], {PARTS}):
            v6: float32[2, 4, 4, 4] = convolution(v0, v1)
            v7: float32[2, 4, 4, 4] = batch_norm_inference(v6, v2, v3, v4, v5, eps=0.001)
            return v7
        """,
        f"""
        graph(v0: float32[2, 3, 6, 6], v1: float32[4, 3, 3, 3], {PARTS}):
            v6: float32[4, 3, 3, 3], v7: float32[1, 4, 1, 1] = folded_batch_norm(v1, v2, v3, v4, v5, eps=0.001)
            v8: float32[2, 4, 4, 4] = fused_convolution(v0, v6, v7)
            return v8
        """,
    )


def test_the_bias_of_the_convolution_is_shifted():
    judge(
        folded,
        """
        graph(v0: float32[2, 3, 6, 6], v1: float32[4, 3, 3, 3], v2: float32[1, 4, 1, 1], v3: float32[1, 4, 1, 1], v4: float32[4]):
            v6: float32[2, 4, 6, 6] = convolution(v0, v1, v4, padding=(1, 1))
            v7: float32[2, 4, 6, 6] = batch_norm_inference(v6, v2, v3)
            return v7
        """,
        """
        graph(v0: float32[2, 3, 6, 6], v1: float32[4, 3, 3, 3], v2: float32[1, 4, 1, 1], v3: float32[1, 4, 1, 1], v4: float32[4]):
            v5: float32[4, 3, 3, 3], v6: float32[1, 4, 1, 1] = folded_batch_norm(v1, v2, v3, None, None, v4)
            v7: float32[2, 4, 6, 6] = fused_convolution(v0, v5, v6, padding=(1, 1))
            return v7
        """,
    )


@pytest.mark.parametrize("weight", ["2, 3, 1, 1", "3, 1, 1, 1, 1"])
def test_constant_weights_are_scaled_once(weight):
    channels = 2 if weight.startswith("2") else 3
    part = f"float32[1, {channels}, 1, 1]"
    numbers = "1.0, 2.0, 3.0, 4.0, 5.0, 6.0" if channels == 2 else "1.0, 2.0, 3.0"
    each = ", ".join(["0.5", "2.0", "4.0"][:channels])
    graph = read(f"""
        graph(v0: float32[2, 3, 4, 4]):
            v1: float32[{weight}] = constant({numbers})
            v2: {part} = constant({each})
            v3: {part} = constant({each})
            v4: float32[2, {channels}, 4, 4] = convolution(v0, v1)
            v5: float32[2, {channels}, 4, 4] = batch_norm_inference(v4, v2, v3, v2, v3)
            return v5
    """)
    made = drop_dead_code(fold_constants(folded(graph), evaluate))
    (node,) = made.nodes
    assert node.op.name == "fused_convolution" and len(node.inputs) == 3
    assert len(made.constants) == 2
    same_values(graph, made)


@pytest.mark.parametrize(
    "calls",
    [
        "v6: float32[2, 4, 4, 4] = convolution(v0, v1)\n"
        "v7: float32[2, 4, 4, 4] = batch_norm_inference(v6, v2, v3, v4, v5)\n"
        "v8: float32[2, 4, 4, 4] = mul(v6, v7)",
        "v6: float32[2, 4, 4, 4] = convolution(v0, v1)\n"
        "v7: float32[2, 4, 4, 4] = exp(v6)\n"
        "v8: float32[2, 4, 4, 4] = batch_norm_inference(v7, v2, v3, v4, v5)",
    ],
)
def test_other_batch_norms_stay(calls):
    head = f"graph(v0: float32[2, 3, 6, 6], v1: float32[4, 3, 3, 3], {PARTS}):"
    leaves_alone(fold_batch_norm, f"{head}\n{calls}\nreturn v8")
