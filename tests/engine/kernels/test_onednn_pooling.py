"""Pooling by oneDNN against NumPy in float64, forward and backward."""

import numpy as np
import pytest

from tengen.kernels.onednn import library, pooling
from tengen.kernels.onednn.memory import Desc
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.float32

CASES = {
    "3x3/2": ((2, 58, 15, 14), (3, 3), {"stride": 2, "padding": 1}, None),
    "2x2/2": ((1, 24, 8, 8), (2, 2), {"stride": 2}, None),
    "one channel": ((2, 1, 9, 9), (3, 3), {"stride": 1, "padding": 1}, None),
    "global": ((2, 116, 7, 7), (7, 7), {}, None),
    "uneven": ((2, 16, 9, 12), (2, 4), {"stride": (2, 3), "padding": ((0, 1), (1, 2))}, None),
    "rounded up": ((2, 16, 8, 8), (3, 3), {"stride": 2}, (4, 4)),
    "1d": ((2, 20, 21), (3,), {"stride": 2}, None),
    "3d": ((2, 5, 6, 7, 8), (2, 3, 2), {"stride": 2, "padding": (0, 1, 0)}, None),
}


def regions(shape, kernel, stride=1, padding=0, out=()):
    """(output index, slices of the input) of every window; padding before the data only counts."""
    axes = len(kernel)
    steps = (stride,) * axes if isinstance(stride, int) else stride
    pads = (padding,) * axes if isinstance(padding, int) else padding
    low = [p if isinstance(p, int) else p[0] for p in pads]
    for place in np.ndindex(out):
        start = [o * s - p for o, s, p in zip(place, steps, low, strict=True)]
        yield (
            place,
            tuple(
                slice(max(a, 0), min(a + k, n))
                for a, k, n in zip(start, kernel, shape[2:], strict=True)
            ),
        )


@pytest.mark.parametrize("form", [Desc.any, Desc.plain, Desc.channels_last, "blocked"])
@pytest.mark.parametrize("mode", pooling.MODES)
@pytest.mark.parametrize("case", CASES)
def test_forward_and_backward(case, mode, form):
    shape, kernel, options, rounded = CASES[case]
    x = normal(shape)
    if form == "blocked":
        desc = _blocked(shape)
    else:
        desc = form(shape, F32)
        if desc.is_any:
            desc = Desc.plain(shape, F32)
    dst = "any"
    if rounded:
        dst = Desc.any((*shape[:2], *rounded), F32)
    plan = pooling.forward(desc, kernel, dst, mode=mode, **options)
    made = run(plan, src=x)
    out = plan.dst.shape
    dy = normal(out, 1)

    y, dx = np.zeros(out), np.zeros(shape)
    for place, window in regions(shape, kernel, out=out[2:], **options):
        part = (slice(None), slice(None), *window)
        spot = (slice(None), slice(None), *place)
        values = x[part].astype(np.float64).reshape(*shape[:2], -1)
        if mode == "max":
            y[spot] = values.max(-1)
            first = np.eye(values.shape[-1])[values.argmax(-1)]
            dx[part] += (first * dy[spot][..., None]).reshape(x[part].shape)
        else:
            count = np.prod(kernel) if mode == "average" else values.shape[-1]
            y[spot] = values.sum(-1) / count
            dx[part] += (dy[spot] / count).reshape(*shape[:2], *[1] * len(kernel))
    close(made["dst"], y)

    back = pooling.backward(plan.dst, kernel, plan.src, mode=mode, **options)
    extra = {"workspace": made["workspace"]} if mode == "max" else {}
    assert ("workspace" in back.names) == (mode == "max")
    close(run(back, diff_dst=dy, **extra)["diff_src"], dx)


def _blocked(shape):
    """The blocked form that a convolution of this many axes works in."""
    from tengen.kernels.onednn import convolution

    wide = (shape[0], 64, *[8] * (len(shape) - 2))
    plan = convolution.forward(
        Desc.any(wide, F32), Desc.any((64, 64, *[1] * (len(shape) - 2)), F32)
    )
    assert plan.dst.layout is not None
    return Desc.blocked(shape, F32, plan.dst.layout)


def test_inference_needs_no_workspace():
    plan = pooling.forward(Desc.plain((1, 16, 8, 8), F32), (2, 2), stride=2, training=False)
    assert plan.names == ("src", "dst")
