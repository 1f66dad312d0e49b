"""A depthwise convolution takes in the batch norm and activation before it."""

# ruff: noqa: E501 - a call of a graph stands on one line

import pytest

from tengen.compiler.passes.depthwise import fuse_depthwise
from tengen.kernels.numba import library, service
from tengen.runtime import plan

from ..interpreting import judge, leaves_alone, read, same_values

pytestmark = pytest.mark.skipif(not library.available(), reason="the pass asks for Numba")

HEAD = "graph(v0: float32[4, 16, 6, 6], v1: float32[1, 16, 1, 1], v2: float32[1, 16, 1, 1], v3: float32[16, 1, 1, 3, 3], v4: float32[4, 16, 3, 3]):"
PART = "float32[1, 16, 1, 1]"
NORM = f"v5: float32[4, 16, 6, 6], v6: {PART}, v7: {PART}, v8: {PART} = fused_batch_norm(v0, v1, v2, activation='relu6')"
CONV = "v9: float32[4, 16, 3, 3] = convolution(v5, v3, stride=(2, 2), padding=(1, 1))"
FUSED = f"v9: float32[4, 16, 3, 3], v6: {PART}, v7: {PART}, v8: {PART} = fused_depthwise(v0, v1, v2, v3, activation='relu6', stride=(2, 2), padding=(1, 1))"
GRADIENTS = f"""
    v10: float32[4, 16, 3, 3] = exp(v9)
    v11: float32[4, 16, 6, 6] = convolution_backward_data(v10, v3, size=(6, 6), stride=(2, 2), padding=(1, 1))
    v12: float32[16, 1, 1, 3, 3] = convolution_backward_weight(v5, v10, shape=(16, 1, 1, 3, 3), stride=(2, 2), padding=(1, 1))
    v13: float32[4, 16, 6, 6], v14: {PART}, v15: {PART} = fused_batch_norm_backward(v0, v6, v8, v1, v2, None, v11, activation='relu6')
"""
STEP = f"{HEAD}\n{NORM}\n{CONV}\n{GRADIENTS}\n"


def test_forward_alone():
    judge(
        fuse_depthwise,
        f"{HEAD}\n{NORM}\n{CONV}\nreturn v9, v6, v7",
        f"{HEAD}\n{FUSED}\nreturn v9, v6, v7",
    )


def test_with_its_gradients():
    judge(
        fuse_depthwise,
        f"{STEP}\nreturn v13, v14, v15, v12",
        f"""{HEAD}
            {FUSED}
            v10: float32[4, 16, 3, 3] = exp(v9)
            v13: float32[4, 16, 6, 6], v14: {PART}, v15: {PART}, v12: float32[16, 1, 1, 3, 3] = fused_depthwise_backward(v0, v6, v8, v1, v2, v3, v10, activation='relu6', stride=(2, 2), padding=(1, 1))
            return v13, v14, v15, v12
        """,
    )


@pytest.mark.parametrize(
    "text",
    [
        f"{STEP}\nreturn v13, v14, v15, v12, v5",
        f"{STEP}\nv16: float32[4, 16, 6, 6] = exp(v11)\nreturn v13, v12, v16",
        f"{HEAD}\n{NORM}\nv9: float32[4, 16, 4, 4] = convolution(v5, v3, dilation=(1, 1), padding=(0, 0))\nv10: float32[4, 16, 6, 6] = neg(v5)\nreturn v9, v10",
        f"{HEAD}\n{NORM}\nv9: float32[4, 16, 2, 2] = convolution(v5, v3, dilation=(2, 2))\nreturn v9",
    ],
)
def test_what_is_read_elsewhere_stays(text):
    leaves_alone(fuse_depthwise, text)


def test_the_compiled_kernels_compute_the_same():
    graph = read(f"{STEP}\nreturn v9, v6, v7, v8, v13, v14, v15, v12")
    made = fuse_depthwise(graph)
    assert {n.op.name for n in made.nodes} >= {"fused_depthwise", "fused_depthwise_backward"}
    before = service.mode()
    service.set_mode("now")
    plan.plans.clear()
    try:
        same_values(graph, made, tolerance=1e-4)
    finally:
        service.set_mode(before)
        plan.plans.clear()
