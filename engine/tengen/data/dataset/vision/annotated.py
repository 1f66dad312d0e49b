"""What the data sets with one JSON file of annotations in COCO's form share."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....base.errors import FileFormatError
from ..image_file import read_color
from ..local import need_file
from .meta_vision import VisionDataset

# Of an image's entry only these are kept: there are hundreds of thousands of entries.
_IMAGE_FIELDS = ("id", "file_name", "height", "width")


class AnnotatedDataset(VisionDataset):
    """Images below `root` with the objects in them listed in `ann_file`.

    Entries of a sample, by `order`: "image" (H, W, 3) BGR; "boxes" (N, 4) float32, corners;
    "boxes_category" (N,) int32, from 1 on by the order of the file's category ids; "keypoints"
    (N, K, 3) float32; "polygons", for each object a list of (M, 2) float32; "info", a list of
    height, width and file name.

    Args:
        root: the folder of the images.
        ann_file: the JSON file.
        remove_images_without_annotations: leave out images without a usable object, and the
            crowd and empty boxes of the others.
        order: the entries of a sample; ("image",) by default.
    """

    supported_order: tuple[str, ...] = ()
    keypoint_names: tuple[str, ...] = ()

    def __init__(
        self,
        root: str,
        ann_file: str,
        remove_images_without_annotations: bool = False,
        *,
        order: Sequence[str] | None = None,
    ) -> None:
        super().__init__(root, order=order, supported_order=self.supported_order)
        content = _read(Path(ann_file).expanduser(), type(self).__name__)
        self.imgs: dict[int, dict[str, Any]] = {
            image["id"]: {key: image[key] for key in _IMAGE_FIELDS if key in image}
            for image in content["images"]
        }
        self.img_to_anns: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for annotation in content["annotations"]:
            self.img_to_anns[annotation["image_id"]].append(annotation)
        self.cats = {category["id"]: category for category in content["categories"]}
        if remove_images_without_annotations:
            self._remove_empty()
        self._drop_unused()
        self.ids = sorted(self.imgs)
        self.json_category_id_to_contiguous_id = {
            number: i + 1 for i, number in enumerate(sorted(self.cats))
        }
        self.contiguous_category_id_to_json_id = {
            i: number for number, i in self.json_category_id_to_contiguous_id.items()
        }

    def __getitem__(self, index: int) -> tuple:
        return tuple(self._entry(name, self.ids[index]) for name in self.order)

    def __len__(self) -> int:
        return len(self.ids)

    def get_img_info(self, index: int) -> dict[str, Any]:
        """Id, file name, height and width of an image."""
        return self.imgs[self.ids[index]]

    def usable(self, annotations: list[dict[str, Any]]) -> bool:
        """Whether an image with these objects is worth training with."""
        return len(annotations) > 0

    def _entry(self, name: str, number: int) -> Any:
        image, objects = self.imgs[number], self.img_to_anns.get(number, [])
        if name == "image":
            return read_color(Path(self.root) / image["file_name"])
        if name == "info":
            return [image["height"], image["width"], image["file_name"]]
        if name == "boxes":
            boxes = np.array([o["bbox"] for o in objects], np.float32).reshape(-1, 4)
            boxes[:, 2:] += boxes[:, :2]  # from corner and size to two corners
            return boxes
        if name == "boxes_category":
            numbers = self.json_category_id_to_contiguous_id
            return np.array([numbers[o["category_id"]] for o in objects], np.int32)
        if name == "keypoints":
            values = np.array([o["keypoints"] for o in objects], np.float32)
            return values.reshape(-1, len(self.keypoint_names), 3)
        return [_outline(o["segmentation"]) for o in objects]

    def _remove_empty(self) -> None:
        for number in list(self.imgs):
            kept = [
                o
                for o in self.img_to_anns.get(number, [])
                if not o.get("iscrowd", 0) and o["bbox"][2] > 0 and o["bbox"][3] > 0
            ]
            if self.usable(kept):
                self.img_to_anns[number] = kept
            else:
                del self.imgs[number]
                self.img_to_anns.pop(number, None)

    def _drop_unused(self) -> None:
        """Forget fields that no sample shows, which may be gigabytes."""
        unused = []
        if "boxes" not in self.order:
            unused.append("bbox")
        if "polygons" not in self.order:
            unused.append("segmentation")
        if "keypoints" not in self.order:
            unused.append("keypoints")
        for annotations in self.img_to_anns.values():
            for annotation in annotations:
                for name in unused:
                    annotation.pop(name, None)


def _read(path: Path, name: str) -> dict[str, Any]:
    with open(need_file(path, name), encoding="utf-8") as file:
        try:
            content = json.load(file)
        except ValueError as error:
            raise FileFormatError(f"[{name}] {path} is no JSON file: {error}") from error
    for key in ("images", "annotations", "categories"):
        if not isinstance(content, dict) or key not in content:
            raise FileFormatError(f"[{name}] {path} lists no {key!r}")
    return content


def _outline(segmentation: Any) -> list[np.ndarray]:
    """The polygons of one object; a crowd, which is given as runs of pixels, has none."""
    if not isinstance(segmentation, list):
        return []
    return [np.array(points, np.float32).reshape(-1, 2) for points in segmentation]
