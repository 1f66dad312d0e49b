"""Images in one folder for each class."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..image_file import is_image_name, read_color
from ..local import need_folder
from .meta_vision import VisionDataset


class ImageFolder(VisionDataset):
    """Images in `root/<class>/.../<name>.<extension>`; labels number the classes by name.

    A sample is the image (H, W, 3), uint8, BGR, and the label, int32.

    Args:
        root: the folder of the class folders.
        check_valid_func: says of a path whether it is an image; by its extension by default.
        class_name: give the class's name instead of its number.
    """

    def __init__(
        self,
        root: str,
        check_valid_func: Callable[[str], bool] | None = None,
        class_name: bool = False,
    ) -> None:
        super().__init__(root, order=("image", "image_category"))
        need_folder(Path(self.root), type(self).__name__)
        self.check_valid = is_image_name if check_valid_func is None else check_valid_func
        self.class_name = class_name
        self.class_dict = self.collect_class()
        self.samples = self.collect_samples()

    def collect_samples(self) -> list[tuple[str, Any]]:
        """Path and label of every image, sorted by class and path."""
        samples = []
        for name in sorted(self.class_dict):
            label = name if self.class_name else self.class_dict[name]
            top = os.path.join(self.root, name)
            for folder, _, files in sorted(os.walk(top, followlinks=True)):
                for file in sorted(files):
                    path = os.path.join(folder, file)
                    if self.check_valid(path):
                        samples.append((path, label))
        return samples

    def collect_class(self) -> dict[str, np.int32]:
        """The number of each class: the folders in `root`, sorted."""
        names = sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir())
        return {name: np.int32(i) for i, name in enumerate(names)}

    def __getitem__(self, index: int) -> tuple[np.ndarray, Any]:
        path, label = self.samples[index]
        return read_color(path), label

    def __len__(self) -> int:
        return len(self.samples)
