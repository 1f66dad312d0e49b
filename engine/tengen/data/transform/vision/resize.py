"""Changing the size of images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError
from ...exceptions import UnsupportedOrderError
from ...randomness import current
from . import functional as F
from .transform import VisionTransform, scaled_by


class _Resizing(VisionTransform):
    """What all resizing shares: `_get_shape` says the old and new height and width."""

    interpolation: Any

    def apply(self, input: tuple) -> Any:
        """One resized sample; masks by nearest neighbour."""
        self._shape_info = self._get_shape(self._get_image(input))
        return super().apply(input)

    def _get_shape(self, image: np.ndarray) -> tuple[int, int, int, int]:
        raise NotImplementedError

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        return self._resized(image, self.interpolation)

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        h, w, th, tw = self._shape_info
        return coords if (h, w) == (th, tw) else scaled_by(coords, tw / w, th / h)

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return self._resized(mask, F.NEAREST)

    def _resized(self, image: np.ndarray, interpolation: Any) -> np.ndarray:
        h, w, th, tw = self._shape_info
        return image if (h, w) == (th, tw) else F.resize(image, (th, tw), interpolation)


class Resize(_Resizing):
    """Resizes to `output_size`: (height, width), or the length of the shorter edge.

    `interpolation` is an OpenCV number (1, bilinear, by default) or a sequence to choose from.
    """

    def __init__(
        self,
        output_size: int | Sequence[int],
        interpolation: Any = 1,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        self.output_size = output_size
        self.interpolation = interpolation

    def _get_shape(self, image: np.ndarray) -> tuple[int, int, int, int]:
        h, w, _ = image.shape
        size = self.output_size
        if not isinstance(size, int):
            return (h, w, *size)
        if min(h, w) == size:
            return h, w, h, w
        if h < w:
            return h, w, size, int(size * w / h)
        return h, w, int(size * h / w), size


class ShortestEdgeResize(_Resizing):
    """Resizes the shorter edge to a random length, the longer one to `max_size` at most.

    Args:
        min_size: the lengths to draw from; an integer stands for itself.
        max_size: limit of the longer edge.
        sample_style: "range" draws from min_size[0] to min_size[1], both included, "choice" one
            of the entries.
        interpolation: see `Resize`.
        order: see `VisionTransform`.
    """

    def __init__(
        self,
        min_size: int | Sequence[int],
        max_size: int,
        sample_style: str = "range",
        interpolation: Any = 1,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        if sample_style not in ("range", "choice"):
            raise UnsupportedOrderError(
                f"[ShortestEdgeResize] sample_style is 'range' or 'choice'; got {sample_style!r}"
            )
        self.sample_style = sample_style
        self.min_size = (min_size, min_size) if isinstance(min_size, int) else min_size
        self.max_size = max_size
        self.interpolation = interpolation

    def _get_shape(self, image: np.ndarray) -> tuple[int, int, int, int]:
        h, w, _ = image.shape
        if self.sample_style == "range":
            size = current().randint(self.min_size[0], self.min_size[1] + 1)
        else:
            size = current().choice(self.min_size)
        scale = size / min(h, w)
        th, tw = (size, scale * w) if h < w else (scale * h, size)
        longest = max(th, tw)
        if longest > self.max_size:
            th, tw = th * self.max_size / longest, tw * self.max_size / longest
        return h, w, round(float(th)), round(float(tw))


class RandomResize(_Resizing):
    """Resizes by a factor drawn evenly from `scale_range`."""

    def __init__(
        self,
        scale_range: Sequence[float],
        interpolation: Any = 1,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        if len(scale_range) != 2 or not 0 < scale_range[0] <= scale_range[1]:
            raise ArgumentError(
                f"[RandomResize] scale_range must be (low, high), above zero; got {scale_range!r}"
            )
        self.scale_range = scale_range
        self.interpolation = interpolation

    def _get_shape(self, image: np.ndarray) -> tuple[int, int, int, int]:
        h, w, _ = image.shape
        scale = float(current().uniform(self.scale_range[0], self.scale_range[1]))
        return h, w, max(1, round(h * scale)), max(1, round(w * scale))
