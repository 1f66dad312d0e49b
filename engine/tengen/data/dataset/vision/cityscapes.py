"""Cityscapes: street scenes with a class for every pixel."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....base.errors import ArgumentError
from ..image_file import is_image_name, read_color, read_gray
from ..local import need_folder
from .meta_vision import VisionDataset

# Label ids of the 19 classes that are trained and scored; all others become 255.
_TRAINED = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_SETS = {"gtFine": ("train", "test", "val"), "gtCoarse": ("train", "train_extra", "val")}


class Cityscapes(VisionDataset):
    """Street scenes of fifty cities (Cordts et al., CVPR 2016).

    Entries of a sample, by `order`: "image" (H, W, 3) BGR; "mask" (H, W, 1) uint8 with classes
    0-18 and 255 for what is not scored; "info", a list of height, width and path.

    Args:
        root: the folder that holds `leftImg8bit` and `mode`.
        image_set: "train", "val", "test" (gtFine only) or "train_extra" (gtCoarse only).
        mode: "gtFine" or "gtCoarse".
        order: the entries of a sample; ("image",) by default.
    """

    supported_order = ("image", "mask", "info")
    class_names = (
        "road",
        "sidewalk",
        "building",
        "wall",
        "fence",
        "pole",
        "traffic light",
        "traffic sign",
        "vegetation",
        "terrain",
        "sky",
        "person",
        "rider",
        "car",
        "truck",
        "bus",
        "train",
        "motorcycle",
        "bicycle",
    )

    def __init__(
        self, root: str, image_set: str, mode: str, *, order: Sequence[str] | None = None
    ) -> None:
        super().__init__(root, order=order, supported_order=self.supported_order)
        if image_set not in _SETS.get(mode, ()):
            known = "; ".join(f"{kind}: {', '.join(sets)}" for kind, sets in _SETS.items())
            raise ArgumentError(
                f"[Cityscapes] no image_set {image_set!r} of mode {mode!r}; there are {known}"
            )
        base = need_folder(Path(self.root), "Cityscapes")
        self.mode = mode
        self.images_dir = str(need_folder(base / "leftImg8bit" / image_set, "Cityscapes"))
        self.masks_dir = str(base / mode / image_set)
        self.images: list[str] = []
        self.masks: list[str] = []
        for image in sorted(Path(self.images_dir).glob("*/*")):
            if is_image_name(image.name):
                stem = image.name.split("_leftImg8bit")[0]
                mask = Path(self.masks_dir) / image.parent.name / f"{stem}_{mode}_labelIds.png"
                self.images.append(str(image))
                self.masks.append(str(mask))

    def __getitem__(self, index: int) -> tuple:
        image = read_color(self.images[index]) if {"image", "info"} & set(self.order) else None
        entries: list[Any] = []
        for name in self.order:
            if name == "image":
                entries.append(image)
            elif name == "mask":
                entries.append(self._trans_mask(read_gray(self.masks[index]))[:, :, None])
            else:
                assert image is not None
                entries.append([image.shape[0], image.shape[1], self.images[index]])
        return tuple(entries)

    def __len__(self) -> int:
        return len(self.images)

    def _trans_mask(self, mask: np.ndarray) -> np.ndarray:
        table = np.full(256, 255, np.uint8)
        table[list(_TRAINED)] = np.arange(len(_TRAINED))
        return table[mask]
