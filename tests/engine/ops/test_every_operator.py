"""Generic tests of every registered operator; none is named here.

Kernel and inference agree, every backend agrees with NumPy, traced equals eager, gradients equal
numeric ones to the second order, bad input is refused, samples show every edge.
"""

import itertools

import numpy as np
import pytest

import tengen as tg
from tengen.base import dtype as dt
from tengen.base.errors import TengenError
from tengen.graph.graph import Recorder
from tengen.graph.opdef import registry
from tengen.graph.state import state
from tengen.ops import elementwise
from tengen.ops import reduce as reductions
from tengen.runtime.eager import run_buffers
from tengen.runtime.plan import to_plain
from tengen.tensor import Tensor

OPS = sorted(registry)
EDGES = ("0-size", "0-d", "broadcast", "non-contiguous")


def rng_for(name):
    return np.random.default_rng(abs(hash_name(name)))


def hash_name(name):
    total = 7
    for char in name:
        total = (total * 131 + ord(char)) % (2**31)
    return total


def samples_of(op):
    return list(op.samples(rng_for(op.name)))


def tensors(inputs):
    made = []
    for x in inputs:
        if x is None:
            made.append(None)
            continue
        t = Tensor(np.asarray(x), dtype=np.asarray(x).dtype)
        if isinstance(x, np.ndarray) and not x.flags.c_contiguous:
            t._buffer.array = x.copy(order="K") if x.strides[0] >= 0 else x
        made.append(t)
    return made


def outputs(op, result):
    return (result,) if op.single else result


def call(op, inputs, attrs):
    return outputs(op, op(*inputs, **attrs))


def close(got, want, tolerance, note=""):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, note
    if got.dtype.kind in "biu":
        np.testing.assert_array_equal(got, want.astype(got.dtype), err_msg=note)
        return
    half = got.dtype in (dt.float16, dt.bfloat16)
    limit = 2e-2 if half else tolerance
    wide = np.complex128 if got.dtype.kind == "c" else np.float64
    got, want = got.astype(wide), want.astype(wide)
    scale = np.max(np.abs(want[np.isfinite(want)]), initial=1e-6)
    np.testing.assert_allclose(got, want, rtol=limit, atol=limit * max(scale, 1e-3), err_msg=note)


@pytest.mark.parametrize("name", OPS)
def test_samples_show_every_edge(name):
    op = registry[name]
    found = samples_of(op)
    assert found, "no samples"
    arrays = [[x for x in s.inputs if x is not None] for s in found]
    first = {np.asarray(a[0]).dtype for a in arrays if a}
    assert op.dtypes, "declare the data types of the first input"
    missing = [d.name for d in op.dtypes if d not in first]
    assert not missing or not any(arrays), f"samples omit {missing}"
    seen = {
        "0-size": any(np.asarray(x).size == 0 for a in arrays for x in a),
        "0-d": any(np.asarray(x).ndim == 0 for a in arrays for x in a[:1]),
        "broadcast": any(len({np.asarray(x).shape for x in a}) > 1 for a in arrays)
        or all(len(a) < 2 for a in arrays),
        "non-contiguous": any(not np.asarray(x).flags.c_contiguous for a in arrays for x in a[:1]),
    }
    for edge in EDGES:
        assert seen[edge] or edge in op.without, f"samples omit {edge}"
    for key in op.attrs:
        used = {repr(s.attrs.get(key, op.attrs[key])) for s in found}
        wanted = {repr(v) for v in op.choices.get(key, ())}
        assert wanted <= used, f"samples omit {key} = {wanted - used}"
        assert wanted or len(used) > 1, f"samples use one value of {key}"


@pytest.mark.parametrize("name", OPS)
def test_result_has_the_inferred_type_and_fresh_memory(name):
    op = registry[name]
    for sample in samples_of(op):
        ins = tensors(sample.inputs)
        before = [None if t is None else t.numpy() for t in ins]
        made = call(op, ins, sample.attrs)
        kinds = op.infer(
            *[None if t is None else t.type for t in ins], **{**op.attrs, **sample.attrs}
        )
        for out, kind in zip(made, (kinds,) if op.single else kinds, strict=True):
            array = to_plain(out._buffer)
            assert array.dtype == kind.dtype == out.dtype, sample
            if kind.known:
                assert array.shape == kind.shape == out.shape, sample
            if not op.alias:
                for t in ins:
                    if t is not None and array.size:
                        assert not np.shares_memory(array, to_plain(t._buffer)), sample
        for t, old in zip(ins, before, strict=True):
            if t is not None:
                np.testing.assert_array_equal(t.numpy(), old, err_msg="an input was written")


@pytest.mark.parametrize("name", OPS)
def test_float32_agrees_with_float64(name):
    op = registry[name]
    if not op.deterministic or dt.float64 not in op.dtypes:
        pytest.skip("no float64 text")
    for sample in samples_of(op):
        if not any(x is not None and np.asarray(x).dtype == np.float32 for x in sample.inputs):
            continue
        wide = [
            x if x is None or np.asarray(x).dtype != np.float32 else np.asarray(x, np.float64)
            for x in sample.inputs
        ]
        low = call(op, tensors(sample.inputs), sample.attrs)
        with tg.config.override(backends="numpy"):
            high = call(op, tensors(wide), sample.attrs)
        for a, b in zip(low, high, strict=True):
            close(a.numpy(), b.numpy(), sample.tolerance, repr(sample.attrs))


@pytest.mark.parametrize("name", OPS)
def test_every_backend_agrees_with_numpy(name):
    op = registry[name]
    families = sorted(family for kind, family in op.backends if kind == "cpu")
    if not families:
        pytest.skip("NumPy only")
    for sample in samples_of(op):
        ins = tensors(sample.inputs)
        with tg.config.override(backends="numpy"):
            want = call(op, ins, sample.attrs)
        for family in families:
            with tg.config.override(backends=f"{family},numpy"):
                got = call(op, ins, sample.attrs)
            for a, b in zip(got, want, strict=True):
                close(a.numpy(), b.numpy(), sample.tolerance, f"{family} {sample.attrs}")


@pytest.mark.parametrize("name", OPS)
def test_traced_equals_eager(name):
    op = registry[name]
    if not op.deterministic:
        pytest.skip("random")
    for sample in samples_of(op):
        ins = tensors(sample.inputs)
        want = call(op, ins, sample.attrs)
        if any(not t.known for t in op_types(op, ins, sample)):
            continue
        recorder = Recorder()
        symbols = [None if t is None else recorder.input(t.type) for t in ins]
        before, state.mode = state.mode, recorder
        try:
            call(op, symbols, sample.attrs)
        finally:
            state.mode = before
        (node,) = recorder.graph.nodes
        got = run_buffers(
            op, node.attrs, tuple(None if t is None else t._buffer for t in ins), None
        )
        for a, b, var in zip(outputs(op, got), want, node.outputs, strict=True):
            assert var.type is b.type
            np.testing.assert_array_equal(to_plain(a), b.numpy())


def op_types(op, ins, sample):
    kinds = op.infer(*[None if t is None else t.type for t in ins], **{**op.attrs, **sample.attrs})
    return (kinds,) if op.single else kinds


def gradient_cases(op):
    for sample in samples_of(op):
        arrays = [None if x is None else np.asarray(x) for x in sample.inputs]
        kinds = {x.dtype for x in arrays if x is not None and x.dtype.kind == "f"}
        if not kinds <= {dt.float32, dt.float64} or not kinds:
            continue
        if any(x is not None and (x.dtype.kind == "c" or x.size == 0) for x in arrays):
            continue
        wide = [
            x.astype(np.float64) if x is not None and x.dtype.kind == "f" else x for x in arrays
        ]
        wrt = sample.wrt
        if wrt is None:
            wrt = tuple(i for i, x in enumerate(wide) if x is not None and x.dtype.kind == "f")
        if wrt:
            yield sample, wide, wrt


def weighted(op, ins, attrs, weights):
    total = None
    for out, w in zip(call(op, ins, attrs), weights, strict=True):
        if w is None:
            continue
        part = reductions.sum(elementwise.mul(out, w))
        total = part if total is None else elementwise.add(total, part)
    return total


def first_order(op, wide, attrs, weights, wrt):
    ins = tensors(wide)
    gm = tg.autodiff.GradManager().attach([ins[i] for i in wrt])
    with gm:
        gm.backward(weighted(op, ins, attrs, weights))
    return [np.zeros_like(wide[i]) if ins[i].grad is None else ins[i].grad.numpy() for i in wrt]


def prepare(op, rng, wide, attrs):
    made = []
    for out in call(op, tensors(wide), attrs):
        real = out.dtype.kind == "f"
        w = rng.standard_normal(out.shape)
        made.append(Tensor(np.asarray(w), dtype=out.dtype) if real else None)
    return made


@pytest.mark.parametrize("name", OPS)
def test_gradient_equals_numeric(name):
    op = registry[name]
    if not op.differentiable or not op.deterministic or dt.float64 not in op.dtypes:
        pytest.skip("no gradient")
    rng = rng_for(name)
    with tg.config.override(backends="numpy"):
        for sample, wide, wrt in gradient_cases(op):
            weights = prepare(op, rng, wide, sample.attrs)
            if all(w is None for w in weights):
                continue
            grads = first_order(op, wide, sample.attrs, weights, wrt)
            for index, grad in zip(wrt, grads, strict=True):
                direction = rng.standard_normal(wide[index].shape)
                step = 1e-6
                moved = []
                for sign in (1, -1):
                    shifted = list(wide)
                    shifted[index] = np.asarray(wide[index] + sign * step * direction)
                    moved.append(weighted(op, tensors(shifted), sample.attrs, weights).item())
                numeric = (moved[0] - moved[1]) / (2 * step)
                analytic = float(np.sum(grad * direction))
                scale = max(1.0, abs(numeric), float(np.abs(grad).sum()))
                assert abs(numeric - analytic) < 2e-5 * scale, (sample.attrs, index)


@pytest.mark.parametrize("name", OPS)
def test_second_order_equals_numeric(name):
    op = registry[name]
    if not op.differentiable or not op.deterministic or dt.float64 not in op.dtypes:
        pytest.skip("no gradient")
    if getattr(op, "first_order_only", None):
        pytest.skip(op.first_order_only)
    rng = rng_for(name)
    with tg.config.override(backends="numpy"):
        for sample, wide, wrt in itertools.islice(gradient_cases(op), 4):
            weights = prepare(op, rng, wide, sample.attrs)
            if all(w is None for w in weights):
                continue
            directions = [rng.standard_normal(wide[i].shape) for i in wrt]
            ins = tensors(wide)
            watched = [ins[i] for i in wrt]
            outer = tg.autodiff.GradManager().attach(watched)
            with outer:
                with tg.autodiff.GradManager().attach(watched) as inner:
                    inner.backward(weighted(op, ins, sample.attrs, weights))
                total = None
                for t, d in zip(watched, directions, strict=True):
                    if t.grad is None or not t.grad.requires_grad:
                        continue
                    part = reductions.sum(elementwise.mul(t.grad, Tensor(d, dtype="float64")))
                    total = part if total is None else elementwise.add(total, part)
                    t.grad = None
                for t in watched:
                    t.grad = None
                if total is not None:
                    outer.backward(total)
            second = [np.zeros(wide[i].shape) if t.grad is None else t.grad.numpy()
                      for i, t in zip(wrt, watched, strict=True)]  # fmt: skip
            move = [rng.standard_normal(wide[i].shape) for i in wrt]
            step = 1e-5
            ends = []
            for sign in (1, -1):
                shifted = list(wide)
                for i, m in zip(wrt, move, strict=True):
                    shifted[i] = np.asarray(wide[i] + sign * step * m)
                grads = first_order(op, shifted, sample.attrs, weights, wrt)
                ends.append(
                    sum(float(np.sum(g * d)) for g, d in zip(grads, directions, strict=True))
                )
            numeric = (ends[0] - ends[1]) / (2 * step)
            analytic = sum(float(np.sum(s * m)) for s, m in zip(second, move, strict=True))
            scale = max(1.0, abs(numeric), sum(float(np.abs(s).sum()) for s in second))
            assert abs(numeric - analytic) < 1e-4 * scale, sample.attrs


@pytest.mark.parametrize("name", OPS)
def test_bad_input_is_refused(name):
    op = registry[name]
    for bad in op.bad_samples():
        with pytest.raises(TengenError) as caught:
            op(*tensors(bad.inputs), **bad.attrs)
        text = str(caught.value)
        assert text.startswith(f"[{name}]") and bad.message in text, text


def test_print_the_count(tell):
    grads = sum(op.differentiable for op in registry.values())
    tell(f"{len(registry)} operators registered, {grads} with a gradient; all tested")
