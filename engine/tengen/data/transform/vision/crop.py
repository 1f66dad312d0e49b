"""Padding images and cutting pieces out of them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError
from ...randomness import current
from . import functional as F
from .transform import VisionTransform, moved_by


class Pad(VisionTransform):
    """Adds a border.

    Args:
        size: one width for all sides, (bottom, right), or (top, bottom, left, right).
        value: a number, or one for each channel; a float makes the image float32.
        mask_value: the integer that fills the border of a mask.
        order: see `VisionTransform`.
    """

    def __init__(
        self,
        size: int | Sequence[int] = 0,
        value: Any = 0,
        mask_value: int = 0,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        self.size = F.four_sides(size)
        self.value = value
        if not isinstance(mask_value, int):
            raise ArgumentError(f"[Pad] mask_value must be an integer; got {mask_value!r}")
        self.mask_value = mask_value

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return F.pad(image, self.size, self.value)

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        return moved_by(coords, self.size[2], self.size[0])

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return F.pad(mask, self.size, self.mask_value)


class RandomCrop(VisionTransform):
    """Pads, then cuts out a piece at a random place.

    Args:
        output_size: (height, width) of the result; an integer for both.
        padding_size: see `Pad`. An image that is still too small is padded below and at its
            right up to the size of the result.
        padding_value: see `Pad`.
        padding_maskvalue: fills the border of masks.
        order: see `VisionTransform`.
    """

    def __init__(
        self,
        output_size: int | Sequence[int],
        padding_size: int | Sequence[int] = 0,
        padding_value: Any = [0, 0, 0],  # noqa: B006  (never changed)
        padding_maskvalue: int = 0,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        self.output_size = _pair(output_size)
        self.pad = Pad(padding_size, padding_value, padding_maskvalue, order=self.order)
        self.padding_value = padding_value
        self.padding_maskvalue = padding_maskvalue

    def apply(self, input: tuple) -> Any:
        """One sample, padded and cut."""
        if any(self.pad.size):
            self.pad.order = self.order  # a Compose may have set ours since
            input = self.pad.apply(input)
        self._h, self._w, _ = self._get_image(input).shape
        th, tw = self.output_size
        self._x = int(current().randint(0, max(0, self._w - tw) + 1))
        self._y = int(current().randint(0, max(0, self._h - th) + 1))
        return super().apply(input)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return self._cut(image, self.padding_value)

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        return moved_by(coords, -self._x, -self._y)

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return self._cut(mask, self.padding_maskvalue)

    def _cut(self, image: np.ndarray, value: Any) -> np.ndarray:
        th, tw = self.output_size
        missing = (max(0, th - self._h), max(0, tw - self._w))
        if any(missing):
            image = F.pad(image, missing, value)
        return image[self._y : self._y + th, self._x : self._x + tw]


class RandomResizedCrop(VisionTransform):
    """Cuts out a piece of random size, shape and place, and resizes it.

    Args:
        output_size: (height, width) of the result; an integer for both.
        scale_range: the piece's share of the area.
        ratio_range: the piece's width by its height, drawn evenly on a log scale.
        interpolation: see `Resize`.
        order: see `VisionTransform`.

    When ten draws do not fit into the image, the largest piece in its middle within
    `ratio_range` is taken (the augmentation of Szegedy et al., arXiv:1409.4842, section 6).
    """

    def __init__(
        self,
        output_size: int | Sequence[int],
        scale_range: Sequence[float] = (0.08, 1.0),
        ratio_range: Sequence[float] = (3.0 / 4, 4.0 / 3),
        interpolation: Any = 1,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        self.output_size = _pair(output_size)
        for name, bounds in (("scale_range", scale_range), ("ratio_range", ratio_range)):
            if not bounds[0] <= bounds[1]:
                raise ArgumentError(
                    f"[RandomResizedCrop] {name} must be (low, high); got {bounds!r}"
                )
        self.scale_range = scale_range
        self.ratio_range = ratio_range
        self.interpolation = interpolation

    def apply(self, input: tuple) -> Any:
        """One sample, cut and resized."""
        self._coord_info = self._get_coord(self._get_image(input))
        return super().apply(input)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        x, y, w, h = self._coord_info
        return F.resize(image[y : y + h, x : x + w], self.output_size, self.interpolation)

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        x, y, w, h = self._coord_info
        output = np.array(coords)
        output[:, 0] = (output[:, 0] - x) * self.output_size[1] / w
        output[:, 1] = (output[:, 1] - y) * self.output_size[0] / h
        return output

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        x, y, w, h = self._coord_info
        return F.resize(mask[y : y + h, x : x + w], self.output_size, F.NEAREST)

    def _get_coord(self, image: np.ndarray, attempts: int = 10) -> tuple[int, int, int, int]:
        height, width, _ = image.shape
        rng = current()
        log_low, log_high = (math.log(ratio) for ratio in self.ratio_range)
        for _ in range(attempts):
            area = rng.uniform(self.scale_range[0], self.scale_range[1]) * height * width
            ratio = math.exp(rng.uniform(log_low, log_high))
            w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < w <= width and 0 < h <= height:
                x = int(rng.randint(0, width - w + 1))
                y = int(rng.randint(0, height - h + 1))
                return x, y, w, h
        low, high = min(self.ratio_range), max(self.ratio_range)
        w = min(width, round(height * high))
        h = min(height, round(width / low))
        return (width - w) // 2, (height - h) // 2, w, h


class CenterCrop(VisionTransform):
    """Cuts the piece of `output_size`, (height, width) or one integer, out of the middle."""

    def __init__(
        self, output_size: int | Sequence[int], *, order: Sequence[str] | None = None
    ) -> None:
        super().__init__(order)
        self.output_size = _pair(output_size)

    def apply(self, input: tuple) -> Any:
        """One sample, cut; ArgumentError for an image smaller than the piece."""
        self._coord_info = self._get_coord(self._get_image(input))
        return super().apply(input)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        x, y = self._coord_info
        th, tw = self.output_size
        return image[y : y + th, x : x + tw]

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        x, y = self._coord_info
        return moved_by(coords, -x, -y)

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return self._apply_image(mask)

    def _get_coord(self, image: np.ndarray) -> tuple[int, int]:
        th, tw = self.output_size
        h, w, _ = image.shape
        if th > h or tw > w:
            raise ArgumentError(
                f"[CenterCrop] output size is bigger than image size: {(th, tw)} of {(h, w)}"
            )
        return round((w - tw) / 2.0), round((h - th) / 2.0)


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, (int, np.integer)):
        return int(size), int(size)
    height, width = size
    return height, width
