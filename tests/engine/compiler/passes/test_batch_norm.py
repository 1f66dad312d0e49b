"""Batch norm, addition and activation become one call, forward and backward."""

# ruff: noqa: E501 - a call of a graph stands on one line

import pytest

from tengen.compiler.passes.batch_norm import fuse_batch_norm
from tengen.compiler.passes.batch_norm_backward import fuse_batch_norm_backward

from ..interpreting import judge, leaves_alone, read, same_values

HEAD = (
    "graph(v0: float32[4, 3, 5], v1: float32[1, 3, 1], v2: float32[1, 3, 1], v3: float32[4, 3, 5]):"
)
NORM = "v4: float32[4, 3, 5], v5: float32[1, 3, 1], v6: float32[1, 3, 1] = batch_norm(v0, v1, v2)"
FUSED = (
    "v4: float32[4, 3, 5], v5: float32[1, 3, 1], v6: float32[1, 3, 1], v7: float32[1, 3, 1]"
    " = fused_batch_norm"
)


@pytest.mark.parametrize(
    "calls, call",
    [
        ("v9: float32[4, 3, 5] = relu(v4)", "(v0, v1, v2, activation='relu')"),
        ("v9: float32[4, 3, 5] = relu6(v4)", "(v0, v1, v2, activation='relu6')"),
        ("v9: float32[4, 3, 5] = add(v4, v3)", "(v0, v1, v2, v3)"),
        ("v9: float32[4, 3, 5] = add(v3, v4)", "(v0, v1, v2, v3)"),
        (
            "v8: float32[4, 3, 5] = add(v4, v3)\nv9: float32[4, 3, 5] = relu(v8)",
            "(v0, v1, v2, v3, activation='relu')",
        ),
    ],
)
def test_what_follows_joins(calls, call):
    judge(
        fuse_batch_norm,
        f"{HEAD}\n{NORM}\n{calls}\nreturn v9, v5",
        f"{HEAD}\n{FUSED}{call}\nreturn v4, v5",
    )


@pytest.mark.parametrize(
    "calls",
    [
        "v9: float32[4, 3, 5] = exp(v4)",
        "v8: float32[4, 3, 5] = relu(v4)\nv9: float32[4, 3, 5] = mul(v4, v8)",
        "v9: float32[4, 3, 5] = add(v4, v1)",
        "v9: float32[4, 3, 5] = add(v4, v4)",
        "v8: float32[4, 3, 5] = sub(v3, v5)\nv9: float32[4, 3, 5] = add(v4, v8)",
    ],
)
def test_what_else_follows_stays(calls):
    graph = read(f"{HEAD}\n{NORM}\n{calls}\nreturn v9")
    names = [n.op.name for n in graph.nodes]
    assert [n.op.name for n in fuse_batch_norm(graph).nodes] == names


def test_an_addition_joins_one_batch_norm_only():
    graph = read(f"""{HEAD}
        {NORM}
        v7: float32[4, 3, 5], v8: float32[1, 3, 1], v9: float32[1, 3, 1] = batch_norm(v3, v1, v2)
        v10: float32[4, 3, 5] = add(v4, v7)
        v11: float32[4, 3, 5] = relu(v10)
        v12: float32[1, 3, 1] = exp(v5)
        return v11, v12, v8
    """)
    made = fuse_batch_norm(graph)
    assert [n.op.name for n in made.nodes] == ["batch_norm", "fused_batch_norm", "exp"]
    same_values(graph, made)


@pytest.mark.parametrize(
    "parts, calls, call",
    [
        ("v1, v2", "v9: float32[4, 3, 5] = relu(v4)", "(v0, v1, v2, activation='relu')"),
        ("v1, v2, v1, v2", "v9: float32[4, 3, 5] = add(v3, v4)", "(v0, v1, v2, v1, v2, v3)"),
        (
            "v1, v2",
            "v8: float32[4, 3, 5] = add(v4, v3)\nv9: float32[4, 3, 5] = relu6(v8)",
            "(v0, v1, v2, None, None, v3, activation='relu6')",
        ),
    ],
)
def test_given_statistics_are_joined_too(parts, calls, call):
    judge(
        fuse_batch_norm,
        f"{HEAD}\nv4: float32[4, 3, 5] = batch_norm_inference(v0, {parts})\n{calls}\nreturn v9",
        f"{HEAD}\nv9: float32[4, 3, 5] = fused_batch_norm_inference{call}\nreturn v9",
    )


STEP = f"""{HEAD}
    {FUSED}(v0, v1, v2, activation='relu')
    v8: float32[4, 3, 5] = exp(v3)
    v9: float32[4, 3, 5] = accumulate(v8, v3)
    v10: float32[4, 3, 5] = relu_backward(v9, v4)
    v11: float32[4, 3, 5], v12: float32[1, 3, 1], v13: float32[1, 3, 1] = batch_norm_backward(v0, v10, v5, v6, v1)
"""


def test_sum_and_mask_join_the_gradient():
    judge(
        fuse_batch_norm_backward,
        f"{STEP}    return v11, v12, v13",
        f"""{HEAD}
        {FUSED}(v0, v1, v2, activation='relu')
        v8: float32[4, 3, 5] = exp(v3)
        v9: float32[4, 3, 5], v10: float32[1, 3, 1], v11: float32[1, 3, 1] = fused_batch_norm_backward(v0, v5, v7, v1, v2, None, v8, v3, activation='relu')
        return v9, v10, v11
        """,
    )


def test_a_mask_with_other_readers_is_a_result():
    judge(
        fuse_batch_norm_backward,
        f"{STEP}    v14: float32[4, 3, 5] = exp(v10)\n    return v11, v12, v13, v14",
        f"""{HEAD}
        {FUSED}(v0, v1, v2, activation='relu')
        v8: float32[4, 3, 5] = exp(v3)
        v9: float32[4, 3, 5], v10: float32[1, 3, 1], v11: float32[1, 3, 1], v12: float32[4, 3, 5] = fused_batch_norm_backward(v0, v5, v7, v1, v2, None, v8, v3, activation='relu', masked=True)
        v13: float32[4, 3, 5] = exp(v12)
        return v9, v10, v11, v13
        """,
    )


def test_without_its_forward_call_the_mask_comes_from_the_output():
    judge(
        fuse_batch_norm_backward,
        """
        graph(v0: float32[4, 3], v1: float32[1, 3], v2: float32[1, 3], v3: float32[1, 3], v4: float32[4, 3], v5: float32[4, 3]):
            v6: float32[4, 3] = relu6_backward(v5, v4)
            v7: float32[4, 3], v8: float32[1, 3], v9: float32[1, 3] = batch_norm_backward(v0, v6, v1, v2, v3, eps=0.001)
            return v7, v8, v9
        """,
        """
        graph(v0: float32[4, 3], v1: float32[1, 3], v2: float32[1, 3], v3: float32[1, 3], v4: float32[4, 3], v5: float32[4, 3]):
            v6: float32[4, 3], v7: float32[1, 3], v8: float32[1, 3] = fused_batch_norm_backward(v0, v1, v2, v3, None, v4, v5, eps=0.001, activation='relu6')
            return v6, v7, v8
        """,
    )


def test_the_outermost_sum_may_have_other_readers():
    judge(
        fuse_batch_norm_backward,
        """
        graph(v0: float32[4, 3], v1: float32[1, 3], v2: float32[1, 3], v3: float32[1, 3], v4: float32[4, 3], v5: float32[4, 3]):
            v6: float32[4, 3] = accumulate(v4, v5)
            v7: float32[4, 3] = accumulate(v6, v0)
            v8: float32[4, 3], v9: float32[1, 3], v10: float32[1, 3] = batch_norm_backward(v0, v7, v1, v2, v3)
            v11: float32[4, 3] = exp(v7)
            return v8, v11
        """,
        """
        graph(v0: float32[4, 3], v1: float32[1, 3], v2: float32[1, 3], v3: float32[1, 3], v4: float32[4, 3], v5: float32[4, 3]):
            v6: float32[4, 3], v7: float32[1, 3], v8: float32[1, 3], v9: float32[4, 3] = fused_batch_norm_backward(v0, v1, v2, v3, None, None, v4, v5, v0, eps=1e-05, masked=True)
            v10: float32[4, 3] = exp(v9)
            return v6, v10
        """,
    )


def test_a_bare_gradient_stays():
    leaves_alone(
        fuse_batch_norm_backward,
        """
        graph(v0: float32[4, 3], v1: float32[1, 3], v2: float32[1, 3], v3: float32[1, 3], v4: float32[4, 3]):
            v5: float32[4, 3], v6: float32[1, 3], v7: float32[1, 3] = batch_norm_backward(v0, v4, v1, v2, v3)
            return v5
        """,
    )
