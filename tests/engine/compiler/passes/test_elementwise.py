"""Chains of elementwise calls become one call with a program."""

# ruff: noqa: E501 - a call of a graph stands on one line

import numpy as np
import pytest

from tengen.compiler.passes.elementwise import fuse_elementwise
from tengen.kernels.numba import library, service
from tengen.runtime import plan

from ..interpreting import inputs_for, judge, leaves_alone, read, run, same_values


def test_a_chain_becomes_a_program():
    judge(
        fuse_elementwise,
        """
        graph(v0: float32[30, 40], v1: float32[30, 40]):
            v2: float32[30, 40] = mul(v0, v1)
            v3: float32[30, 40] = affine(v2, scale=2.0, shift=1.0)
            v4: float32[30, 40] = tanh(v3)
            return v4
        """,
        """
        graph(v0: float32[30, 40], v1: float32[30, 40]):
            v2: float32[30, 40] = fused_elementwise(v0, v1, program=(('mul', (), (0, 1)), ('affine', (2.0, 1.0), (2,)), ('tanh', (), (3,))))
            return v2
        """,
    )


def test_numbers_columns_and_masks_join():
    judge(
        fuse_elementwise,
        """
        graph(v0: float32[30, 40], v1: float32[40], v2: float32[]):
            v3: float32[30, 40] = add(v0, v1)
            v4: bool[30, 40] = greater(v3, v2)
            v5: float32[30, 40] = where(v3, None, v4)
            v6: float32[] = sum(v5)
            return v6
        """,
        """
        graph(v0: float32[30, 40], v1: float32[40], v2: float32[]):
            v3: float32[30, 40] = fused_elementwise(v0, v1, v2, program=(('add', (), (0, 1)), ('greater', (), (3, 2)), ('where', (), (3, None, 4))))
            v4: float32[] = sum(v3)
            return v4
        """,
    )


def test_what_is_read_elsewhere_ends_a_chain():
    judge(
        fuse_elementwise,
        """
        graph(v0: float32[30, 40]):
            v1: float32[30, 40] = square(v0)
            v2: float32[30, 40] = neg(v1)
            v3: float32[30, 40] = exp(v2)
            v4: float32[30, 40] = mul(v3, v3)
            v5: float32[30, 40] = affine(v2, scale=2.0)
            v6: float32[30, 40] = sub(v5, v4)
            return v6, v2
        """,
        """
        graph(v0: float32[30, 40]):
            v1: float32[30, 40] = fused_elementwise(v0, program=(('square', (), (0,)), ('neg', (), (1,))))
            v2: float32[30, 40] = fused_elementwise(v1, program=(('exp', (), (0,)), ('mul', (), (1, 1)), ('affine', (2.0, 0.0), (0,)), ('sub', (), (3, 2))))
            return v2, v1
        """,
    )


@pytest.mark.parametrize(
    "calls",
    [
        "v2: float32[2, 3, 4] = exp(v0)",
        "v2: float32[2, 3, 4] = add(v0, v1)\nv3: float32[2, 3, 4] = exp(v2)",
        "v2: bool[2, 3, 4] = less(v0, v0)\nv3: bool[2, 3, 4] = logical_not(v2)",
        "v2: float32[2, 3, 4] = exp(v0)\nv3: float16[2, 3, 4] = cast(v2, dtype=float16)",
        "v2: float32[3, 1] = exp(v1)\nv3: float32[2, 3, 4] = add(v0, v2)",
    ],
)
def test_other_calls_stay(calls):
    last = calls.rpartition("\n")[2].partition(":")[0]
    head = "graph(v0: float32[2, 3, 4], v1: float32[3, 1]):"
    leaves_alone(fuse_elementwise, f"{head}\n{calls}\nreturn {last}")


@pytest.mark.skipif(not library.available(), reason="Numba is not here")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_compiled_kernel_computes_the_same(dtype):
    graph = read(f"""
        graph(v0: {dtype}[60, 50], v1: {dtype}[1, 50], v2: {dtype}[1, 1], v3: {dtype}[60, 50]):
            v4: {dtype}[60, 50] = sub(v0, v1)
            v5: {dtype}[60, 50] = mul(v4, v2)
            v6: {dtype}[60, 50] = clip(v5, low=-0.5, high=0.25)
            v7: bool[60, 50] = less_equal(v6, v3)
            v8: {dtype}[60, 50] = where(v6, v0, v7)
            v9: {dtype}[60, 50] = sqrt(v8)
            return v9
    """)
    made = fuse_elementwise(graph)
    assert [n.op.name for n in made.nodes] == ["fused_elementwise"]
    before = service.mode()
    service.set_mode("now")
    plan.plans.clear()
    try:
        same_values(graph, made)
        arrays = inputs_for(graph)
        arrays[0][3, 4] = np.nan
        for want, got in zip(run(graph, arrays), run(made, arrays), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-6)
    finally:
        service.set_mode(before)
        plan.plans.clear()
