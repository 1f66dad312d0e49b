"""Small updates of one kind become one call."""

# ruff: noqa: E501 - a call of a graph stands on one line

import numpy as np
import pytest

from tengen.compiler.passes.updates import fuse_updates
from tengen.graph.opdef import registry
from tengen.graph.types import TensorType
from tengen.kernels.numba import library, service
from tengen.runtime import plan
from tengen.runtime.executor import Program

from ..interpreting import constant, judge, leaves_alone, read, run


def test_updates_of_vectors_become_one():
    judge(
        fuse_updates,
        """
        graph(v0: float32[3], v1: float32[3], v2: float32[1, 4, 1], v3: float32[1, 4, 1], v4: float64[2], v5: float32[3, 4]):
            v6: float32[3] = sgd_update(v0, v1, v4)
            v7: float32[3, 4] = sgd_update(v5, v5, v4)
            v8: float32[1, 4, 1] = sgd_update(v2, v3, v4)
            return v6, v7, v8
        """,
        """
        graph(v0: float32[3], v1: float32[3], v2: float32[1, 4, 1], v3: float32[1, 4, 1], v4: float64[2], v5: float32[3, 4]):
            v7: float32[3, 4] = sgd_update(v5, v5, v4)
            v6: float32[3], v8: float32[1, 4, 1] = fused_update(v0, v1, v2, v3, v4, count=2)
            return v6, v7, v8
        """,
    )


def test_running_statistics_become_one():
    part = "float32[1, 3]"
    names = ", ".join(f"v{i}: {part}" for i in range(6))
    judge(
        fuse_updates,
        f"""
        graph({names}):
            v6: {part}, v7: {part} = running_statistics(v0, v1, v4, v5, count=9)
            v8: {part}, v9: {part} = running_statistics(v2, v3, v5, v4, momentum=0.5, count=7)
            return v6, v7, v8, v9
        """,
        f"""
        graph({names}):
            v6: {part}, v7: {part}, v8: {part}, v9: {part} = fused_running_statistics(v0, v1, v4, v5, v2, v3, v5, v4, momentums=(0.9, 0.5), counts=(9, 7))
            return v6, v7, v8, v9
        """,
    )


@pytest.mark.parametrize(
    "second",
    [
        "sgd_update(v1, v0, v3)",
        "sgd_momentum_update(v1, v0, v0, v4)",
        "lamb_update(v1, v0, v0, v0, v5, v6)",
    ],
)
def test_updates_of_other_kinds_stay(second):
    kinds = ", v8: float32[3]" if "momentum" in second else ""
    kinds = ", v8: float32[3], v9: float32[3], v10: float32[]" if "lamb" in second else kinds
    leaves_alone(
        fuse_updates,
        f"""
        graph(v0: float32[3], v1: float32[3], v2: float64[2], v3: float64[2], v4: float64[3], v5: float32[], v6: float64[5]):
            v11: float32[3] = sgd_update(v0, v1, v2)
            v7: float32[3]{kinds} = {second}
            return v11, v7
        """,
    )


@pytest.fixture
def compiled():
    before = service.mode()
    service.set_mode("now")
    plan.plans.clear()
    yield
    service.set_mode(before)
    plan.plans.clear()


def cases():
    for name in (
        "sgd_update",
        "sgd_momentum_update",
        "adam_update",
        "adagrad_update",
        "adadelta_update",
    ):
        op = registry[name]
        yield name, op.defaults
        for key, values in op.choices.items():
            yield name, op.pack({key: values[1]})


@pytest.mark.skipif(not library.available(), reason="Numba is not here")
@pytest.mark.parametrize("name, attrs", list(cases()))
@pytest.mark.parametrize("donated", [False, True])
def test_the_compiled_kernel_updates_as_the_operator_does(name, attrs, donated, compiled):
    op, fused = registry[name], registry["fused_update"]
    rng = np.random.default_rng(3)
    calls = [op.sample(rng, shape).inputs for shape in ((5,), (1, 40, 1), (3000,), (1,))]
    arrays = [array for call in calls for array in call[:-1]]
    arrays.append(calls[0][-1])
    graph = read("graph():\n    return")
    ins = [
        graph.add_input(TensorType.of(np.shape(array), np.asarray(array).dtype)) for array in arrays
    ]
    outs = graph.add_node(fused, (name, attrs, len(calls)), tuple(ins))
    graph.outputs = list(outs)
    want = [out for call in calls for out in op.kernel(np, *call, **op.unpack(attrs))]
    taken = frozenset(range(len(arrays) - 1)) if donated else frozenset()
    buffers = [constant(v.type, np.array(a)) for v, a in zip(ins, arrays, strict=True)]
    program = Program(graph, [b.type for b in buffers], taken)
    got = program.run(buffers)
    sources = {j: i for i, j in fused.overwrites((name, attrs, len(calls)))}
    for j, (a, b) in enumerate(zip(got, want, strict=True)):
        np.testing.assert_allclose(a.array, b, rtol=1e-5, atol=1e-6)
        assert (a is buffers[sources[j]]) == donated
    if not donated:
        for buffer, array in zip(buffers, arrays, strict=True):
            np.testing.assert_array_equal(buffer.array, array)


@pytest.mark.skipif(not library.available(), reason="Numba is not here")
def test_compiled_running_statistics(compiled):
    graph = read("""
        graph(v0: float32[1, 30], v1: float32[1, 30], v2: float32[1, 30], v3: float32[1, 30]):
            v4: float32[1, 30], v5: float32[1, 30], v6: float32[1, 30], v7: float32[1, 30] = fused_running_statistics(v0, v1, v2, v3, v2, v3, v0, v1, momentums=(0.9, 0.25), counts=(5, 1))
            return v4, v5, v6, v7
    """)
    rng = np.random.default_rng(4)
    arrays = [rng.random((1, 30), np.float32) for _ in range(4)]
    op = registry["running_statistics"]
    want = (*op.kernel(np, *arrays, momentum=0.9, count=5),
            *op.kernel(np, *arrays[2:], *arrays[:2], momentum=0.25, count=1))  # fmt: skip
    for a, b in zip(run(graph, arrays), want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
