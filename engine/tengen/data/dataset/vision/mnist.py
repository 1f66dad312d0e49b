"""MNIST, and what all data sets in its file format share."""

import gzip
import logging
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ....base.errors import FileFormatError
from ...exceptions import DatasetNotFoundError
from ..download import download
from ..local import default_root, find_file, first_with
from .meta_vision import VisionDataset

logger = logging.getLogger(__name__)


class MNIST(VisionDataset):
    """Handwritten digits: 60,000 images of 28 x 28 to train with, 10,000 to test.

    A sample is the image (28, 28, 1), uint8, and the label, int32.

    Args:
        root: the folder with the four files, packed or not; files in `raw` or `MNIST/raw` below
            are found too. By default the folder of downloads, after `system_folders`.
        train: the training set or the test set.
        download: fetch the files into `root` if they are not there.
        timeout: seconds that the server may be silent.

    Raises DatasetNotFoundError, which lists the folders looked into, without the files and
    `download`; DownloadError; FileFormatError for files of another kind.
    """

    url_path = "https://ossci-datasets.s3.amazonaws.com/mnist/"
    mirrors: tuple[str, ...] = ("https://storage.googleapis.com/cvdf-datasets/mnist/",)
    raw_file_name = (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    )
    raw_file_md5 = (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    )
    system_folders: tuple[str, ...] = ("/usr/share/datasets/mnist",)

    def __init__(
        self,
        root: str | None = None,
        train: bool = True,
        download: bool = True,
        timeout: int = 500,
    ) -> None:
        super().__init__(root, order=("image", "image_category"))
        self.timeout = timeout
        names = self._names(train)
        folders = self._folders()
        self.root = str(folders[0])
        found = first_with(folders, names)
        if found is not None:
            self._folder = found
        elif download:
            self.download()
        else:
            places = "\n".join(f"  {folder}" for folder in folders)
            raise DatasetNotFoundError(
                f"[{type(self).__name__}] the files {', '.join(names)} are in none of\n{places}\n"
                f"Give their folder as root, or use download=True"
            )
        self.process(train)

    def __getitem__(self, index: Any) -> tuple:
        return tuple(array[index] for array in self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])

    @property
    def meta(self) -> dict[str, dict[str, int]]:
        """The headers of the two files: magic number, count, height and width."""
        return self._meta_data

    def download(self) -> None:
        """Fetch the four files into `root`; those that are there stay."""
        self._folder = Path(self.root)
        for name, md5 in zip(self.raw_file_name, self.raw_file_md5, strict=True):
            if find_file(self._folder, name) is None:
                urls = [base + name for base in (self.url_path, *self.mirrors)]
                download(urls, self._folder / name, md5, self.timeout)

    def process(self, train: bool) -> None:
        """Read the training or test files into `arrays`: images (N, 28, 28, 1) and labels."""
        image_name, label_name = self._names(train)
        image_meta, images = read_idx(_existing(self._folder, image_name))
        label_meta, labels = read_idx(_existing(self._folder, label_name))
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels):
            raise FileFormatError(
                f"[{type(self).__name__}] expected images (N, H, W) and N labels in "
                f"{self._folder}; found {images.shape} and {labels.shape}"
            )
        self._meta_data = {"images": image_meta, "labels": label_meta}
        self.arrays = (images[..., None], labels.astype(np.int32))

    def _names(self, train: bool) -> tuple[str, str]:
        names = self.raw_file_name[:2] if train else self.raw_file_name[2:]
        return names[0], names[1]

    def _folders(self) -> list[Path]:
        """Where to look; the first is where downloads go."""
        name = type(self).__name__
        if self.root is not None:
            root = Path(self.root)
            return [root, root / "raw", root / name / "raw"]
        return [default_root(name), *map(Path, self.system_folders)]


def read_idx(path: Path) -> tuple[dict[str, int], np.ndarray]:
    """The header and the uint8 array of a file in the IDX format, packed by gzip or not.

    Format: http://yann.lecun.com/exdb/mnist/. Raises FileFormatError for anything else.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"[read_idx] {path} is damaged: {error}") from error
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise FileFormatError(f"[read_idx] {path} is no IDX file of bytes")
    axes = data[3]
    head = 4 + 4 * axes
    if axes == 0 or len(data) < head:
        raise FileFormatError(f"[read_idx] {path} is cut off in its header")
    shape = struct.unpack_from(f">{axes}I", data, 4)
    expected = int(np.prod(shape, dtype=object))
    if len(data) - head != expected:
        raise FileFormatError(
            f"[read_idx] {path} should hold {expected} bytes for shape {shape}; it holds "
            f"{len(data) - head}"
        )
    meta = {"magic": struct.unpack_from(">I", data)[0], "imgs": shape[0]}
    if axes == 3:
        meta |= {"height": shape[1], "width": shape[2]}
    # A copy, so that samples can be written to.
    return meta, np.frombuffer(data, np.uint8, offset=head).reshape(shape).copy()


def _existing(folder: Path, name: str) -> Path:
    path = find_file(folder, name)
    if path is None:
        raise DatasetNotFoundError(f"[MNIST] the file {folder / name} does not exist")
    return path
