"""Batch norm, residual, activation and their gradients fused while running: same numbers."""

import gc

import numpy as np
import pytest

import tengen as tg
from tengen.base.layout import Layout
from tengen.kernels.numba import service
from tengen.ops import activation, fusion_numba, reduce
from tengen.ops.elementwise import add, mul
from tengen.ops.norm import batch_norm
from tengen.ops.running import running_statistics
from tengen.runtime import memory
from tengen.runtime.buffer import DeferredBuffer
from tengen.runtime.plan import convert
from tengen.tensor import Tensor


@pytest.fixture
def never_compiled():
    before = service.mode()
    service.set_mode("never")
    yield
    service.set_mode(before)


@pytest.fixture
def compiled_now():
    before = service.mode()
    service.set_mode("now")
    yield
    service.set_mode(before)


def blocked(tensor):
    layout = Layout((0, 1, 2, 3), ((1, 16),))
    tensor._buffer = convert(tensor._buffer, layout, None)
    return tensor


def block(parts, act, residual, twice):
    """A small residual block; returns the loss and what to compare."""
    x, w, b, skip, weight = parts
    y, mean, variance = batch_norm(x, w, b, eps=1e-5)
    running = running_statistics(
        mul(mean, mean), add(variance, variance), mean, variance, momentum=0.9, count=100
    )
    if residual:
        y = add(y, skip)
    z = getattr(activation, act)(y) if act else y
    total = reduce.sum(mul(z, weight))
    if twice:
        total = add(total, reduce.sum(mul(z, z)))
    return total, [z, *running]


def run(case, dtype, backends, layout, shape=(4, 24, 20, 20)):
    act, residual, twice = case
    rng = np.random.default_rng(3)
    c = shape[1]
    arrays = [
        rng.standard_normal(shape), rng.uniform(0.5, 2, (1, c, 1, 1)),
        rng.standard_normal((1, c, 1, 1)), rng.standard_normal(shape), rng.standard_normal(shape),
    ]  # fmt: skip
    parts = [Tensor(a.astype(dtype), dtype=dtype) for a in arrays]
    if layout:
        parts = [blocked(p) if p.shape == shape else p for p in parts]
    with tg.config.override(backends=backends):
        gm = tg.autodiff.GradManager().attach(parts[:4])
        with gm:
            loss, outs = block(parts, act, residual, twice)
            gm.backward(loss)
        grads = [p.grad for p in parts[:4] if p.grad is not None]
        return [t.numpy() for t in (loss, *outs, *grads)]


CASES = [
    (act, residual, twice)
    for act in ("relu", "relu6", "sigmoid", "")
    for residual in (False, True)
    for twice in (False, True)
]


COMPILED = [("relu", True, True), ("relu6", False, False)]


def check(case, layout, dtype, limit):
    want = run(case, "float64", "numpy", False)
    got = run(case, dtype, "fusion,numpy", layout)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=limit, atol=limit * max(1.0, np.abs(b).max()))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("layout", [False, True])
def test_fused_equals_numpy(case, layout, never_compiled):
    check(case, layout, "float64", 1e-10)


@pytest.mark.parametrize("case", COMPILED)
@pytest.mark.parametrize("layout", [False, True])
def test_fused_and_compiled_equals_numpy(case, layout, compiled_now):
    check(case, layout, "float32", 2e-4)


def test_the_unfinished_result_takes_no_memory_of_its_own():
    gc.collect()
    shape = (4, 32, 32, 32)
    x = Tensor(np.random.default_rng(0).standard_normal(shape), dtype="float32")
    w = Tensor(np.ones((1, 32, 1, 1)), dtype="float32")
    before = memory.used_bytes()
    y, _, _ = batch_norm(x, w, w, eps=1e-5)
    assert isinstance(y._buffer, DeferredBuffer) and memory.used_bytes() == before
    z = activation.relu(y)
    assert memory.used_bytes() - before - x.size * 4 < 1024
    want = np.maximum(y.numpy(), 0)
    np.testing.assert_allclose(z.numpy(), want, atol=1e-6)


def test_running_statistics_may_wait_over_many_steps():
    rng = np.random.default_rng(1)
    w = Tensor(np.ones((1, 32, 1, 1)), dtype="float32")
    results = []
    for backends in ("fusion,numpy", "numpy"):
        rng = np.random.default_rng(1)
        with tg.config.override(backends=backends):
            mean, var = (Tensor(np.full((1, 32, 1, 1), v), dtype="float32") for v in (0, 1))
            for _ in range(4):
                x = Tensor(rng.standard_normal((4, 32, 32, 32)), dtype="float32")
                y, m, v = batch_norm(x, w, w, eps=1e-5)
                mean, var = running_statistics(mean, var, m, v, momentum=0.9, count=4096)
                activation.relu(y)
            results.append((mean.numpy(), var.numpy()))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_changing_a_parameter_after_the_call_does_not_change_the_result():
    x = Tensor(np.random.default_rng(0).standard_normal((4, 32, 32, 32)), dtype="float32")
    w = tg.Parameter(np.ones((1, 32, 1, 1), np.float32))
    y, _, _ = batch_norm(x, w, w, eps=1e-5)
    w.set_value(np.zeros((1, 32, 1, 1)))
    assert abs(float(np.std(y.numpy())) - 1) < 0.01


def test_small_inputs_are_not_fused():
    x = Tensor(np.ones((1, 4, 2, 2)), dtype="float32")
    w = Tensor(np.ones((1, 4, 1, 1)), dtype="float32")
    assert x.size < fusion_numba.SMALLEST
    y, _, _ = batch_norm(x, w, w, eps=1e-5)
    assert not isinstance(y._buffer, DeferredBuffer)


def test_nothing_stays_behind_after_a_step():
    x = Tensor(np.random.default_rng(0).standard_normal((4, 32, 32, 32)), dtype="float32")
    w = Tensor(np.ones((1, 32, 1, 1)), dtype="float32")
    mean, var = Tensor(w), Tensor(w)
    held = []
    gc.disable()
    try:
        for _ in range(3):
            gm = tg.autodiff.GradManager().attach([x, w])
            with gm:
                y, m, v = batch_norm(mul(x, x), w, w, eps=1e-5)
                mean, var = running_statistics(mean, var, m, v, momentum=0.9, count=4096)
                del m, v
                y = activation.relu(add(y, x))
                gm.backward(reduce.sum(y))
                del y
            x.grad = w.grad = None
            held.append(memory.used_bytes())
    finally:
        gc.enable()
    assert max(held) - min(held) < 4096, held
