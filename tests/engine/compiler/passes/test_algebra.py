"""Calls that do nothing go, chains become one call."""

import pytest

from tengen.compiler.passes.algebra import simplify
from tengen.compiler.passes.dead_code import drop_dead_code

from ..interpreting import judge, leaves_alone


def simplified(graph):
    return drop_dead_code(simplify(graph))


@pytest.mark.parametrize(
    "calls",
    [
        "v2: float32[2, 3] = add(v0, zero)",
        "v2: float32[2, 3] = add(zero, v0)",
        "v2: float32[2, 3] = sub(v0, zero)",
        "v2: float32[2, 3] = mul(one, v0)",
        "v2: float32[2, 3] = div(v0, one)",
        "v2: float32[2, 3] = affine(v0)",
        "v2: float32[2, 3] = cast(v0, dtype=float32)",
        "v1: float64[2, 3] = cast(v0, dtype=float64)\nv2: float32[2, 3] = cast(v1, dtype=float32)",
        "v2: float32[2, 3] = reshape(v0, shape=(2, 3))",
        "v1: float32[6] = reshape(v0, shape=(6,))\nv2: float32[2, 3] = reshape(v1, shape=(2, -1))",
        "v2: float32[2, 3] = broadcast_to(v0, shape=(2, 3))",
        "v2: float32[2, 3] = sum_to(v0, shape=(2, 3))",
        "v2: float32[2, 3] = transpose(v0, pattern=(0, 1))",
        "v1: float32[3, 2] = transpose(v0, pattern=(1, 0))\n"
        "v2: float32[2, 3] = transpose(v1, pattern=(1, 0))",
        "v1: float32[2, 3] = neg(v0)\nv2: float32[2, 3] = neg(v1)",
    ],
)
def test_a_call_that_does_nothing_goes(calls):
    head = (
        "graph(v0: float32[2, 3]):\n"
        "zero: float32[] = constant(0.0)\n"
        "one: float32[1, 1] = constant(1.0)\n"
    )
    judge(
        simplified,
        f"{head}{calls}\nv9: float32[2, 3] = exp(v2)\nreturn v9",
        "graph(v0: float32[2, 3]):\nv9: float32[2, 3] = exp(v0)\nreturn v9",
    )


@pytest.mark.parametrize(
    "calls, one",
    [
        (
            "v1: float32[2, 3] = affine(v0, scale=2.0, shift=1.0)\n"
            "v2: float32[2, 3] = affine(v1, scale=3.0, shift=0.5)",
            "v2: float32[2, 3] = affine(v0, scale=6.0, shift=3.5)",
        ),
        (
            "v1: float32[6] = reshape(v0, shape=(6,))\n"
            "v2: float32[3, 2] = reshape(v1, shape=(3, 2))",
            "v2: float32[3, 2] = reshape(v0, shape=(3, 2))",
        ),
        (
            "v1: float32[1, 2, 3] = broadcast_to(v0, shape=(1, 2, 3))\n"
            "v2: float32[4, 2, 3] = broadcast_to(v1, shape=(4, 2, 3))",
            "v2: float32[4, 2, 3] = broadcast_to(v0, shape=(4, 2, 3))",
        ),
        (
            "v1: float64[2, 3] = cast(v0, dtype=float64)\nv2: int32[2, 3] = cast(v1, dtype=int32)",
            "v2: int32[2, 3] = cast(v0, dtype=int32)",
        ),
        (
            "v1: float32[2, 3] = relu(v0)\nv2: float32[2, 3] = relu(v1)",
            "v2: float32[2, 3] = relu(v0)",
        ),
    ],
)
def test_a_chain_becomes_one_call(calls, one):
    kind = one[4 : one.index(" =")]
    head, tail = "graph(v0: float32[2, 3]):\n", f"\nv9: {kind} = square(v2)\nreturn v9"
    judge(simplified, head + calls + tail, head + one + tail)


@pytest.mark.parametrize(
    "given, call, wanted",
    [
        ("2, 3, 4", "sum(v0, axis=(0,))", "3, 4"),
        ("2, 3, 4", "sum(v0, axis=(0, 1, 2))", ""),
        ("2, 3, 4", "sum(v0, axis=(1, 2), keepdims=True)", "2, 1, 1"),
        ("1, 3, 4", "sum(v0, axis=(2,), keepdims=True)", "1, 3, 1"),
    ],
)
def test_a_sum_to_a_shape_becomes_a_sum_over_axes(given, call, wanted):
    shape = f"({wanted},)" if wanted else "()"
    head = f"graph(v0: float32[{given}]):\nv1: float32[{wanted}] ="
    judge(
        simplified,
        f"{head} sum_to(v0, shape={shape})\nreturn v1",
        f"{head} {call}\nreturn v1",
    )


def test_a_sum_to_a_shape_of_both_kinds_stays():
    leaves_alone(
        simplify,
        "graph(v0: float32[2, 3, 4]):\nv1: float32[1, 4] = sum_to(v0, shape=(1, 4))\nreturn v1",
    )


def test_three_transposes_become_one():
    judge(
        simplified,
        """
        graph(v0: float32[2, 3, 4]):
            v1: float32[3, 4, 2] = transpose(v0, pattern=(1, 2, 0))
            v2: float32[4, 2, 3] = transpose(v1, pattern=(1, 2, 0))
            v3: float32[4, 3, 2] = transpose(v2, pattern=(0, 2, 1))
            v4: float32[4, 3, 2] = exp(v3)
            return v4
        """,
        """
        graph(v0: float32[2, 3, 4]):
            v1: float32[4, 3, 2] = transpose(v0, pattern=(2, 1, 0))
            v2: float32[4, 3, 2] = exp(v1)
            return v2
        """,
    )


def test_an_operand_is_not_broadcast_for_an_elementwise_call():
    judge(
        simplified,
        """
        graph(v0: float32[2, 3], v1: float32[3]):
            v2: float32[2, 3] = broadcast_to(v1, shape=(2, 3))
            v3: float32[2, 3] = mul(v0, v2)
            v4: float32[2, 3] = mul(v2, v2)
            v5: float32[2, 3] = add(v3, v4)
            return v5
        """,
        """
        graph(v0: float32[2, 3], v1: float32[3]):
            v2: float32[2, 3] = broadcast_to(v1, shape=(2, 3))
            v3: float32[2, 3] = mul(v0, v1)
            v4: float32[2, 3] = mul(v1, v2)
            v5: float32[2, 3] = add(v3, v4)
            return v5
        """,
    )


@pytest.mark.parametrize(
    "calls",
    [
        "v1: float16[2] = cast(v0, dtype=float16)\nv2: float32[2] = cast(v1, dtype=float32)",
        "v2: float32[2] = add(v0, v0)",
        "zero: float32[2] = constant(0.0, 0.0)\nv2: float32[2] = sub(zero, v0)",
        "zero: float32[3, 1] = constant(0.0, 0.0, 0.0)\nv2: float32[3, 2] = add(v0, zero)",
    ],
)
def test_what_changes_a_value_or_a_type_stays(calls):
    shape = "float32[3, 2]" if "3, 2]" in calls else "float32[2]"
    text = f"graph(v0: float32[2]):\n{calls}\nv9: {shape} = exp(v2)\nreturn v9"
    leaves_alone(simplify, text)


def test_an_output_is_never_an_input():
    leaves_alone(
        simplify,
        "graph(v0: float32[2]):\nv1: float32[2] = affine(v0)\nreturn v1",
    )
