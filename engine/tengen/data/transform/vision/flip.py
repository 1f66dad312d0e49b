"""Mirroring, and the layout of the result."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError
from ...randomness import current
from . import functional as F
from .transform import VisionTransform


class RandomHorizontalFlip(VisionTransform):
    """Mirrors left and right with probability `prob`."""

    def __init__(self, prob: float = 0.5, *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        self.prob = prob

    def apply(self, input: tuple) -> Any:
        """One sample, mirrored or not."""
        self._flipped = current().random_sample() < self.prob
        self._w = self._get_image(input).shape[1]
        return super().apply(input)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return F.flip(image, flipCode=1) if self._flipped else image

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        if not self._flipped:
            return coords
        output = np.array(coords)
        output[:, 0] = self._w - output[:, 0]
        return output

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return F.flip(mask, flipCode=1) if self._flipped else mask


class RandomVerticalFlip(VisionTransform):
    """Mirrors top and bottom with probability `prob`."""

    def __init__(self, prob: float = 0.5, *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        self.prob = prob

    def apply(self, input: tuple) -> Any:
        """One sample, mirrored or not."""
        self._flipped = current().random_sample() < self.prob
        self._h = self._get_image(input).shape[0]
        return super().apply(input)

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return F.flip(image, flipCode=0) if self._flipped else image

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        if not self._flipped:
            return coords
        output = np.array(coords)
        output[:, 1] = self._h - output[:, 1]
        return output

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return F.flip(mask, flipCode=0) if self._flipped else mask


class ToMode(VisionTransform):
    """Moves the channels: images and masks (H, W, C) become (C, H, W), the layout of tensors."""

    def __init__(self, mode: str = "CHW", *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        if mode != "CHW":
            raise ArgumentError(f"[ToMode] unsupported mode: {mode!r}; the one there is is 'CHW'")
        self.mode = mode

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.moveaxis(image, 2, 0))

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        return coords

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.moveaxis(mask, 2, 0))
