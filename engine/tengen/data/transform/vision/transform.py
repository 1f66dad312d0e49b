"""The base class of image transforms: which part of a sample is what, and who handles it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError
from ...exceptions import UnsupportedOrderError
from ..meta_transform import Transform


class VisionTransform(Transform):
    """Base class of transforms of images; subclasses write `_apply_image` and its like.

    Args:
        order: what the entries of a sample are; ("image",) by default. Entries beyond it pass
            through unchanged.

            - "image": (H, W, C), BGR as OpenCV reads it
            - "coords": points (N, 2), x before y
            - "boxes": (N, 4), the x and y of the top left and bottom right corners
            - "mask": segmentation map (H, W, 1)
            - "keypoints": (N, K, 3), x, y and visibility of each instance's K points
            - "polygons": for each instance a sequence of point arrays (N, 2)
            - names that end in "category" or "info": left alone unless a transform handles them

    An entry `name` is handled by the method `_apply_<name>`, so that subclasses can add their
    own. Raises ArgumentError for an order that is no sequence, UnsupportedOrderError for an entry
    without a method.
    """

    def __init__(self, order: Sequence[str] | None = None) -> None:
        super().__init__()
        if order is None:
            order = ("image",)
        if not isinstance(order, Sequence) or isinstance(order, str):
            raise ArgumentError(
                f"[{self!r}] order must be a sequence such as ('image', 'boxes'); got {order!r}"
            )
        for name in order:
            if name == "batch":
                raise ArgumentError(f"[{self!r}] 'batch' is no data type for order")
            if not name.endswith(("category", "info")) and self._get_apply(name) is None:
                raise UnsupportedOrderError(
                    f"[{self!r}] {name!r} is an unsupported data type: no method _apply_{name}"
                )
        self.order = order

    def apply_batch(self, inputs: Sequence[tuple]) -> Any:
        """A tuple of the transformed samples of a batch."""
        return tuple(self.apply(sample) for sample in inputs)

    def apply(self, input: tuple) -> Any:
        """One transformed sample: the entry itself if there is only one, or else a tuple."""
        entries = input if isinstance(input, tuple) else (input,)
        output = list(entries)
        for i, name in enumerate(self.order[: len(entries)]):
            handler = self._get_apply(name)
            if handler is not None:
                output[i] = handler(entries[i])
        return output[0] if len(output) == 1 else tuple(output)

    def _get_apply(self, key: str) -> Callable[[Any], Any] | None:
        return getattr(self, f"_apply_{key}", None)

    def _get_image(self, input: Any) -> np.ndarray:
        entries = input if isinstance(input, tuple) else (input,)
        if "image" not in self.order:
            raise ArgumentError(f"[{self!r}] needs an 'image' in its order; got {self.order!r}")
        return entries[self.order.index("image")]

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"[{self!r}] does not handle images")

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"[{self!r}] does not handle coords")

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"[{self!r}] does not handle masks")

    def _apply_boxes(self, boxes: np.ndarray) -> np.ndarray:
        # All four corners are moved: what is a box afterwards is the box around them.
        corners = np.asarray(boxes).reshape(-1, 4)[:, [0, 1, 2, 1, 0, 3, 2, 3]]
        moved = self._apply_coords(corners.reshape(-1, 2)).reshape(-1, 4, 2)
        return np.concatenate((moved.min(axis=1), moved.max(axis=1)), axis=1)

    def _apply_keypoints(self, keypoints: np.ndarray) -> np.ndarray:
        points, visibility = keypoints[..., :2], keypoints[..., 2:]
        moved = self._apply_coords(points.reshape(-1, 2)).reshape(points.shape)
        return np.concatenate((moved, visibility), axis=-1)

    def _apply_polygons(self, polygons: Any) -> list[list[np.ndarray]]:
        return [[self._apply_coords(part) for part in instance] for instance in polygons]


class ImageOnly(VisionTransform):
    """Base class of transforms that change values, not places: the rest passes through."""

    def _apply_coords(self, coords: np.ndarray) -> np.ndarray:
        return coords

    def _apply_mask(self, mask: np.ndarray) -> np.ndarray:
        return mask


def moved_by(coords: Any, x: float, y: float) -> np.ndarray:
    """A copy of the points `coords` (N, 2), moved by (x, y), of the same dtype."""
    output = np.array(coords)
    output[:, 0] += x
    output[:, 1] += y
    return output


def scaled_by(coords: Any, x: float, y: float) -> np.ndarray:
    """A copy of the points `coords` (N, 2), stretched by x and y, of the same dtype."""
    output = np.array(coords)
    output[:, 0] = output[:, 0] * x
    output[:, 1] = output[:, 1] * y
    return output
