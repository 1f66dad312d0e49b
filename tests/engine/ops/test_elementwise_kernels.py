"""Library kernels of elementwise operators on arrays large enough to use them, against NumPy."""

import numpy as np
import pytest

import tengen as tg
from tengen.base import dtype as dt
from tengen.base.layout import Layout
from tengen.graph.opdef import registry
from tengen.kernels.numba import service
from tengen.kernels.onednn import library
from tengen.ops.elementwise import Elementwise
from tengen.runtime.plan import convert, to_plain
from tengen.tensor import Tensor

QUICK = ("affine", "clip", "exp", "maximum", "relu", "relu_backward", "softplus")
CASES = [
    pytest.param(
        name,
        family,
        marks=[] if family == "onednn" or name in QUICK else pytest.mark.long,
    )
    for name, op in sorted(registry.items())
    if isinstance(op, Elementwise)
    for family in ("onednn", "numba")
    if ("cpu", family) in op.backends
]
BINARY = ("add", "sub", "mul", "div")
ROUGH = {"gelu": 2e-6, "gelu_backward": 4e-6, "silu_backward": 2e-6}


@pytest.fixture(autouse=True, scope="module")
def compiled():
    before = service.mode()
    service.set_mode("now")
    yield
    service.set_mode(before)


def draw(op, rng, shape, dtype="float32"):
    return [rng.uniform(op.low, op.high, shape).astype(dtype) for _ in range(op.arity)]


def call(op, arrays, attrs):
    return op(*[Tensor(a, dtype=a.dtype) for a in arrays], **attrs).numpy()


def skip_without(family):
    if family == "onednn" and not library.available():
        pytest.skip(library.why_not())


def used(op, arrays, attrs, family):
    """The result of a family, having made sure that the family took the call."""
    from tengen.runtime.plan import plans

    with tg.config.override(backends=f"{family},numpy"):
        plans.clear()
        got = call(op, arrays, attrs)
        kernels = {plan.kernel for plan in plans.values() if plan.op is op}
    return got, kernels


@pytest.mark.parametrize(("name", "family"), CASES)
def test_large_arrays_agree_with_float64(name, family):
    skip_without(family)
    op = registry[name]
    rng = np.random.default_rng(3)
    for attrs in op.variants:
        arrays = draw(op, rng, (37, 1001))
        got, kernels = used(op, arrays, attrs, family)
        assert kernels == {family}
        with tg.config.override(backends="numpy"):
            want = call(op, [a.astype("float64") for a in arrays], attrs)
        np.testing.assert_allclose(got, want, rtol=2e-6, atol=ROUGH.get(name, 1e-6), err_msg=attrs)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "family"), CASES)
def test_nan_and_infinity_pass_as_in_numpy(name, family):
    skip_without(family)
    op = registry[name]
    rng = np.random.default_rng(4)
    arrays = draw(op, rng, (1 << 15,))
    values = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1e30, -1e30, 100.0, -100.0]
    if name in ("gelu", "gelu_backward", "silu_backward", "hswish", "hswish_backward"):
        values = [np.nan, -0.0, 0.0, 50.0, -50.0]  # infinity times 0 comes up on the way
    if name == "silu":
        values.remove(-np.inf)  # so it does there
    arrays[0][: len(values)] = values
    arrays[-1][3 : 3 + len(values)] = values
    attrs = op.variants[0]
    got, _ = used(op, arrays, attrs, family)
    with tg.config.override(backends="numpy"):
        want = call(op, arrays, attrs)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=4e-6)


@pytest.mark.parametrize(
    "name", sorted(n for n, o in registry.items() if isinstance(o, Elementwise))
)
def test_blocked_layouts_are_kept_or_undone(name):
    op = registry[name]
    if dt.float32 not in op.dtypes:
        pytest.skip("no float32")
    rng = np.random.default_rng(5)
    layout = Layout.parse("aBcd16b")
    for channels in (32, 20):
        for attrs in op.variants:
            arrays = draw(op, rng, (2, channels, 5, 64))
            tensors = [Tensor(a) for a in arrays]
            for t in tensors:
                t._buffer = convert(t._buffer, layout, None)
            made = op(*tensors, **attrs)
            kept = channels == 32 or op.clean({**op.attrs, **attrs})
            assert made._buffer.type.layout is (layout if kept else None)
            if kept and channels == 20:
                physical = np.array(made._buffer.array)
                tiles = physical.transpose(0, 1, 4, 2, 3).reshape(2, 32, 5, 64)
                assert not tiles[:, 20:].any(), "the padding was written"
            with tg.config.override(backends="numpy"):
                want = call(op, arrays, attrs)
            np.testing.assert_allclose(to_plain(made._buffer), want, rtol=1e-5, atol=4e-6)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "small", [(), (64,), (32, 1, 1), (4, 32, 1, 1), (4, 1, 1, 1), (16, 64), (1, 32, 16, 1)]
)
def test_broadcast_of_either_operand(name, small):
    op = registry[name]
    rng = np.random.default_rng(6)
    full = rng.uniform(0.5, 2, (4, 32, 16, 64)).astype("float32")
    part = rng.uniform(0.5, 2, small).astype("float32")
    for a, b in ((full, part), (part, full)):
        with tg.config.override(backends="numpy"):
            want = call(op, [a.astype("float64"), b.astype("float64")], {})
        np.testing.assert_allclose(call(op, [a, b], {}), want, rtol=1e-6)


def test_blocked_with_numbers_and_gates():
    rng = np.random.default_rng(7)
    layout = Layout.parse("aBcd16b")
    x = rng.uniform(0.5, 2, (2, 32, 5, 64)).astype("float32")
    gate = rng.uniform(0.5, 2, (2, 32, 1, 1)).astype("float32")
    wide, narrow = Tensor(x), Tensor(gate)
    for t in (wide, narrow):
        t._buffer = convert(t._buffer, layout, None)
    gated = wide * narrow
    assert gated._buffer.type.layout is layout
    np.testing.assert_allclose(gated.numpy(), x * gate, rtol=1e-6)
    moved = wide + 2.0
    assert moved._buffer.type.layout is layout
    np.testing.assert_allclose(moved.numpy(), x + 2, rtol=1e-6)


def test_strided_operands_of_large_arrays():
    x = np.random.default_rng(8).uniform(0.5, 2, (300, 200)).astype("float32")
    t = Tensor(x)
    np.testing.assert_allclose((t.T + t.T).numpy(), 2 * x.T, rtol=1e-6)
    np.testing.assert_allclose((t[::-1] * t).numpy(), x[::-1] * x, rtol=1e-6)


@pytest.mark.parametrize("name", ["relu", "affine", "maximum"])
def test_large_float64_arrays(name):
    op = registry[name]
    attrs = op.variants[0]
    arrays = draw(op, np.random.default_rng(9), (40_000,), "float64")
    got, kernels = used(op, arrays, attrs, "numba")
    assert kernels == {"numba"}
    with tg.config.override(backends="numpy"):
        np.testing.assert_allclose(got, call(op, arrays, attrs), rtol=1e-15)


def test_text_runs_where_compiling_is_off():
    op = registry["relu_backward"]
    arrays = draw(op, np.random.default_rng(10), (40_000,))
    service.set_mode("never")
    try:
        got, _ = used(op, arrays, {}, "numba")
    finally:
        service.set_mode("now")
    np.testing.assert_array_equal(got, np.where(arrays[1] > 0, arrays[0], 0))
