"""Pascal VOC: objects and their outlines."""

import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....base.errors import ArgumentError, FileFormatError
from ..image_file import read_color, read_gray
from ..local import need_file, need_folder
from .meta_vision import VisionDataset


def _palette(count: int) -> list[list[int]]:
    """The BGR colours of masks: bits of the class number spread over the channels, high first.

    The colour map of the VOC development kit.
    """
    colors = []
    for number in range(count):
        red = green = blue = 0
        for shift in range(8):
            bits = number >> (3 * shift)
            red |= (bits & 1) << (7 - shift)
            green |= (bits >> 1 & 1) << (7 - shift)
            blue |= (bits >> 2 & 1) << (7 - shift)
        colors.append([blue, green, red])
    return colors


class PascalVOC(VisionDataset):
    """Photographs with the objects of twenty classes (Everingham et al., IJCV 2010).

    Entries of a sample, by `order`: "image" (H, W, 3) BGR; "boxes" (N, 4) float32, corners;
    "boxes_category" (N,) int32, from 1 on; "mask" (H, W, 1) uint8 with 0 for the background and
    255 for the void; "info", a list of height, width and name. Boxes and masks have different
    lists of images and cannot be had together.

    Args:
        root: the folder that holds `JPEGImages`, such as `VOCdevkit/VOC2012`.
        image_set: the name of a list in `ImageSets`, such as "train"; with "aug" in it masks are
            read from `SegmentationClass_aug`.
        order: the entries of a sample; ("image",) by default.
    """

    supported_order = ("image", "boxes", "boxes_category", "mask", "info")
    class_names = (
        "aeroplane",
        "bicycle",
        "bird",
        "boat",
        "bottle",
        "bus",
        "car",
        "cat",
        "chair",
        "cow",
        "diningtable",
        "dog",
        "horse",
        "motorbike",
        "person",
        "pottedplant",
        "sheep",
        "sofa",
        "train",
        "tvmonitor",
    )
    class_colors = _palette(1 + len(class_names))

    def __init__(self, root: str, image_set: str, *, order: Sequence[str] | None = None) -> None:
        super().__init__(root, order=order, supported_order=self.supported_order)
        if "mask" in self.order and {"boxes", "boxes_category"} & set(self.order):
            raise ArgumentError(
                "[PascalVOC] only supports boxes & boxes_category or mask, not both"
            )
        base = need_folder(Path(self.root), "PascalVOC")
        self.image_set = image_set.rstrip("\n")
        kind = "Segmentation" if "mask" in self.order else "Main"
        listing = need_file(base / "ImageSets" / kind / f"{self.image_set}.txt", "PascalVOC")
        self.file_names = listing.read_text().split()
        self.images = [str(base / "JPEGImages" / f"{name}.jpg") for name in self.file_names]
        if kind == "Segmentation":
            masks = "SegmentationClass_aug" if "aug" in image_set else "SegmentationClass"
            self.masks = [str(base / masks / f"{name}.png") for name in self.file_names]
        else:
            folder = base / "Annotations"
            self.annotations = [str(folder / f"{name}.xml") for name in self.file_names]
        self.img_infos: dict[int, dict[str, Any]] = {}

    def __getitem__(self, index: int) -> tuple:
        image = read_color(self.images[index]) if "image" in self.order else None
        objects = None
        if {"boxes", "boxes_category"} & set(self.order):
            objects = self._objects(index)
        return tuple(self._entry(name, index, image, objects) for name in self.order)

    def __len__(self) -> int:
        return len(self.images)

    def get_img_info(self, index: int, image: np.ndarray | None = None) -> dict[str, Any]:
        """Height, width and name of an image, which is read unless it is given."""
        if index not in self.img_infos:
            pixels = read_color(self.images[index]) if image is None else image
            self.img_infos[index] = {
                "height": pixels.shape[0],
                "width": pixels.shape[1],
                "file_name": self.file_names[index],
            }
        return self.img_infos[index]

    def parse_voc_xml(self, node: ElementTree.Element) -> dict[str, Any]:
        """An annotation as nested dicts; the objects of one are a list in any case."""
        children = list(node)
        if not children:
            return {node.tag: (node.text or "").strip()}
        collected: dict[str, list[Any]] = defaultdict(list)
        for child in children:
            for key, value in self.parse_voc_xml(child).items():
                collected[key].append(value)
        merged: dict[str, Any] = {
            key: values[0] if len(values) == 1 else values for key, values in collected.items()
        }
        if node.tag == "annotation":
            merged["object"] = collected.get("object", [])
        return {node.tag: merged}

    def _entry(self, name: str, index: int, image: Any, objects: Any) -> Any:
        if name == "image":
            return image
        if name == "boxes":
            sides = ("xmin", "ymin", "xmax", "ymax")
            corners = [[float(o["bndbox"][side]) for side in sides] for o in objects]
            return np.array(corners, np.float32).reshape(-1, 4)
        if name == "boxes_category":
            return np.array([self._class_number(o["name"], index) for o in objects], np.int32)
        if name == "mask":
            return self._mask(index)[:, :, None]
        info = self.get_img_info(index, image)
        return [info["height"], info["width"], info["file_name"]]

    def _objects(self, index: int) -> list[dict[str, Any]]:
        path = need_file(Path(self.annotations[index]), "PascalVOC")
        try:
            return self.parse_voc_xml(ElementTree.parse(path).getroot())["annotation"]["object"]
        except (ElementTree.ParseError, KeyError, TypeError) as error:
            raise FileFormatError(f"[PascalVOC] {path} is no annotation: {error!r}") from error

    def _class_number(self, name: str, index: int) -> int:
        if name not in self.class_names:
            raise FileFormatError(
                f"[PascalVOC] {self.annotations[index]}: no class {name!r} in this data set"
            )
        return self.class_names.index(name) + 1

    def _mask(self, index: int) -> np.ndarray:
        if "aug" in self.image_set:
            return read_gray(self.masks[index])
        return self._trans_mask(read_color(self.masks[index]))

    def _trans_mask(self, mask: np.ndarray) -> np.ndarray:
        label = np.full(mask.shape[:2], 255, np.uint8)
        for number, color in enumerate(self.class_colors):
            label[(mask == color).all(axis=2)] = number
        return label
