"""Regions, boxes, deformable layers and correlation against plain loops."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen as tg
import tengen.functional as F
from tengen import module as M
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

COVERS = tuple(
    f"tengen.functional.nn.{name}"
    for name in (
        "correlation", "deformable_conv2d", "deformable_psroi_pooling", "nms", "roi_align",
        "roi_pooling",
    )
)  # fmt: skip

rng = np.random.default_rng(31)
REGIONS = np.array(
    [[0, 1.2, 0.7, 6.1, 5.3], [1, -3.0, -2.2, 4.4, 12.5], [1, 5.6, 4.3, 3.1, 1.4],
     [0, 30, 30, 40, 40], [1, 0.0, 0.0, 7.9, 6.9]]
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def bilinear(plane, y, x):
    """A plane read at (y, x) with zeros outside."""
    top, left = math.floor(y), math.floor(x)
    total = 0.0
    for i in (top, top + 1):
        for j in (left, left + 1):
            if 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1]:
                total += plane[i, j] * (1 - abs(y - i)) * (1 - abs(x - j))
    return total


def aligned(x, rois, output, mode, scale, grid, offset):
    out = np.zeros((len(rois), x.shape[1], *output))
    for r, (image, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (c * scale - offset for c in corners)
        high, wide = max(y2 - y1, 0) / output[0], max(x2 - x1, 0) / output[1]
        for c in range(x.shape[1]):
            for i in range(output[0]):
                for j in range(output[1]):
                    values = [
                        bilinear(
                            x[int(image), c],
                            y1 + high * (i + (a + 0.5) / grid[0]),
                            x1 + wide * (j + (b + 0.5) / grid[1]),
                        )
                        for a in range(grid[0])
                        for b in range(grid[1])
                    ]
                    out[r, c, i, j] = max(values) if mode == "max" else sum(values) / len(values)
    return out


@pytest.mark.parametrize("mode", ["average", "max"])
@pytest.mark.parametrize(
    ("output", "scale", "points", "align"),
    [((2, 3), 1.0, 2, True), (3, 0.6, (3, 1), False), ((1, 4), 1.3, (1, 2), True)],
)
def test_roi_align(mode, output, scale, points, align):
    x = rng.standard_normal((2, 3, 7, 8))
    grid = (points, points) if isinstance(points, int) else points
    size = (output, output) if isinstance(output, int) else output
    want = aligned(x, REGIONS, size, mode, scale, grid, 0.5 if align else 0.0)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-2)):
        got = F.nn.roi_align(
            Tensor(x, dtype=dtype), Tensor(REGIONS, dtype="float64"), output, mode, scale, points,
            align,
        )  # fmt: skip
        assert got.dtype == dtype
        np.testing.assert_allclose(got.numpy(), want, atol=limit)


def test_roi_align_dense_points():
    x = rng.standard_normal((1, 2, 8, 8))
    rois = np.array([[0, 1.0, 1.0, 7.0, 5.0]])
    got = F.nn.roi_align(Tensor(x, dtype="float64"), Tensor(rois), 2, sample_points=0)
    want = aligned(x, rois, (2, 2), "average", 1.0, (2, 3), 0.5)
    np.testing.assert_allclose(got.numpy(), want, atol=1e-12)


def test_roi_align_documented_example():
    np.random.seed(42)
    x, rois = Tensor(np.random.randn(1, 1, 128, 128)), Tensor(np.random.random((4, 5)))
    got = F.nn.roi_align(x, rois, (2, 2)).numpy()[0].round(4)
    np.testing.assert_allclose(got, [[[0.175, 0.175], [0.1359, 0.1359]]])


def pooled(x, rois, output, mode, scale):
    out = np.zeros((len(rois), x.shape[1], *output))
    for r, (image, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (math.copysign(math.floor(abs(c * scale) + 0.5), c) for c in corners)
        high, wide = max(y2 - y1 + 1, 1) / output[0], max(x2 - x1 + 1, 1) / output[1]
        for i in range(output[0]):
            rows = range(int(y1 + math.floor(i * high)), int(y1 + math.ceil((i + 1) * high)))
            rows = [k for k in rows if 0 <= k < x.shape[2]]
            for j in range(output[1]):
                cols = range(int(x1 + math.floor(j * wide)), int(x1 + math.ceil((j + 1) * wide)))
                cols = [k for k in cols if 0 <= k < x.shape[3]]
                if rows and cols:
                    part = x[int(image)][:, rows][:, :, cols]
                    pool = np.max if mode == "max" else np.mean
                    out[r, :, i, j] = pool(part, axis=(1, 2))
    return out


@pytest.mark.parametrize("mode", ["max", "average"])
@pytest.mark.parametrize(("output", "scale"), [((2, 3), 1.0), (4, 0.5), ((1, 2), 1.5)])
def test_roi_pooling(mode, output, scale):
    x = rng.standard_normal((2, 3, 7, 8))
    size = (output, output) if isinstance(output, int) else output
    want = pooled(x, REGIONS, size, mode, scale)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-6)):
        got = F.nn.roi_pooling(Tensor(x, dtype=dtype), Tensor(REGIONS), output, mode, scale)
        assert got.dtype == dtype
        np.testing.assert_allclose(got.numpy(), want, atol=limit)


@pytest.mark.parametrize("function", ["roi_align", "roi_pooling"])
def test_the_largest_alone_has_the_gradient(function):
    data = rng.permutation(2 * 6 * 7).reshape(1, 2, 6, 7).astype("float64")
    rois = np.array([[0, 0.0, 0.0, 5.3, 4.2], [0, 2.4, 1.2, 6.2, 5.4]])
    x = Tensor(data, dtype="float64")
    pool = getattr(F.nn, function)
    weights = rng.standard_normal((2, 2, 2, 2))
    with tg.autodiff.GradManager().attach(x) as gm:
        y = pool(x, Tensor(rois), 2, "max")
        gm.backward((y * Tensor(weights, dtype="float64")).sum())
    direction = rng.standard_normal(data.shape)

    def value(step):
        moved = Tensor(data + step * direction, dtype="float64")
        return float((pool(moved, Tensor(rois), 2, "max").numpy() * weights).sum())

    numeric = (value(1e-5) - value(-1e-5)) / 2e-5
    assert abs(numeric - float((x.grad.numpy() * direction).sum())) < 1e-5


def test_no_regions():
    x = Tensor(np.zeros((1, 2, 4, 4), "float32"))
    none = Tensor(np.zeros((0, 5), "float32"))
    for mode in ("max", "average"):
        assert F.nn.roi_align(x, none, 2, mode).shape == (0, 2, 2, 2)
        assert F.nn.roi_pooling(x, none, 2, mode).shape == (0, 2, 2, 2)


def test_regions_refused():
    x, rois = Tensor(np.zeros((1, 2, 4, 4), "float32")), Tensor(np.ones((2, 5), "float32"))
    with pytest.raises(ArgumentError, match="image number 1 is not within the 1 images"):
        F.nn.roi_align(x, rois, 2)
    with pytest.raises(ArgumentError, match="mode is max or average"):
        F.nn.roi_pooling(x, rois, 2, "sum")
    with pytest.raises(ArgumentError, match="sample_points are at least 1"):
        F.nn.roi_align(x, rois, 2, "max", sample_points=0)
    with pytest.raises(ShapeError, match=r"regions \(R, 5\)"):
        F.nn.roi_align(x, rois[:, :4], 2)


def kept(boxes, scores, threshold):
    found = []
    for i in np.argsort(-scores, kind="stable"):
        for j in found:
            low, high = (
                np.maximum(boxes[i, :2], boxes[j, :2]),
                np.minimum(boxes[i, 2:], boxes[j, 2:]),
            )
            common = np.prod(np.maximum(high - low, 0))
            both = np.prod(boxes[i, 2:] - boxes[i, :2]) + np.prod(boxes[j, 2:] - boxes[j, :2])
            if common > (both - common) * threshold:
                break
        else:
            found.append(int(i))
    return found


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_nms(threshold):
    corner = rng.uniform(0, 20, (60, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(1, 12, (60, 2))], axis=1)
    scores = rng.random(60)
    want = kept(boxes, scores, threshold)
    got = F.nn.nms(Tensor(boxes, dtype="float64"), Tensor(scores, dtype="float64"), threshold)
    assert got.dtype == np.int32 and got.numpy().tolist() == want
    few = F.nn.nms(Tensor(boxes), Tensor(scores), iou_thresh=threshold, max_output=3)
    assert few.numpy().tolist() == want[:3]
    none = F.nn.nms(Tensor(boxes[:0]), Tensor(scores[:0]), threshold)
    assert none.shape == (0,)
    with pytest.raises(ShapeError, match=r"boxes \(N, 4\)"):
        F.nn.nms(Tensor(boxes), Tensor(scores[:5]), threshold)


def test_nms_documented_example():
    x = np.zeros((100, 4))
    np.random.seed(42)
    x[:, :2] = np.random.rand(100, 2) * 20
    x[:, 2:] = np.random.rand(100, 2) * 20 + 100
    assert F.nn.nms(Tensor(x), Tensor(np.random.rand(100)), 0.7).numpy().tolist() == [75, 69]


def shifted(x, rois, trans, part, output, count, scale, std):
    groups = 1 if trans is None else trans.shape[1] // 2
    height, width = x.shape[2:]
    out = np.zeros((len(rois), x.shape[1], *output))
    for r, (image, *corners) in enumerate(rois):
        x1, y1, x2, y2 = (math.copysign(math.floor(abs(c) + 0.5), c) for c in corners)
        left, top = x1 * scale - 0.5, y1 * scale - 0.5
        wide = max((x2 + 1) * scale - 0.5 - left, 0.1)
        high = max((y2 + 1) * scale - 0.5 - top, 0.1)
        for c in range(x.shape[1]):
            group = c // (x.shape[1] // groups)
            for i in range(output[0]):
                for j in range(output[1]):
                    dx = dy = 0.0
                    if trans is not None:
                        at = i * part // output[0], j * part // output[1]
                        dx, dy = trans[r, 2 * group][at] * std, trans[r, 2 * group + 1][at] * std
                    values = []
                    for a in range(count):
                        for b in range(count):
                            v = top + high * (i / output[0] + a / count / output[0] + dy)
                            u = left + wide * (j / output[1] + b / count / output[1] + dx)
                            if -0.5 <= u <= width - 0.5 and -0.5 <= v <= height - 0.5:
                                u, v = min(max(u, 0), width - 1), min(max(v, 0), height - 1)
                                values.append(bilinear(x[int(image), c], v, u))
                    out[r, c, i, j] = np.mean(values) if values else 0.0
    return out


@pytest.mark.parametrize("no_trans", [True, False])
def test_deformable_psroi_pooling(no_trans):
    x = rng.standard_normal((2, 4, 7, 8))
    trans = rng.uniform(-1, 1, (5, 4, 2, 2))
    arguments = (no_trans, 2, 3, 2, 2, 0.8, 0.3)
    want = shifted(x, REGIONS, None if no_trans else trans, 2, (3, 2), 2, 0.8, 0.3)
    layer = M.DeformablePSROIPooling(*arguments)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5)):
        operands = Tensor(x, dtype=dtype), Tensor(REGIONS, dtype=dtype), Tensor(trans, dtype=dtype)
        got = F.nn.deformable_psroi_pooling(*operands, *arguments)
        assert got.dtype == dtype
        np.testing.assert_allclose(got.numpy(), want, atol=limit)
        np.testing.assert_array_equal(layer(*operands).numpy(), got.numpy())
    with pytest.raises(ShapeError, match=r"trans \(5, 2 K, 2, 2\)"):
        F.nn.deformable_psroi_pooling(*operands[:2], operands[2][:3], False, *arguments[1:])


def test_deformable_psroi_pooling_gradient():
    x, trans = rng.standard_normal((2, 4, 7, 8)), rng.uniform(-1, 1, (5, 2, 2, 2))
    rois, weights = Tensor(REGIONS, dtype="float64"), rng.standard_normal((5, 4, 2, 2))

    def value(a, b):
        y = F.nn.deformable_psroi_pooling(a, rois, b, False, 2, 2, 2, 3, 1.0, 0.2)
        return (y * Tensor(weights, dtype="float64")).sum()

    a, b = Tensor(x, dtype="float64"), Tensor(trans, dtype="float64")
    with tg.autodiff.GradManager().attach([a, b]) as gm:
        gm.backward(value(a, b))
    step = 1e-6
    dx, dt = rng.standard_normal(x.shape), rng.standard_normal(trans.shape)
    ends = [
        value(
            Tensor(x + s * step * dx, dtype="float64"),
            Tensor(trans + s * step * dt, dtype="float64"),
        ).item()
        for s in (1, -1)
    ]
    analytic = float((a.grad.numpy() * dx).sum() + (b.grad.numpy() * dt).sum())
    assert abs((ends[0] - ends[1]) / (2 * step) - analytic) < 1e-5


def deformed(x, weight, offset, mask, stride, padding, dilation):
    """The definition as loops over taps, every read through PyTorch's grid_sample."""
    groups = weight.shape[0] if weight.dim() == 5 else 1
    w = weight.reshape(-1, *weight.shape[-3:])
    kh, kw = w.shape[-2:]
    oh, ow = offset.shape[2:]
    parts = mask.shape[1] // (kh * kw)
    height, width = x.shape[2:]
    taps = []
    for tap in range(kh * kw):
        pieces = []
        for part in range(parts):
            number = part * kh * kw + tap
            y = torch.arange(oh, dtype=x.dtype)[:, None] * stride[0] - padding[0]
            y = y + tap // kw * dilation[0] + offset[:, 2 * number]
            u = torch.arange(ow, dtype=x.dtype) * stride[1] - padding[1]
            u = u + tap % kw * dilation[1] + offset[:, 2 * number + 1]
            grid = torch.stack([2 * u / (width - 1) - 1, 2 * y / (height - 1) - 1], -1)
            piece = x.chunk(parts, 1)[part]
            read = T.grid_sample(piece, grid, align_corners=True, padding_mode="zeros")
            pieces.append(read * mask[:, number : number + 1])
        taps.append(torch.cat(pieces, 1))
    columns = torch.stack(taps, 2).flatten(1, 2)  # (N, C * taps, oh, ow)
    kernel = w.reshape(w.shape[0], -1, 1, 1)
    return T.conv2d(columns, kernel, groups=groups)


@pytest.mark.parametrize(
    ("shape", "weight", "parts", "stride", "padding", "dilation"),
    [
        ((2, 4, 6, 7), (3, 4, 3, 3), 1, (1, 1), (1, 1), (1, 1)),
        ((2, 4, 6, 7), (2, 3, 2, 3, 2), 2, (2, 1), (1, 2), (1, 2)),
        ((1, 2, 5, 5), (4, 2, 1, 1), 2, (1, 1), (0, 0), (1, 1)),
    ],
)
def test_deformable_conv2d(shape, weight, parts, stride, padding, dilation):
    kernel = weight[-2:]
    size = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(shape[2:], padding, dilation, kernel, stride, strict=True)
    ]
    area = kernel[0] * kernel[1]
    offset = rng.integers(-2, 3, (shape[0], 2 * parts * area, *size)).astype(float)
    offset += rng.choice([0.2, 0.3, 0.7], offset.shape)
    groups = weight[0] if len(weight) == 5 else 1
    check(
        lambda *a: F.nn.deformable_conv2d(*a, None, stride, padding, dilation, groups),
        lambda *a: deformed(*a, stride, padding, dilation),
        rng.standard_normal(shape), rng.standard_normal(weight), offset,
        rng.uniform(0, 1, (shape[0], parts * area, *size)),
        single=2e-3,
    )  # fmt: skip


def test_deformable_conv2d_at_rest_is_a_convolution():
    x = Tensor(rng.standard_normal((2, 4, 6, 7)))
    layer = M.DeformableConv2d(4, 6, 3, padding=1, groups=2)
    offset, mask = Tensor(np.zeros((2, 18, 6, 7))), Tensor(np.ones((2, 9, 6, 7)))
    want = F.conv2d(x, layer.weight, layer.bias, padding=1, groups=2)
    np.testing.assert_allclose(layer(x, offset, mask).numpy(), want.numpy(), atol=1e-5)
    half = F.nn.deformable_conv2d(
        x.astype("float16"), layer.weight.astype("float16"), offset.astype("float16"),
        mask.astype("float16"), padding=1, groups=2,
    )  # fmt: skip
    assert half.dtype == np.float16
    with pytest.raises(ShapeError, match="with groups=1 the weight has 4 axes"):
        F.nn.deformable_conv2d(x, layer.weight, offset, mask)
    with pytest.raises(ArgumentError, match="conv_mode is cross_correlation"):
        F.nn.deformable_conv2d(x, layer.weight, offset, mask, groups=2, conv_mode="convolution")


def correlated(a, b, kernel, reach, stride, spacing, pad, multiply):
    radius = kernel // 2
    n, _, h, w = a.shape
    sides = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    a, b = np.pad(a, sides), np.pad(b, sides)
    border = reach + radius
    size = [math.ceil((s + 2 * pad - 2 * border) / stride) for s in (h, w)]
    grid = reach // spacing
    out = np.zeros((n, (2 * grid + 1) ** 2, *size))
    for number in range(out.shape[1]):
        down = (number // (2 * grid + 1) - grid) * spacing
        across = (number % (2 * grid + 1) - grid) * spacing
        for i in range(size[0]):
            for j in range(size[1]):
                y, x = i * stride + border, j * stride + border
                first = a[:, :, y - radius : y + radius + 1, x - radius : x + radius + 1]
                y, x = y + down, x + across
                second = b[:, :, y - radius : y + radius + 1, x - radius : x + radius + 1]
                part = first * second if multiply else np.abs(first - second)
                out[:, number, i, j] = part.mean(axis=(1, 2, 3))
    return out


@pytest.mark.parametrize("multiply", [True, False])
@pytest.mark.parametrize(
    "numbers", [(1, 1, 1, 1, 0), (3, 2, 1, 1, 3), (1, 3, 2, 2, 3), (3, 4, 2, 2, 4)]
)
def test_correlation(numbers, multiply):
    a, b = rng.standard_normal((2, 3, 6, 7)), rng.standard_normal((2, 3, 6, 7))
    want = correlated(a, b, *numbers, multiply)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-2)):
        got = F.nn.correlation(Tensor(a, dtype=dtype), Tensor(b, dtype=dtype), *numbers, multiply)
        assert got.dtype == dtype
        np.testing.assert_allclose(got.numpy(), want, atol=limit)


def test_correlation_refuses():
    x = Tensor(np.zeros((1, 2, 4, 4), "float32"))
    with pytest.raises(ArgumentError, match="an odd kernel"):
        F.nn.correlation(x, x, kernel_size=2)
    with pytest.raises(ShapeError, match="does not fit"):
        F.nn.correlation(x, x, max_displacement=2)
