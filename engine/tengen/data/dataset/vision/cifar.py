"""CIFAR-10 and CIFAR-100."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....base.errors import FileFormatError
from ...exceptions import DatasetNotFoundError
from ..archive import extract_tar
from ..download import check_md5, download
from ..local import default_root
from ..plain_pickle import load_plain_pickle
from .meta_vision import VisionDataset

logger = logging.getLogger(__name__)


class CIFAR10(VisionDataset):
    """Photographs of ten kinds of things, 32 x 32: 50,000 to train with, 10,000 to test.

    Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. A sample is the
    image (32, 32, 3), uint8, BGR, and the label, int32.

    Args:
        root: the folder that holds the archive or the folder it unpacks to; by default the one
            for downloads.
        train: the training set or the test set.
        download: fetch the archive into `root` if it is not there.
        timeout: seconds that the server may be silent.

    Raises DatasetNotFoundError without the files and `download`; DownloadError; FileFormatError
    for damaged files and for pickles that hold more than data.
    """

    url_path = "https://www.cs.toronto.edu/~kriz/"
    raw_file_name = "cifar-10-python.tar.gz"
    raw_file_md5 = "c58f30108f718f92721af3b95e74349a"
    raw_file_dir = "cifar-10-batches-py"
    train_batch: tuple[str, ...] = tuple(f"data_batch_{i}" for i in range(1, 6))
    test_batch: tuple[str, ...] = ("test_batch",)
    meta_info = {"name": "batches.meta"}
    label_keys: tuple[bytes, ...] = (b"labels",)

    def __init__(
        self,
        root: str | None = None,
        train: bool = True,
        download: bool = True,
        timeout: int = 500,
    ) -> None:
        super().__init__(root, order=("image", "image_category"))
        self.timeout = timeout
        if self.root is None:
            self.root = str(default_root(type(self).__name__))
        self.target_file = str(Path(self.root) / self.raw_file_dir)
        batches = self.train_batch if train else self.test_batch
        if not all((Path(self.target_file) / name).is_file() for name in batches):
            archive = Path(self.root) / self.raw_file_name
            if not download and not archive.is_file():
                raise DatasetNotFoundError(
                    f"[{type(self).__name__}] found neither {self.target_file} nor {archive}; "
                    f"give the folder that holds one of them as root, or use download=True"
                )
            self.download()
        self.arrays = self.bytes2array(batches)

    def __getitem__(self, index: Any) -> tuple:
        return tuple(array[index] for array in self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])

    @property
    def meta(self) -> dict[bytes, Any]:
        """What the data set says about itself, the names of its classes among it."""
        return load_plain_pickle(Path(self.target_file) / self.meta_info["name"])

    def download(self) -> None:
        """Fetch the archive into `root` unless it is there, check it and unpack it."""
        archive = Path(self.root) / self.raw_file_name
        if archive.is_file():
            check_md5(archive, self.raw_file_md5)
        else:
            url = self.url_path + self.raw_file_name
            download([url], archive, self.raw_file_md5, self.timeout)
        self.process()

    def untar(self, file_path: str, dirs: str) -> None:
        """Unpack the archive `file_path` into the folder `dirs`."""
        if not str(file_path).endswith(".tar.gz"):
            raise FileFormatError(f"[untar] expected a .tar.gz file; got {file_path}")
        logger.debug("unpacking %s to %s", file_path, dirs)
        extract_tar(Path(file_path), Path(dirs))

    def bytes2array(self, filenames: Sequence[str]) -> tuple[np.ndarray, ...]:
        """Images (N, 32, 32, 3), uint8, BGR, and int32 labels, of the named batch files."""
        images = []
        labels: list[list[int]] = [[] for _ in self.label_keys]
        for name in filenames:
            path = Path(self.target_file) / name
            batch = load_plain_pickle(path)
            try:
                rgb = batch[b"data"].reshape(-1, 3, 32, 32)
                for collected, key in zip(labels, self.label_keys, strict=True):
                    collected.extend(batch[key])
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                raise FileFormatError(
                    f"[{type(self).__name__}] {path} is no batch of this data set: {error!r}"
                ) from error
            images.append(rgb[:, ::-1].transpose(0, 2, 3, 1))
        data = np.ascontiguousarray(np.concatenate(images))
        return (data, *(np.array(values, dtype=np.int32) for values in labels))

    def process(self) -> None:
        """Unpack the archive in `root`."""
        self.untar(str(Path(self.root) / self.raw_file_name), self.root)


class CIFAR100(CIFAR10):
    """Photographs of a hundred kinds of things in twenty groups, otherwise as CIFAR10.

    A sample is the image, the label of its kind and the label of its group.
    """

    raw_file_name = "cifar-100-python.tar.gz"
    raw_file_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    raw_file_dir = "cifar-100-python"
    train_batch = ("train",)
    test_batch = ("test",)
    meta_info = {"name": "meta"}
    label_keys = (b"fine_labels", b"coarse_labels")
