"""Resizing, reading at points and warps against PyTorch; colours against the published rules."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen as tg
import tengen.functional as F
from tengen.base.errors import ArgumentError, DTypeError, ShapeError
from tengen.tensor import Tensor

COVERS = (
    "tengen.functional.resize",
    *(
        f"tengen.functional.nn.{name}"
        for name in ("cvt_color", "interpolate", "remap", "warp_affine", "warp_perspective")
    ),
)

rng = np.random.default_rng(29)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize("align", [None, False, True])
@pytest.mark.parametrize("target", [(7, 9), (3, 2), (4, 11), (1, 5), (5, 6)])
def test_interpolate_bilinear(target, align):
    x = rng.standard_normal((2, 3, 5, 6))
    check(
        lambda t: F.nn.interpolate(t, target, align_corners=align),
        lambda t: T.interpolate(t, target, mode="bilinear", align_corners=bool(align)),
        x,
    )


@pytest.mark.parametrize("mode", ["nearest", "bicubic"])
@pytest.mark.parametrize("target", [(7, 9), (3, 2), (10, 13)])
def test_interpolate_nearest_and_bicubic(mode, target):
    check(
        lambda t: F.nn.interpolate(t, target, mode=mode),
        lambda t: T.interpolate(t, target, mode=mode),
        rng.standard_normal((2, 2, 5, 6)),
    )


@pytest.mark.parametrize("align", [False, True])
def test_interpolate_linear_and_trilinear(align):
    for shape, mode, size in (
        ((2, 3, 7), "linear", 4),
        ((2, 3, 7), "linear", 12),
        ((1, 2, 3, 4, 5), "trilinear", (5, 3, 8)),
        ((1, 2, 3, 4, 5), "trilinear", 4),
    ):
        check(
            lambda t, m=mode, s=size: F.nn.interpolate(t, s, mode=m, align_corners=align),
            lambda t, m=mode, s=size: T.interpolate(t, s, mode=m, align_corners=align),
            rng.standard_normal(shape),
        )


def test_interpolate_scale_factor():
    x = np.arange(1, 5, dtype="float32").reshape(1, 1, 2, 2)
    want = [[1, 1.25, 1.75, 2], [1.5, 1.75, 2.25, 2.5], [2.5, 2.75, 3.25, 3.5], [3, 3.25, 3.75, 4]]
    np.testing.assert_allclose(F.nn.interpolate(Tensor(x), [4, 4]).numpy()[0, 0], want)
    np.testing.assert_allclose(F.nn.interpolate(Tensor(x), scale_factor=2.0).numpy()[0, 0], want)
    wide = Tensor(np.zeros((1, 1, 10, 10), "float32"))
    assert F.nn.interpolate(wide, scale_factor=0.7).shape == (1, 1, 7, 7)
    assert F.nn.interpolate(wide, scale_factor=(0.55, 2)).shape == (1, 1, 5, 20)
    assert F.nn.interpolate(wide, Tensor([3, 4])).shape == (1, 1, 3, 4)
    assert F.nn.interpolate(wide, 3).shape == (1, 1, 3, 3)
    assert F.nn.interpolate(Tensor(np.zeros((1, 1, 4), "float32")), scale_factor=3, mode="linear").shape == (1, 1, 12)  # fmt: skip  # noqa: E501


def test_interpolate_refuses():
    x = Tensor(np.zeros((1, 1, 4, 4), "float32"))
    for arguments, message in (
        ({}, "either size or scale_factor"),
        ({"size": 3, "scale_factor": 2.0}, "either size or scale_factor"),
        ({"size": 3, "mode": "area"}, "mode is one of"),
        ({"size": 3, "mode": "nearest", "align_corners": False}, "align_corners goes with"),
        ({"size": (1, 2, 3)}, "size takes one number or 2"),
    ):
        with pytest.raises(ArgumentError, match=message):
            F.nn.interpolate(x, **arguments)
    with pytest.raises(ShapeError, match="takes 5 axes"):
        F.nn.interpolate(x, 3, mode="trilinear")
    with pytest.raises(ShapeError, match="sizes are at least 1"):
        F.nn.interpolate(x, 0)


def test_resize():
    x = rng.standard_normal((2, 5, 6, 3))
    for imode in ("bilinear", "nearest", "bicubic"):
        check(
            lambda t, m=imode: F.resize(t, (4, 9), "NHWC", m),
            lambda t, m=imode: T.interpolate(t.permute(0, 3, 1, 2), (4, 9), mode=m).permute(
                0, 2, 3, 1
            ),
            x,
        )
    small = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
    got = F.resize(Tensor(small), Tensor([2, 2]))
    np.testing.assert_allclose(got.numpy()[0, 0], [[2.5, 4.5], [10.5, 12.5]])
    assert F.resize(Tensor(small), (8, 2), max_size=5).shape == (1, 1, 5, 2)
    with pytest.raises(ArgumentError, match="format is NCHW or NHWC"):
        F.resize(Tensor(small), (2, 2), "CHW")


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "float16", "bfloat16"])
def test_images_keep_their_data_type(dtype):
    x = rng.integers(-100 if dtype[0] == "i" else 0, 100, (1, 2, 5, 6)).astype("float64")
    want = T.interpolate(torch.tensor(x), (8, 4), mode="bicubic").numpy()
    got = F.nn.interpolate(Tensor(x, dtype=dtype), (8, 4), mode="bicubic")
    assert got.dtype == dtype
    limit = 0.51 if "int" in dtype else 1.0
    if dtype == "uint8":
        want = want.clip(0, 255)
    np.testing.assert_allclose(got.numpy().astype("float64"), want, atol=limit)
    points = Tensor(rng.uniform(0, 4, (1, 3, 3, 2)), dtype="float32")
    assert F.nn.remap(Tensor(x, dtype=dtype), points).dtype == dtype


def test_whole_numbers_round_halves_away_from_zero():
    x = Tensor(np.array([[[[1, 2, -1, -2]]]]), dtype="int8")
    points = Tensor(np.array([[[[0.5, 0], [2.5, 0]]]]), dtype="float32")
    np.testing.assert_array_equal(F.nn.remap(x, points).numpy(), [[[[2, -2]]]])


def grid_sample(x, points, padding, corners, mode="bilinear"):
    """What PyTorch reads at points in pixels."""
    size = torch.tensor([x.shape[3], x.shape[2]], dtype=torch.float64)
    grid = 2 * points / (size - 1) - 1 if corners else (2 * points + 1) / size - 1
    return T.grid_sample(x, grid, mode=mode, padding_mode=padding, align_corners=corners)


@pytest.mark.parametrize(
    ("border", "padding", "corners"),
    [
        ("replicate", "border", True),
        ("constant", "zeros", True),
        ("reflect_101", "reflection", True),
        ("reflect", "reflection", False),
    ],
)
def test_remap(border, padding, corners):
    whole = rng.integers(-9, 14, (2, 4, 3, 2))
    points = whole + rng.choice([0.2, 0.3, 0.7, 0.8], whole.shape)
    check(
        lambda x, p: F.nn.remap(x, p, border),
        lambda x, p: grid_sample(x, p, padding, corners),
        rng.standard_normal((2, 3, 5, 6)), points,
    )  # fmt: skip


def test_remap_wrap_constant_and_nearest():
    x = rng.standard_normal((1, 2, 4, 5))
    points = rng.uniform(-8, 12, (1, 6, 7, 2))
    many = np.tile(x, (1, 1, 7, 7))
    moved = points + np.array([2 * 5, 2 * 4])
    want = grid_sample(torch.tensor(many), torch.tensor(moved), "border", True).numpy()
    got = F.nn.remap(Tensor(x, dtype="float64"), Tensor(points, dtype="float64"), "wrap")
    np.testing.assert_allclose(got.numpy(), want, atol=1e-12)
    shifted = grid_sample(torch.tensor(x - 3), torch.tensor(points), "zeros", True).numpy() + 3
    got = F.nn.remap(
        Tensor(x, dtype="float64"), Tensor(points, dtype="float64"), "constant", scalar=3.0
    )
    np.testing.assert_allclose(got.numpy(), shifted, atol=1e-12)
    near = grid_sample(torch.tensor(x), torch.tensor(points), "border", True, "nearest").numpy()
    got = F.nn.remap(
        Tensor(x, dtype="float64"), Tensor(points, dtype="float64"), interp_mode="nearest"
    )
    np.testing.assert_array_equal(got.numpy(), near)


def test_remap_cubic_inside_equals_torch():
    points = rng.uniform(2.1, 3.9, (2, 4, 4, 2))
    check(
        lambda x, p: F.nn.remap(x, p, interp_mode="cubic"),
        lambda x, p: grid_sample(x, p, "border", True, "bicubic"),
        rng.standard_normal((2, 2, 7, 7)), points,
    )  # fmt: skip


def test_remap_far_away_and_no_number():
    x = Tensor(np.arange(6, dtype="float32").reshape(1, 1, 2, 3))
    points = np.array([[[[np.nan, 0], [np.inf, 0], [-np.inf, 0], [1e30, 1]]]], "float32")
    outside = F.nn.remap(x, Tensor(points), "constant", scalar=7.0)
    np.testing.assert_array_equal(outside.numpy(), np.full((1, 1, 1, 4), 7))
    np.testing.assert_array_equal(F.nn.remap(x, Tensor(points)).numpy()[0, 0, 0, 1:], [2, 0, 5])


def test_remap_refuses():
    x = Tensor(np.zeros((2, 1, 4, 4), "float32"))
    points = Tensor(np.zeros((1, 2, 2, 2), "float32"))
    with pytest.raises(ShapeError, match="2 images need as many maps"):
        F.nn.remap(x, points)
    with pytest.raises(ShapeError, match="map_xy"):
        F.nn.remap(x, points[0])
    with pytest.raises(ArgumentError, match="takes the borders"):
        F.nn.remap(x, points, "transparent")


def warped(x, mat, size):
    """The warp of PyTorch's own operators."""
    y, column = torch.meshgrid(
        torch.arange(size[0], dtype=x.dtype), torch.arange(size[1], dtype=x.dtype), indexing="ij"
    )
    grid = torch.stack([column, y, torch.ones_like(y)]).reshape(3, -1)
    points = mat @ grid
    if mat.shape[1] == 3:
        points = points[:, :2] / points[:, 2:]
    return grid_sample(x, points.permute(0, 2, 1).reshape(-1, *size, 2), "border", True)


def test_warp_perspective():
    mat = np.eye(3) + rng.uniform(-0.1, 0.1, (2, 3, 3))
    check(
        lambda x, m: F.nn.warp_perspective(x, m, (4, 5)),
        lambda x, m: warped(x, m, (4, 5)),
        rng.standard_normal((2, 3, 6, 5)), mat, single=2e-3,
    )  # fmt: skip


def test_warp_perspective_shares_images_and_takes_channels_last():
    x, mat = rng.standard_normal((2, 6, 5, 3)), np.eye(3) + rng.uniform(-0.1, 0.1, (3, 3, 3))
    check(
        lambda x, m: F.nn.warp_perspective(x, m, (4, 5), [1, 0, 1], format="NHWC"),
        lambda x, m: warped(x.permute(0, 3, 1, 2)[[1, 0, 1]], m, (4, 5)).permute(0, 2, 3, 1),
        x, mat, single=2e-3,
    )  # fmt: skip
    number = Tensor(np.array([1, 0, 1], "int32"))
    args = Tensor(x), Tensor(mat), Tensor([4, 5])
    a = F.nn.warp_perspective(*args, number, format="NHWC")
    b = F.nn.warp_perspective(*args, [1, 0, 1], format="NHWC")
    np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_warp_perspective_documented_example():
    x = Tensor(np.arange(16, dtype="float32").reshape(1, 1, 4, 4))
    mat = Tensor(np.array([[[1.0, 0, 1], [0, 1, 1], [0, 0, 1]]], "float32"))
    np.testing.assert_allclose(
        F.nn.warp_perspective(x, mat, (2, 2)).numpy()[0, 0], [[5, 6], [9, 10]]
    )
    out = F.nn.warp_perspective(x, mat, (4, 4), border_mode="constant", border_val=-1.0)
    assert (out.numpy()[0, 0, 3] == -1).all() and (out.numpy()[0, 0, :3, :3] >= 5).all()


def test_warp_affine():
    mat = np.eye(3)[:2] + rng.uniform(-0.2, 0.2, (2, 2, 3))
    check(
        lambda x, m: F.nn.warp_affine(x, m, (4, 5)),
        lambda x, m: warped(x.permute(0, 3, 1, 2), m, (4, 5)).permute(0, 2, 3, 1),
        rng.standard_normal((2, 6, 5, 3)), mat, single=2e-3,
    )  # fmt: skip
    check(
        lambda x, m: F.nn.warp_affine(x, m, 4, format="NCHW", interp_mode="area"),
        lambda x, m: warped(x, m, (4, 4)),
        rng.standard_normal((2, 1, 6, 5)), mat, single=2e-3,
    )  # fmt: skip
    with pytest.raises(ShapeError, match=r"mat \(N, 2, 3\)"):
        F.nn.warp_affine(Tensor(np.zeros((1, 4, 4, 1))), Tensor(np.zeros((1, 3, 3))), (2, 2))


GRAY = np.array([0.299, 0.587, 0.114])


def test_cvt_color_of_floats():
    x = rng.uniform(-1, 2, (2, 3, 4, 3))
    a, b = x[..., 0], x[..., 2]
    luma = x @ GRAY[::-1]
    yuv = np.stack([luma, (a - luma) * 0.492 + 0.5, (b - luma) * 0.877 + 0.5], -1)
    u, v = x[..., 1] - 0.5, x[..., 2] - 0.5
    rgb = np.stack([a + 2.032 * u, a - 0.395 * u - 0.581 * v, a + 1.14 * v], -1)
    alpha = np.concatenate([x, x[..., :1]], -1)
    cases = (
        ("RGB2GRAY", x, (x @ GRAY)[..., None]),
        ("bgr2gray", x, (x @ GRAY[::-1])[..., None]),
        ("RGBA2GRAY", alpha, (x @ GRAY)[..., None]),
        ("GRAY2RGB", x[..., :1], np.repeat(x[..., :1], 3, -1)),
        ("RGB2BGR", x, x[..., ::-1]),
        ("BGR2RGB", x, x[..., ::-1]),
        ("RGBA2RGB", alpha, x),
        ("RGBA2BGR", alpha, x[..., ::-1]),
        ("RGB2YUV", x, yuv),
        ("YUV2RGB", x, rgb),
    )
    for mode, source, want in cases:
        for dtype, limit in (("float64", 1e-12), ("float32", 1e-5), ("float16", 1e-2)):
            got = F.nn.cvt_color(Tensor(source, dtype=dtype), mode)
            assert got.dtype == dtype
            np.testing.assert_allclose(got.numpy(), want, atol=limit, err_msg=mode)


def test_cvt_color_has_a_gradient():
    x = Tensor(np.ones((1, 1, 2, 3), "float32"))
    with tg.autodiff.GradManager().attach(x) as gm:
        gm.backward(F.nn.cvt_color(x, "RGB2GRAY").sum())
    np.testing.assert_allclose(x.grad.numpy(), np.broadcast_to(GRAY, (1, 1, 2, 3)), rtol=1e-6)


def test_cvt_color_of_bytes_follows_the_floats():
    x = rng.integers(0, 256, (1, 8, 9, 3), dtype=np.uint8)
    for mode in ("RGB2GRAY", "BGR2GRAY", "RGB2YUV", "YUV2RGB", "RGB2BGR"):
        got = F.nn.cvt_color(Tensor(x, dtype="uint8"), mode)
        exact = F.nn.cvt_color(Tensor(x / 255.0, dtype="float64"), mode).numpy() * 255.0
        assert got.dtype == np.uint8
        np.testing.assert_allclose(got.numpy(), exact.clip(0, 255), atol=1.6, err_msg=mode)
    np.testing.assert_array_equal(
        F.nn.cvt_color(Tensor([[[[255, 0, 0], [10, 20, 30]]]], dtype="uint8"), "RGB2GRAY").numpy(),
        [[[[76], [18]]]],
    )


def test_cvt_color_of_planes():
    height, width = 4, 6
    luma = rng.integers(0, 256, (height, width)).astype(int)
    u, v = (rng.integers(0, 256, (height // 2, width // 2)).astype(int) for _ in range(2))
    planes = {
        "NV12": np.stack([u, v], -1), "NV21": np.stack([v, u], -1),
        "YU12": np.stack([u, v]), "YV12": np.stack([v, u]),
    }  # fmt: skip
    for kind, colour in planes.items():
        source = np.concatenate([luma.reshape(-1), colour.reshape(-1)])
        rows = 6  # 3/2 of the height
        x = Tensor(source.reshape(1, rows, width, 1), dtype="uint8")
        for standard in ("YUV2RGB_", "YUV2BGR_", "BT601_YUV2RGB_", "BT601_YUV2BGR_"):
            got = F.nn.cvt_color(x, standard + kind).numpy()[0]
            got = got[..., ::-1] if "BGR" in standard else got
            for i in range(height):
                for j in range(width):
                    y, du, dv = luma[i, j], u[i // 2, j // 2] - 128, v[i // 2, j // 2] - 128
                    if standard.startswith("BT601"):
                        y = 1.164 * (y - 16)
                        want = y + 1.596 * dv, y - 0.391 * du - 0.813 * dv, y + 2.018 * du
                    else:
                        want = y + 1.402 * dv, y - 0.344 * du - 0.714 * dv, y + 1.772 * du
                    np.testing.assert_allclose(got[i, j], np.clip(want, 0, 255), atol=3.5)
        gray = F.nn.cvt_color(x, "YUV2GRAY_" + kind).numpy()
        np.testing.assert_array_equal(gray[0, :, :, 0], luma)
    x = Tensor(np.arange(36).reshape(1, 6, 6, 1), dtype="uint8")
    for old, new in (("YCrCb2RGB", "YUV2RGB_NV21"), ("YCrCb2BGR", "YUV2BGR_NV21")):
        np.testing.assert_array_equal(
            F.nn.cvt_color(x, old).numpy(), F.nn.cvt_color(x, new).numpy()
        )


def test_cvt_color_refuses():
    with pytest.raises(ArgumentError, match="mode is one of"):
        F.nn.cvt_color(Tensor(np.zeros((1, 2, 2, 3), "float32")))
    with pytest.raises(DTypeError, match="does not take float32"):
        F.nn.cvt_color(Tensor(np.zeros((1, 6, 2, 1), "float32")), "YUV2RGB_NV12")
    with pytest.raises(ShapeError, match="takes images"):
        F.nn.cvt_color(Tensor(np.zeros((1, 2, 2, 4), "float32")), "RGB2GRAY")
