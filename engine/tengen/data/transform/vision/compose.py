"""Putting transforms one after the other."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....base.errors import ArgumentError, StateError
from ...randomness import current
from .transform import ImageOnly, VisionTransform


class Compose(VisionTransform):
    """Several transforms one after the other.

    Args:
        transforms: the transforms; their `order` becomes this one's.
        batch_compose: give each transform the whole batch at once, by its `apply_batch`.
        shuffle_indices: groups of places, counted from 1, whose transforms change places among
            themselves at random for each sample: `[(1, 3)]` swaps the first and third.
        order: see `VisionTransform`.
    """

    def __init__(
        self,
        transforms: list[VisionTransform] = [],  # noqa: B006  (never changed)
        batch_compose: bool = False,
        shuffle_indices: list[tuple] | None = None,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(order)
        if batch_compose and shuffle_indices is not None:
            raise ArgumentError("[Compose] shuffle_indices has no meaning with batch_compose")
        self.transforms = list(transforms)
        self.batch_compose = batch_compose
        self.shuffle_indices = None
        if shuffle_indices is not None:
            self.shuffle_indices = [tuple(i - 1 for i in group) for group in shuffle_indices]
            self._check_groups()
        self._set_order()

    def apply_batch(self, inputs: Sequence[tuple]) -> Any:
        """A tuple of the transformed samples of a batch."""
        if not self.batch_compose:
            return super().apply_batch(inputs)
        for transform in self.transforms:
            inputs = transform.apply_batch(inputs)
        return inputs

    def apply(self, input: tuple) -> Any:
        """One sample after all transforms."""
        for transform in self._shuffle():
            input = transform.apply(input)
        return input

    def __repr__(self) -> str:
        inner = ", ".join(map(repr, getattr(self, "transforms", ())))
        return f"{type(self).__name__}([{inner}])"

    def _set_order(self) -> None:
        for transform in self.transforms:
            transform.order = self.order
            if isinstance(transform, Compose):
                transform._set_order()

    def _check_groups(self) -> None:
        assert self.shuffle_indices is not None
        for group in self.shuffle_indices:
            if not all(0 <= i < len(self.transforms) for i in group):
                raise ArgumentError(
                    f"[Compose] shuffle_indices count the {len(self.transforms)} transforms "
                    f"from 1; got {tuple(i + 1 for i in group)}"
                )

    def _shuffle(self) -> list[VisionTransform]:
        if self.shuffle_indices is None:
            return self.transforms
        places = list(range(len(self.transforms)))
        for group in self.shuffle_indices:
            for place, chosen in zip(group, current().permutation(group), strict=True):
                places[place] = int(chosen)
        return [self.transforms[i] for i in places]


class TorchTransformCompose(ImageOnly):
    """Transforms of torchvision, which take RGB images of PIL, on BGR images.

    Args:
        transforms: callables from a PIL image to a PIL image or to an array.
        order: see `VisionTransform`; boxes, points and masks are left alone.
    """

    def __init__(self, transforms: Sequence[Any], *, order: Sequence[str] | None = None) -> None:
        super().__init__(order)
        self.transforms = transforms

    def _apply_image(self, image: np.ndarray) -> np.ndarray:
        pil = _pil_image()
        channels_first = image.shape[2] not in (1, 3) and image.shape[0] in (1, 3)
        if channels_first:
            image = np.moveaxis(image, 0, 2)
        rgb = np.ascontiguousarray(image[:, :, ::-1].astype(np.uint8))
        result = pil.fromarray(rgb[:, :, 0] if rgb.shape[2] == 1 else rgb)
        for transform in self.transforms:
            result = transform(result)
        if isinstance(result, pil.Image):
            output = np.array(result, dtype=np.uint8)
            output = output[:, :, None] if output.ndim == 2 else output
            return np.ascontiguousarray(output[:, :, ::-1])
        output = np.asarray(result)  # a tensor, channels first
        axis = 0 if output.shape[0] in (1, 3) else 2
        return np.ascontiguousarray(np.flip(output, axis))


def _pil_image() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise StateError(
            f"[TorchTransformCompose] needs Pillow: pip install pillow ({error})"
        ) from error
    return Image
