"""Transforms that move things: images, boxes, points and masks together."""

import cv2
import numpy as np
import pytest

from tengen.base.errors import ArgumentError, DTypeError, ShapeError
from tengen.data.transform import (
    CenterCrop,
    Pad,
    RandomCrop,
    RandomHorizontalFlip,
    RandomResize,
    RandomResizedCrop,
    RandomVerticalFlip,
    Resize,
    ShortestEdgeResize,
    ToMode,
)
from tengen.data.transform.vision import functional as F
from tests.engine.api.signatures import check_signature

COVERS = (
    "tengen.data.transform.CenterCrop",
    "tengen.data.transform.CenterCrop.apply",
    "tengen.data.transform.Pad",
    "tengen.data.transform.RandomCrop",
    "tengen.data.transform.RandomCrop.apply",
    "tengen.data.transform.RandomHorizontalFlip",
    "tengen.data.transform.RandomHorizontalFlip.apply",
    "tengen.data.transform.RandomResize",
    "tengen.data.transform.RandomResize.apply",
    "tengen.data.transform.RandomResizedCrop",
    "tengen.data.transform.RandomResizedCrop.apply",
    "tengen.data.transform.RandomVerticalFlip",
    "tengen.data.transform.RandomVerticalFlip.apply",
    "tengen.data.transform.Resize",
    "tengen.data.transform.Resize.apply",
    "tengen.data.transform.ShortestEdgeResize",
    "tengen.data.transform.ShortestEdgeResize.apply",
    "tengen.data.transform.ToMode",
)
ORDER = ("image", "boxes", "coords", "mask", "keypoints", "image_category")


@pytest.fixture(autouse=True)
def _seeded():
    before = np.random.get_state()
    np.random.seed(4)
    yield
    np.random.set_state(before)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def spot_sample(height=30, width=40, x=11, y=7):
    """An image with one white spot, and everything else pointing at its middle."""
    image = np.zeros((height, width, 3), np.uint8)
    image[y, x] = 255
    mask = (image[:, :, :1] > 0).astype(np.uint8)
    boxes = np.array([[x, y, x + 1, y + 1]], np.float32)
    coords = np.array([[x + 0.5, y + 0.5]], np.float32)
    points = np.array([[[x + 0.5, y + 0.5, 2]]], np.float32)
    return image, boxes, coords, mask, points, 5


EXACT = {
    "pad": Pad((3, 1, 5, 2), order=ORDER),
    "center": CenterCrop((20, 30), order=ORDER),
    "horizontal": RandomHorizontalFlip(1.0, order=ORDER),
    "vertical": RandomVerticalFlip(1, order=ORDER),
    "not flipped": RandomVerticalFlip(0, order=ORDER),
    "crop": RandomCrop((25, 35), order=ORDER),
    "crop with padding": RandomCrop((30, 40), 6, order=ORDER),
    "crop of more": RandomCrop(50, order=ORDER),
    "doubled": Resize((60, 80), 0, order=ORDER),
    "tripled": RandomResize((3, 3), 0, order=ORDER),
    "edge": ShortestEdgeResize(60, 1000, interpolation=0, order=ORDER),
}


@pytest.mark.parametrize("name", EXACT)
def test_everything_moves_with_the_image(name):
    for attempt in range(5):
        sample = spot_sample()
        kept = [np.array(entry) for entry in sample]
        image, boxes, coords, mask, points, label = EXACT[name].apply(sample)
        for before, now in zip(kept, sample, strict=True):
            np.testing.assert_array_equal(before, now)  # the data set's arrays stay
        assert image.dtype == mask.dtype == np.uint8
        assert boxes.dtype == coords.dtype == np.float32
        assert image.shape[:2] == mask.shape[:2]
        assert mask.shape[2] == 1
        rows, columns = np.nonzero(image[:, :, 0])
        assert rows.size > 0 or name.startswith("crop"), attempt
        if not rows.size:
            continue
        left, top = columns.min(), rows.min()
        right, bottom = columns.max() + 1, rows.max() + 1
        np.testing.assert_allclose(boxes, [[left, top, right, bottom]])
        np.testing.assert_allclose(coords, [[(left + right) / 2, (top + bottom) / 2]])
        np.testing.assert_allclose(points, [[[*coords[0], 2]]])
        np.testing.assert_array_equal(mask[:, :, 0] > 0, image[:, :, 0] > 0)
        assert label == 5


def test_random_resized_crop_moves_boxes_alike():
    transform = RandomResizedCrop((64, 48), scale_range=(0.5, 0.6), order=("image", "boxes"))
    for _ in range(5):
        image = np.zeros((300, 400, 3), np.uint8)
        image[100:200, 150:250] = 255
        out, boxes = transform.apply((image, np.array([[150, 100, 250, 200]], np.float32)))
        assert out.shape == (64, 48, 3)
        rows, columns = np.nonzero(out[:, :, 0] > 127)
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(np.clip(boxes[0], 0, [48, 64, 48, 64]), found, atol=1)


@pytest.mark.parametrize(
    ("size", "ratio", "expected"),
    [
        ((100, 20), (0.75, 4 / 3), (0, 36, 20, 27)),
        ((20, 100), (0.75, 4 / 3), (36, 0, 27, 20)),
        ((20, 24), (0.75, 4 / 3), (0, 0, 24, 20)),
    ],
)
def test_random_resized_crop_takes_the_middle_when_nothing_fits(size, ratio, expected):
    transform = RandomResizedCrop(8, scale_range=(5, 5), ratio_range=ratio)
    assert transform._get_coord(np.zeros((*size, 3))) == expected


def test_pad_values():
    image = np.full((1, 1, 3), 9, np.uint8)
    assert Pad(1, 7).apply(image)[0, 0].tolist() == [7, 7, 7]
    assert Pad(1, [1, 2, 3]).apply(image)[0, 0].tolist() == [1, 2, 3]
    assert Pad((2, 1)).apply(image).shape == (3, 2, 3)
    out = Pad(1, 0.5).apply(image)
    assert out.dtype == np.float32
    assert out[0, 0, 0] == 0.5
    _, mask = Pad(1, mask_value=255, order=("image", "mask")).apply((image, image[:, :, :1]))
    assert mask[0, 0].tolist() == [255]
    assert RandomCrop(3, 1).apply(np.ones((1, 1, 1), np.uint8)).ravel().tolist() == [
        0, 0, 0, 0, 1, 0, 0, 0, 0,
    ]  # fmt: skip
    _, mask = RandomCrop(3, 1, padding_maskvalue=9, order=("image", "mask")).apply(
        (image, image[:, :, :1])
    )
    assert sorted(set(mask.ravel().tolist())) == [9]


def test_resize_is_opencvs():
    image = np.random.randint(0, 256, (37, 53, 3)).astype(np.uint8)
    for interpolation in (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA):
        expected = cv2.resize(image, (29, 31), interpolation=interpolation)
        np.testing.assert_array_equal(Resize((31, 29), interpolation).apply(image), expected)
    assert Resize(20).apply(image).shape == (20, 28, 3)
    assert Resize(20).apply(image.transpose(1, 0, 2)).shape == (28, 20, 3)
    assert Resize(37).apply(image) is image
    assert RandomResize((0.5, 2)).apply(image).shape != image.shape
    either = {Resize((9, 9), [0, 1]).apply(image).tobytes() for _ in range(20)}
    assert len(either) == 2


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint16", "int32", "int64", "float16", "float64"]
)
def test_resize_keeps_every_dtype(dtype):
    image = np.array([[0, 1], [1, 0]], dtype)[:, :, None]
    if np.dtype(dtype).itemsize == 8:
        image = image * np.array(2**40 + 1, dtype)
    out = F.resize(image, (4, 4), F.NEAREST)
    assert out.dtype == image.dtype
    np.testing.assert_array_equal(out, image.repeat(2, 0).repeat(2, 1))
    if dtype in ("int8", "float16", "uint16", "float64", "bool"):
        assert F.resize(image, (2, 4)).dtype == image.dtype
    else:
        with pytest.raises(DTypeError, match=dtype):
            F.resize(image, (2, 4))


def test_shortest_edge():
    image = np.zeros((40, 80, 3), np.uint8)
    assert ShortestEdgeResize(20, 100).apply(image).shape == (20, 40, 3)
    assert ShortestEdgeResize(40, 60).apply(image).shape == (30, 60, 3)
    heights = {ShortestEdgeResize((10, 12), 99).apply(image).shape[0] for _ in range(50)}
    assert heights == {10, 11, 12}
    picked = {ShortestEdgeResize((10, 30), 99, "choice").apply(image).shape[0] for _ in range(50)}
    assert picked == {10, 30}
    with pytest.raises(NotImplementedError, match="'range' or 'choice'; got 'x'"):
        ShortestEdgeResize(10, 20, "x")


def test_draws_follow_numpys_seed_as_in_megengine():
    image = np.arange(20 * 20 * 3, dtype=np.uint8).reshape(20, 20, 3)
    state = np.random.RandomState(9)
    x, y = state.randint(0, 11), state.randint(0, 11)
    np.random.seed(9)
    np.testing.assert_array_equal(RandomCrop(10).apply(image), image[y : y + 10, x : x + 10])


def test_center_crop_rounds_and_refuses():
    image = np.arange(25).reshape(5, 5, 1)
    assert CenterCrop(2).apply(image).ravel().tolist() == [12, 13, 17, 18]
    with pytest.raises(ArgumentError, match=r"bigger than image size: \(6, 6\) of \(5, 5\)"):
        CenterCrop(6).apply(image)


def test_to_mode():
    image = np.random.rand(4, 5, 3)
    out, mask, boxes = ToMode(order=("image", "mask", "boxes")).apply(
        (image, image[:, :, :1], np.ones((2, 4)))
    )
    np.testing.assert_array_equal(out, image.transpose(2, 0, 1))
    assert out.flags.c_contiguous
    assert mask.shape == (1, 4, 5)
    assert boxes.tolist() == np.ones((2, 4)).tolist()
    with pytest.raises(ArgumentError, match="unsupported mode: 'HWC'"):
        ToMode("HWC")


def test_no_boxes_and_integer_boxes():
    order = ("image", "boxes")
    image = np.zeros((8, 10, 3), np.uint8)
    for transform in (RandomHorizontalFlip(1, order=order), Resize((16, 20), order=order)):
        assert transform.apply((image, np.zeros((0, 4), np.float32)))[1].shape == (0, 4)
    _, boxes = RandomHorizontalFlip(1, order=order).apply((image, np.array([[1, 2, 3, 4]])))
    assert boxes.tolist() == [[7, 2, 9, 4]]
    assert boxes.dtype == np.int64


def test_flip_of_any_kind_of_array():
    for image in (
        np.random.rand(3, 4, 2),
        np.random.randint(0, 9, (3, 4, 1)).astype(np.uint8),
        np.random.randint(0, 9, (6, 4, 3)).astype(np.uint8)[::2],
        np.zeros((0, 4, 3), np.uint8),
    ):
        np.testing.assert_array_equal(F.flip(image, 1), image[:, ::-1])
        np.testing.assert_array_equal(F.flip(image, 0), image[::-1])
        np.testing.assert_array_equal(F.flip(image, -1), image[::-1, ::-1])


def test_polygons_move():
    image = np.zeros((8, 10, 3), np.uint8)
    polygons = [[np.array([[1.0, 2.0], [3.0, 2.0], [3.0, 5.0]])]]
    _, out = Pad(2, order=("image", "polygons")).apply((image, polygons))
    assert out[0][0].tolist() == [[3, 4], [5, 4], [5, 7]]


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Pad((1, 2, 3)), ArgumentError, r"\(top, bottom, left, right\); got \(1, 2, 3\)"),
        (lambda: Pad(1, mask_value=0.5), ArgumentError, "mask_value must be an integer"),
        (lambda: RandomResize((0, 1)), ArgumentError, "above zero"),
        (lambda: RandomResizedCrop(3, (1, 0.5)), ArgumentError, "scale_range must be"),
        (lambda: RandomResizedCrop(3, ratio_range=(2, 1)), ArgumentError, "ratio_range must be"),
        (lambda: Resize((2, 2)).apply(np.zeros((3, 3))), ValueError, "unpack"),
        (lambda: F.resize(np.zeros((3, 3)), (2, 2)), ShapeError, r"shape \(H, W, C\); got shape"),
        (lambda: F.resize(np.zeros((3, 3, 1)), (2,)), ArgumentError, "height, width"),
        (lambda: F.flip([1], 1), ShapeError, "got list"),
    ],
)
def test_errors(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
