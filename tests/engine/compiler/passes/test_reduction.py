"""Elementwise chains that end in a reduction are never written out."""

# ruff: noqa: E501 - a call of a graph stands on one line

import numpy as np
import pytest

from tengen.compiler.passes.reduction import fuse_reduction
from tengen.kernels.numba import library, service
from tengen.runtime import plan

from ..interpreting import inputs_for, judge, leaves_alone, read, run

HEAD = "graph(v0: float32[40, 60], v1: float32[40, 60], v2: float32[60]):"


@pytest.mark.parametrize(
    "call, kind, attrs",
    [
        ("sum(v4)", "float32[]", "axes=2"),
        ("mean(v4, axis=(1,), keepdims=True)", "float32[40, 1]", "reduction='mean', keepdims=True"),
        ("max(v4, axis=(-1,))", "float32[40]", "reduction='max'"),
    ],
)
def test_a_reduction_takes_its_chain(call, kind, attrs):
    judge(
        fuse_reduction,
        f"""{HEAD}
            v3: float32[40, 60] = sub(v0, v1)
            v4: float32[40, 60] = square(v3)
            v5: {kind} = {call}
            return v5
        """,
        f"""{HEAD}
            v5: {kind} = fused_reduction(v0, v1, program=(('sub', (), (0, 1)), ('square', (), (2,))), {attrs})
            return v5
        """,
    )


@pytest.mark.parametrize(
    "calls",
    [
        "v5: float32[] = sum(v0)",
        "v4: float32[40, 60] = exp(v0)\nv5: float32[60] = sum(v4, axis=(0,))",
        "v4: float32[40, 60] = exp(v0)\nv6: float32[40] = sum(v4, axis=(1,))\nv5: float32[40, 60] = neg(v4)",
        "v4: float32[60] = exp(v2)\nv5: float32[40, 60] = add(v0, v4)",
    ],
)
def test_other_reductions_stay(calls):
    last = ", v6" if "v6" in calls else ""
    leaves_alone(fuse_reduction, f"{HEAD}\n{calls}\nreturn v5{last}")


@pytest.mark.skipif(not library.available(), reason="Numba is not here")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", ["300, 70", "3, 20000", "2, 50, 40"])
@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def test_the_compiled_kernel_computes_the_same(name, shape, dtype):
    columns = shape.rpartition(" ")[2]
    graph = read(f"""
        graph(v0: {dtype}[{shape}], v1: {dtype}[{columns}], v2: {dtype}[], v3: {dtype}[{shape}]):
            v4: {dtype}[{shape}] = mul(v0, v1)
            v5: {dtype}[{shape}] = sub(v4, v2)
            v6: {dtype}[] = {name}(v5)
            v7: {dtype}[{shape}] = mul(v0, v3)
            v8: {dtype}[{shape.rpartition(",")[0]}] = {name}(v7, axis=(-1,))
            return v6, v8
    """)
    made = fuse_reduction(graph)
    assert {n.op.name for n in made.nodes} == {"fused_reduction"}
    before = service.mode()
    service.set_mode("now")
    plan.plans.clear()
    try:
        arrays = inputs_for(graph)
        for want, got in zip(run(graph, arrays), run(made, arrays), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-5 if dtype == "float32" else 1e-12)
        arrays[0].reshape(-1)[7] = np.nan
        for want, got in zip(run(graph, arrays), run(made, arrays), strict=True):
            np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    finally:
        service.set_mode(before)
        plan.plans.clear()
