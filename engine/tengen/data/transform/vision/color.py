"""Changing the values of images; boxes, points and masks pass through."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError
from ...opencv import cv2
from ...randomness import current
from . import functional as F
from .compose import Compose
from .transform import ImageOnly, VisionTransform


class Normalize(ImageOnly):
    """(image - mean) / std, with one number or one for each channel; uint8 gives float32."""

    def __init__(
        self, mean: Any = 0.0, std: Any = 1.0, *, order: Sequence[str] | None = None
    ) -> None:
        super().__init__(order)
        self.mean = np.array(mean, dtype=np.float32)
        self.std = np.array(std, dtype=np.float32)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return (image - self.mean) / self.std


class GaussianNoise(ImageOnly):
    """Adds noise of `mean` and `std`, in units of the whole range 0-255."""

    def __init__(
        self, mean: Any = 0.0, std: Any = 1.0, *, order: Sequence[str] | None = None
    ) -> None:
        super().__init__(order)
        self.mean = np.array(mean, dtype=np.float32)
        self.std = np.array(std, dtype=np.float32)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        noise = current().normal(self.mean, self.std, image.shape) * 255
        return _as_image(image + noise.astype(np.float32), image.dtype)


class _Adjusting(ImageOnly):
    """An adjustment of random strength around `value`, none at all if that is 0."""

    def __init__(self, value: float, *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        if value < 0:
            raise ArgumentError(f"[{self!r}] value should be non-negative; got {value!r}")
        self.value = value

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        if self.value == 0:
            return image
        alpha = current().uniform(max(0, 1 - self.value), 1 + self.value)
        return _as_image(self._adjusted(image.astype(np.float32), alpha), image.dtype)

    def _adjusted(self, image: np.ndarray, alpha: float) -> np.ndarray:
        raise NotImplementedError


class BrightnessTransform(_Adjusting):
    """Multiplies by a factor drawn from [max(0, 1 - value), 1 + value]."""

    def _adjusted(self, image: np.ndarray, alpha: float) -> np.ndarray:
        return image * np.float32(alpha)


class ContrastTransform(_Adjusting):
    """Blends with the mean gray by a factor drawn from [max(0, 1 - value), 1 + value]."""

    def _adjusted(self, image: np.ndarray, alpha: float) -> np.ndarray:
        return image * np.float32(alpha) + F.to_gray(image).mean() * np.float32(1 - alpha)


class SaturationTransform(_Adjusting):
    """Blends with the gray image by a factor drawn from [max(0, 1 - value), 1 + value]."""

    def _adjusted(self, image: np.ndarray, alpha: float) -> np.ndarray:
        return image * np.float32(alpha) + F.to_gray(image) * np.float32(1 - alpha)


class HueTransform(ImageOnly):
    """Turns the hue by a share of the circle drawn from [-value, value], value at most 0.5.

    A gray image of one channel has no hue and stays as it is.
    """

    def __init__(self, value: float, *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        if not 0 <= value <= 0.5:
            raise ArgumentError(f"[HueTransform] value should be in [0.0, 0.5]; got {value!r}")
        self.value = value

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        if self.value == 0:
            return image
        turn = int(current().uniform(-self.value, self.value) * 255)
        if image.shape[2] == 1:
            return image
        hsv = cv2().cvtColor(image.astype(np.uint8), cv2().COLOR_BGR2HSV_FULL)
        hsv[:, :, 0] = (hsv[:, :, 0].astype(np.int16) + turn) % 256
        return cv2().cvtColor(hsv, cv2().COLOR_HSV2BGR_FULL).astype(image.dtype)


class ColorJitter(VisionTransform):
    """Brightness, contrast, saturation and hue, in random order; 0 leaves one out."""

    def __init__(
        self,
        brightness: float = 0,
        contrast: float = 0,
        saturation: float = 0,
        hue: float = 0,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        transforms: list[VisionTransform] = []
        if brightness != 0:
            transforms.append(BrightnessTransform(brightness))
        if contrast != 0:
            transforms.append(ContrastTransform(contrast))
        if saturation != 0:
            transforms.append(SaturationTransform(saturation))
        if hue != 0:
            transforms.append(HueTransform(hue))
        groups = [tuple(range(1, len(transforms) + 1))]
        self.transforms = Compose(transforms, shuffle_indices=groups, order=self.order)

    def apply(self, input: tuple) -> Any:
        """One sample, its image adjusted."""
        if self.transforms.order != self.order:  # a Compose may have set ours since
            self.transforms.order = self.order
            self.transforms._set_order()
        return self.transforms.apply(input)


class Lighting(ImageOnly):
    """Adds noise along the principal colours of ImageNet (Krizhevsky et al. 2012, section 4.1).

    `scale` is the standard deviation of the noise in units of the whole range; 0 adds none.
    """

    def __init__(self, scale: float, *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        if scale < 0:
            raise ArgumentError(f"[Lighting] scale should be non-negative; got {scale!r}")
        self.scale = scale
        # Rows are blue, green, red.
        self.eigvec = np.array(
            [
                [-0.5836, -0.6948, 0.4203],
                [-0.5808, -0.0045, -0.8140],
                [-0.5675, 0.7192, 0.4009],
            ]
        )
        self.eigval = np.array([0.2175, 0.0188, 0.0045])

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        if self.scale == 0:
            return image
        alpha = current().normal(scale=self.scale * 255, size=3)
        shift = self.eigvec.dot(alpha * self.eigval)
        return _as_image(image.astype(np.float32) + shift, image.dtype)


def _as_image(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return values.clip(0, 255).astype(dtype)
