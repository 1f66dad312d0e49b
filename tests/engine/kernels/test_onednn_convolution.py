"""Convolution by oneDNN against a float64 sum over windows, all three directions."""

import ml_dtypes
import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.onednn import convolution, library
from tengen.kernels.onednn.errors import OneDnnError, Unsupported
from tengen.kernels.onednn.memory import Desc
from tengen.kernels.onednn.primitive import Speed
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.float32

# (x, weights, options); weights with one more axis are grouped
CASES = {
    "stem 7x7/2": ((2, 3, 30, 33), (24, 3, 7, 7), {"stride": 2, "padding": 3}),
    "1x1 odd channels": ((2, 58, 9, 9), (116, 58, 1, 1), {}),
    "1x1 stride 2": ((2, 24, 9, 8), (58, 24, 1, 1), {"stride": 2}),
    "3x3 batch 1": ((1, 24, 10, 11), (58, 24, 3, 3), {"padding": 1}),
    "3x3 blocked": ((2, 32, 12, 12), (48, 32, 3, 3), {"padding": 1}),
    "dilated": ((2, 17, 14, 14), (19, 17, 3, 3), {"padding": 2, "dilation": 2}),
    "uneven": ((2, 16, 9, 13), (16, 16, 3, 5), {"stride": (2, 1), "padding": (1, 2)}),
    "one-sided padding": ((1, 8, 9, 9), (8, 8, 3, 3), {"padding": ((0, 1), (2, 0))}),
    "groups": ((2, 24, 8, 8), (4, 5, 6, 3, 3), {"padding": 1}),
    "wide groups": ((2, 64, 8, 8), (2, 32, 32, 3, 3), {"padding": 1}),
    "depthwise": ((2, 58, 11, 11), (58, 1, 1, 3, 3), {"padding": 1, "stride": 2}),
    "depthwise 16s": ((2, 32, 11, 11), (32, 1, 1, 5, 5), {"padding": 2}),
    "1d": ((3, 20, 37), (33, 20, 5), {"padding": 2, "stride": 3}),
    "3d": ((2, 12, 6, 7, 8), (18, 12, 3, 3, 3), {"padding": 1}),
    "one pixel": ((2, 40, 1, 1), (10, 40, 1, 1), {}),
}


def windows(x, shape, stride, padding, dilation, axes):
    """x as (N, C, out..., k...) in float64."""
    pads = [(0, 0), (0, 0), *padding]
    x = np.pad(x.astype(np.float64), pads)
    span = [d * (k - 1) + 1 for k, d in zip(shape, dilation, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, span, tuple(range(2, 2 + axes)))
    pick = [slice(None, None, s) for s in stride] + [slice(None, None, d) for d in dilation]
    return view[(slice(None), slice(None), *pick)]


def spread(value, axes):
    return (value,) * axes if isinstance(value, int) else tuple(value)


def reference(x, w, dy=None, stride=1, padding=0, dilation=1):
    """y, or (dx, dw, db) when dy is given, in float64."""
    axes = x.ndim - 2
    stride, dilation = spread(stride, axes), spread(dilation, axes)
    padding = [(p, p) if isinstance(p, int) else p for p in spread(padding, axes)]
    w5 = (w if w.ndim == x.ndim + 1 else w[None]).astype(np.float64)
    groups, kernel = w5.shape[0], w5.shape[3:]
    view = windows(x, kernel, stride, padding, dilation, axes)
    batch, out = x.shape[0], view.shape[2 : 2 + axes]
    pixels, taps = int(np.prod(out)), int(np.prod(kernel))
    columns = view.reshape(batch, groups, -1, pixels, taps)
    flat = w5.reshape(groups, w5.shape[1], -1, taps)
    if dy is None:
        y = np.einsum("bgipk,goik->bgop", columns, flat, optimize=True)
        return y.reshape(batch, -1, *out)
    dy5 = dy.astype(np.float64).reshape(batch, groups, -1, pixels)
    dw = np.einsum("bgipk,bgop->goik", columns, dy5, optimize=True).reshape(w.shape)
    dcolumns = np.einsum("bgop,goik->bgipk", dy5, flat, optimize=True).reshape(view.shape)
    full = np.zeros(
        [*x.shape[:2], *(n + a + b for n, (a, b) in zip(x.shape[2:], padding, strict=True))]
    )
    for tap in np.ndindex(kernel):
        place = tuple(
            slice(t * d, t * d + s * (n - 1) + 1, s)
            for t, d, s, n in zip(tap, dilation, stride, out, strict=True)
        )
        full[(slice(None), slice(None), *place)] += dcolumns[(Ellipsis, *tap)]
    crop = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape[2:], padding, strict=True))
    return full[(slice(None), slice(None), *crop)], dw, dy.sum((0, *range(2, x.ndim)), np.float64)


@pytest.mark.parametrize("form", ["any", "plain", "channels_last"])
@pytest.mark.parametrize("case", CASES)
def test_all_directions(case, form):
    x_shape, w_shape, options = CASES[case]
    x, w = normal(x_shape), normal(w_shape, 1)

    def desc(shape):
        kinds = {"any": Desc.any, "plain": Desc.plain, "channels_last": Desc.channels_last}
        return kinds[form](shape, F32)

    bias = normal((int(np.prod(w_shape[: w.ndim - x.ndim + 1])),), 2)
    expected = reference(x, w, **options)
    dy = normal(expected.shape, 3)
    per_channel = bias.reshape(-1, *[1] * (x.ndim - 2))
    weights = Desc.any(w_shape, F32)

    plan = convolution.forward(desc(x_shape), weights, bias=True, **options)
    close(run(plan, src=x, weights=w, bias=bias)["dst"], expected + per_channel)
    dx, dw, db = reference(x, w, dy, **options)
    plan = convolution.backward_data(desc(dy.shape), weights, desc(x_shape), **options)
    close(run(plan, diff_dst=dy, weights=w)["diff_src"], dx)
    plan = convolution.backward_weights(
        desc(x_shape), desc(dy.shape), weights, bias=True, **options
    )
    made = run(plan, src=x, diff_dst=dy)
    close(made["diff_weights"], dw)
    close(made["diff_bias"], db)


@pytest.mark.parametrize("residual", ["", "sum", "add"])
@pytest.mark.parametrize(
    ("activation", "function"),
    [
        (None, lambda v: v),
        ("relu", lambda v: np.maximum(v, 0)),
        (("relu", 0.1), lambda v: np.where(v > 0, v, 0.1 * v)),
        (("clip", 0, 6), lambda v: np.clip(v, 0, 6)),
        ("swish", lambda v: v / (1 + np.exp(-v))),
        ("hard_swish", lambda v: v * np.clip(v / 6 + 0.5, 0, 1)),
    ],
)
def test_fused_residual_and_activation(residual, activation, function):
    x, w, bias = normal((2, 20, 8, 8)), normal((36, 20, 3, 3), 1), normal((36,), 2)
    plan = convolution.forward(
        Desc.any(x.shape, F32),
        Desc.any(w.shape, F32),
        bias=True,
        padding=1,
        residual=residual,
        activation=activation,
    )
    expected = reference(x, w, padding=1) + bias[:, None, None]
    held = normal(expected.shape, 4)
    if residual == "sum":
        dst = plan.dst.pack(held)
        plan.checked(plan.src.pack(x), plan.weights.pack(w), bias, dst)
        close(plan.dst.unpack(dst), function(expected + held))
    elif residual:
        out = run(plan, src=x, weights=w, bias=bias, residual=held)
        close(out["dst"], function(expected + held))
    else:
        close(run(plan, src=x, weights=w, bias=bias)["dst"], function(expected))


def test_a_chain_stays_blocked_and_only_the_stem_reads_plain_images():
    stem = convolution.forward(
        Desc.plain((2, 3, 32, 32), F32), Desc.any((64, 3, 7, 7), F32), stride=2, padding=3
    )
    assert stem.dst.layout is not None
    second = convolution.forward(Desc.any(stem.dst.shape, F32), Desc.any((64, 64, 3, 3), F32))
    third = convolution.forward(Desc.any(second.dst.shape, F32), Desc.any((128, 64, 1, 1), F32))
    assert stem.dst == second.src
    assert second.dst == third.src
    back = convolution.backward_data(third.dst, Desc.any((128, 64, 1, 1), F32), third.src)
    assert (back.diff_dst, back.diff_src) == (third.dst, third.src)


def test_weights_keep_the_layout_that_is_asked_for():
    x, w = normal((2, 32, 8, 8)), normal((32, 32, 3, 3), 1)
    layout = convolution.forward(
        Desc.any(x.shape, F32), Desc.any(w.shape, F32), padding=1
    ).weights.layout
    assert isinstance(layout, Layout)
    held = Desc.blocked(w.shape, F32, layout)
    dy = normal(x.shape, 2)
    _, dw, _ = reference(x, w, dy, padding=1)
    plan = convolution.backward_weights(
        Desc.any(x.shape, F32), Desc.any(dy.shape, F32), held, padding=1
    )
    assert plan.diff_weights == held
    close(run(plan, src=x, diff_dst=dy)["diff_weights"], dw)


def test_transposed_convolution_is_the_gradient_of_the_data():
    x, w = normal((2, 24, 5, 6)), normal((24, 10, 4, 4), 1)
    shape = (2, 10, 10, 12)
    plan = convolution.backward_data(
        Desc.any(x.shape, F32), Desc.any(w.shape, F32), Desc.any(shape, F32), stride=2, padding=1
    )
    made = run(plan, diff_dst=x, weights=w)["diff_src"]
    close(made, reference(np.zeros(shape), w, x, stride=2, padding=1)[0])


def test_bfloat16_rounds_no_worse_than_its_format():
    bf16 = ml_dtypes.bfloat16
    x, w = normal((2, 32, 8, 8)).astype(bf16), normal((48, 32, 3, 3), 1).astype(bf16)
    plan = convolution.forward(Desc.any(x.shape, bf16), Desc.any(w.shape, bf16), padding=1)
    made = run(plan, src=x, weights=w)["dst"]
    close(made, reference(x.astype(F32), w.astype(F32), padding=1), 2**-7)


def test_wrong_operands_are_refused_with_their_shapes():
    with pytest.raises(ValueError, match=r"weights \(8, 4, 3, 3\) do not fit x \(1, 3, 8, 8\)"):
        convolution.forward(Desc.any((1, 3, 8, 8), F32), Desc.any((8, 4, 3, 3), F32))
    plan = convolution.forward(Desc.any((1, 16, 8, 8), F32), Desc.any((16, 16, 3, 3), F32))
    right = [desc.empty() for desc in plan.descs]
    with pytest.raises(OneDnnError, match=r"src must be float32\[1, 1, 8, 8, 16\]"):
        plan.checked(np.zeros((1, 16, 8, 8), F32), *right[1:])
    with pytest.raises(OneDnnError, match="takes src, weights, dst; got 2 arrays"):
        plan(*right[:2])


def test_mixed_forms_that_leave_only_reference_loops_are_refused():
    x = Desc.plain((2, 32, 8, 8), F32)
    dy = Desc.blocked((2, 32, 8, 8), F32, Layout.parse("aBcd16b"))
    with pytest.raises(Unsupported, match="only reference loops"):
        convolution.backward_data(dy, Desc.any((32, 32, 3, 3), F32), x, padding=1)


@pytest.mark.parametrize("case", CASES)
def test_fastest_finds_a_real_kernel_from_any_mixture_of_forms(case):
    x_shape, w_shape, options = CASES[case]
    x, w = normal(x_shape), normal(w_shape, 1)
    plan = convolution.forward(Desc.plain(x_shape, F32), Desc.any(w_shape, F32), **options)
    y = plan.dst
    dy = normal(y.shape, 2)
    weights = plan.weights
    dx, dw, _ = reference(x, w, dy, **options)
    back = convolution.fastest(
        convolution.backward_data, y, weights, Desc.channels_last(x_shape, F32), **options
    )
    assert back.speed > Speed.REFERENCE
    close(run(back, diff_dst=dy, weights=w)["diff_src"], dx)
    back = convolution.fastest(
        convolution.backward_weights, Desc.channels_last(x_shape, F32), y, weights, **options
    )
    assert back.speed > Speed.REFERENCE
    close(run(back, src=x, diff_dst=dy)["diff_weights"], dw)
    ahead = convolution.fastest(
        convolution.forward, Desc.any(x_shape, F32), Desc.any(w_shape, F32), **options
    )
    close(run(ahead, src=x, weights=w)["dst"], reference(x, w, **options))


def test_fastest_keeps_forms_that_already_have_generated_code():
    x = Desc.blocked((2, 32, 8, 8), F32, Layout.parse("aBcd16b"))
    plan = convolution.fastest(convolution.forward, x, Desc.any((32, 32, 3, 3), F32))
    assert plan.src == x
    assert plan.speed is Speed.GENERATED
