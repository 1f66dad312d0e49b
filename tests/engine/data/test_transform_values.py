"""Transforms that change values, compositions, and the base classes."""

import cv2
import numpy as np
import pytest

from tengen import random
from tengen.base import seeding
from tengen.base.errors import ArgumentError
from tengen.data import randomness
from tengen.data.transform import (
    BrightnessTransform,
    ColorJitter,
    Compose,
    ContrastTransform,
    GaussianNoise,
    HueTransform,
    Lighting,
    Normalize,
    Pad,
    PseudoTransform,
    RandomCrop,
    SaturationTransform,
    ToMode,
    TorchTransformCompose,
    Transform,
    VisionTransform,
)
from tengen.data.transform.vision import functional as F
from tests.engine.api.signatures import check_signature

COVERS = (
    "tengen.data.transform.BrightnessTransform",
    "tengen.data.transform.ColorJitter",
    "tengen.data.transform.ColorJitter.apply",
    "tengen.data.transform.Compose",
    "tengen.data.transform.Compose.apply",
    "tengen.data.transform.Compose.apply_batch",
    "tengen.data.transform.ContrastTransform",
    "tengen.data.transform.GaussianNoise",
    "tengen.data.transform.HueTransform",
    "tengen.data.transform.Lighting",
    "tengen.data.transform.Normalize",
    "tengen.data.transform.PseudoTransform",
    "tengen.data.transform.PseudoTransform.apply",
    "tengen.data.transform.SaturationTransform",
    "tengen.data.transform.TorchTransformCompose",
    "tengen.data.transform.Transform",
    "tengen.data.transform.Transform.apply",
    "tengen.data.transform.Transform.apply_batch",
    "tengen.data.transform.VisionTransform",
    "tengen.data.transform.VisionTransform.apply",
    "tengen.data.transform.VisionTransform.apply_batch",
)


@pytest.fixture(autouse=True)
def _seeded():
    before = np.random.get_state()
    np.random.seed(4)
    yield
    np.random.set_state(before)


@pytest.fixture
def image():
    return np.random.RandomState(1).randint(0, 256, (12, 10, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def test_normalize(image):
    out = Normalize((1, 2, 3), (4, 5, 6)).apply(image)
    np.testing.assert_allclose(out, (image - [1.0, 2.0, 3.0]) / [4.0, 5.0, 6.0], rtol=1e-6)
    assert out.dtype == np.float32
    assert Normalize().apply(image.astype(np.float64)).dtype == np.float64


def uniform(value):
    return np.random.RandomState(4).uniform(max(0, 1 - value), 1 + value)


def gray_of(image):
    return cv2.cvtColor(image.astype(np.float32), cv2.COLOR_BGR2GRAY)[:, :, None]


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (BrightnessTransform(0.8), lambda x, a: x * a),
        (ContrastTransform(0.8), lambda x, a: x * a + gray_of(x).mean() * (1 - a)),
        (SaturationTransform(0.8), lambda x, a: x * a + gray_of(x) * (1 - a)),
    ],
)
def test_adjustments(transform, expected, image):
    out = transform.apply(image)
    wanted = expected(image.astype(np.float32), np.float32(uniform(0.8))).clip(0, 255)
    np.testing.assert_allclose(out, wanted, atol=1.01)  # cut to whole numbers
    assert out.dtype == np.uint8
    assert (out != image).any()
    gray = image[:, :, :1].astype(np.float32)
    assert transform.apply(gray).shape == gray.shape
    assert type(transform)(0).apply(image) is image


def test_hue_turns_round_the_circle(image):
    red = np.zeros((2, 2, 3), np.float32)
    red[..., 2] = 200
    transform = HueTransform(0.5)
    np.random.seed(0)
    alpha = np.random.RandomState(0).uniform(-0.5, 0.5)
    out = transform.apply(red)
    hsv = cv2.cvtColor(out.astype(np.uint8), cv2.COLOR_BGR2HSV_FULL)
    assert abs(int(hsv[0, 0, 0]) - int(alpha * 255) % 256) <= 2
    assert out.dtype == np.float32
    for _ in range(20):  # both directions
        assert transform.apply(image).shape == image.shape
    assert transform.apply(image[:, :, :1]).tolist() == image[:, :, :1].tolist()
    assert HueTransform(0).apply(image) is image


def test_gaussian_noise():
    image = np.full((60, 60, 1), 100, np.float32)
    out = GaussianNoise(0.1, 0.05).apply(image)
    assert out.mean() == pytest.approx(100 + 25.5, abs=1)
    assert out.std() == pytest.approx(12.75, rel=0.1)
    clipped = GaussianNoise(std=10.0).apply(image.astype(np.uint8))
    assert clipped.dtype == np.uint8
    assert set(np.unique(clipped)) >= {0, 255}


def test_lighting(image):
    transform = Lighting(0.3)
    alpha = np.random.RandomState(4).normal(scale=0.3 * 255, size=3)
    shift = transform.eigvec @ (alpha * transform.eigval)
    wanted = (image.astype(np.float64) + shift).clip(0, 255)
    np.testing.assert_allclose(transform.apply(image), wanted, atol=1.01)
    assert Lighting(0).apply(image) is image


def test_color_jitter(image):
    nothing = ColorJitter()
    np.testing.assert_array_equal(nothing.apply(image), image)
    jitter = ColorJitter(0.5, 0.5, 0.5, 0.2)
    assert len(jitter.transforms.transforms) == 4
    outs = {jitter.apply(image).tobytes() for _ in range(5)}
    assert len(outs) == 5
    composed = Compose([ColorJitter(0.5), Pad(1)], order=("boxes", "image"))
    boxes, out = composed.apply((np.ones((1, 4)), image))
    assert boxes.tolist() == [[2, 2, 2, 2]]
    assert out.shape == (14, 12, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BrightnessTransform(-1), "BrightnessTransform. value should be non-negative"),
        (lambda: ContrastTransform(-1), "non-negative"),
        (lambda: SaturationTransform(-1), "non-negative"),
        (lambda: HueTransform(0.6), r"in \[0.0, 0.5\]; got 0.6"),
        (lambda: Lighting(-1), "non-negative"),
        (lambda: Compose([], True, [(1,)]), "no meaning with batch_compose"),
        (lambda: Compose([Pad()], shuffle_indices=[(1, 2)]), "count the 1 transforms from 1"),
        (lambda: VisionTransform(3), "order must be a sequence"),
        (lambda: VisionTransform("image"), "order must be a sequence"),
        (lambda: VisionTransform(("batch",)), "'batch' is no data type"),
        (lambda: Pad().apply(np.zeros((3, 3))), "shape .H, W, C."),
        (lambda: RandomCrop(2, order=("mask",)).apply(np.zeros((3, 3, 1))), "needs an 'image'"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_compose_hands_down_its_order(image):
    order = ("image", "boxes")
    inner = RandomCrop(14, padding_size=(2, 0, 3, 0))
    transform = Compose([Compose([inner])], order=order)
    out, boxes = transform.apply((image, np.array([[1.0, 1.0, 2.0, 2.0]])))
    assert out.shape == (14, 14, 3)
    expected = [[4 - inner._x, 3 - inner._y, 5 - inner._x, 4 - inner._y]]
    assert boxes.tolist() == expected
    assert repr(transform) == "Compose([Compose([RandomCrop])])"


class Note(Transform):
    """Appends its name to the sample."""

    def __init__(self, name):
        self.name = name
        self.order = None

    def apply(self, input):
        return (*input, self.name)


class NoteBatch(Note):
    """Appends the size of the batch."""

    def apply_batch(self, inputs):
        return [(*sample, len(inputs)) for sample in inputs]


def test_compose_shuffles_groups_only_among_themselves():
    transform = Compose([Note(c) for c in "abcd"], shuffle_indices=[(1, 3), (2, 4)])
    seen = {"".join(transform.apply(())) for _ in range(100)}
    assert seen == {"abcd", "cbad", "adcb", "cdab"}
    assert {"".join(s) for s in transform.apply_batch([()] * 100)} == seen


def test_compose_along_the_batch():
    samples = [(1,), (2,), (3,)]
    alone = Compose([Note("a"), NoteBatch("b")]).apply_batch(samples)
    assert alone == ((1, "a", "b"), (2, "a", "b"), (3, "a", "b"))
    together = Compose([Note("a"), NoteBatch("b")], batch_compose=True).apply_batch(samples)
    assert list(together) == [(1, "a", 3), (2, "a", 3), (3, "a", 3)]
    assert Compose().apply_batch(samples) == tuple(samples)
    assert Compose().transforms is not Compose().transforms


def test_base_classes():
    assert PseudoTransform().apply((1, 2)) == (1, 2)
    assert PseudoTransform().apply_batch([(1,), (2,)]) == ((1,), (2,))
    assert repr(PseudoTransform()) == "PseudoTransform"
    assert Note("x").apply_batch([(1,)]) == ((1, "x"),)
    with pytest.raises(TypeError):
        Transform()


def test_vision_transform_calls_the_handler_of_each_entry(image):
    class Twice(VisionTransform):
        def _apply_image(self, image):
            return image * 2

        def _apply_depth(self, depth):
            return depth + 1

        def _apply_boxes_category(self, category):
            return -category

    transform = Twice(order=("depth", "image", "info", "boxes_category"))
    ones = np.ones((2, 2, 1))
    depth, out, info, category, rest = transform.apply((1, ones, "x", 3, "rest"))
    assert (depth, info, category, rest) == (2, "x", -3, "rest")
    assert (out == 2).all()
    assert transform.apply((1, ones))[0] == 2  # fewer entries than the order names
    assert Twice().apply(ones).sum() == 8  # an image alone
    batch = Twice().apply_batch([ones, (ones, 7)])
    assert batch[0].sum() == 8
    assert batch[1][1] == 7
    with pytest.raises(NotImplementedError, match="'depth' is an unsupported data type"):
        VisionTransform(order=("depth",))
    for name in ("image", "coords", "mask"):
        with pytest.raises(NotImplementedError, match="does not handle"):
            VisionTransform(order=(name,)).apply(ones)


def test_torch_transforms(image):
    from PIL import Image, ImageOps

    seen = []

    def mirror(picture):
        assert isinstance(picture, Image.Image)
        seen.append(picture.mode)
        return ImageOps.mirror(picture)

    transform = TorchTransformCompose([mirror])
    np.testing.assert_array_equal(transform.apply(image), image[:, ::-1])
    np.testing.assert_array_equal(transform.apply(image[:, :, :1]), image[:, ::-1, :1])
    first = transform.apply(image.transpose(2, 0, 1))
    np.testing.assert_array_equal(first, image[:, ::-1])
    assert seen == ["RGB", "L", "RGB"]
    to_rgb = TorchTransformCompose([lambda picture: np.asarray(picture).transpose(2, 0, 1)])
    np.testing.assert_array_equal(to_rgb.apply(image), image.transpose(2, 0, 1))
    both = TorchTransformCompose([mirror], order=("image", "boxes"))
    assert both.apply((image, np.ones((1, 4))))[1].tolist() == [[1, 1, 1, 1]]


def test_gray_and_color(image):
    gray = F.to_gray(image)
    np.testing.assert_array_equal(gray[:, :, 0], cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
    np.testing.assert_array_equal(F.to_bgr(gray), gray.repeat(3, 2))
    assert F.to_gray(gray) is gray


def test_seeds(image, monkeypatch):
    transform = Compose([RandomCrop(8), ColorJitter(0.4), ToMode()])
    monkeypatch.setattr(seeding, "_asked", None)
    random.seed(1)
    first = transform.apply(image)
    random.seed(1)
    np.testing.assert_array_equal(transform.apply(image), first)
    np.random.seed(4)  # without effect once tengen is seeded
    assert (transform.apply(image) != first).any()
    with randomness.batch_scope(3, 1):
        inside = transform.apply(image)
        assert randomness.draw_seed() < 2**32
    with randomness.batch_scope(3, 1):
        np.testing.assert_array_equal(transform.apply(image), inside)
    with randomness.batch_scope(3, 2):
        assert (transform.apply(image) != inside).any()
    with pytest.raises(ArgumentError):
        Pad((1,))
