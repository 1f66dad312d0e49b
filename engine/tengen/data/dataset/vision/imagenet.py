"""ImageNet (ILSVRC 2012)."""

import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ....base.errors import FileFormatError, StateError
from ...exceptions import DatasetNotFoundError
from ..archive import extract_tar
from ..download import check_md5
from ..local import default_root, need_file, need_folder
from .folder import ImageFolder

logger = logging.getLogger(__name__)


class ImageNet(ImageFolder):
    """The images of the 2012 challenge, from folders or from the published archives.

    `root` holds either the folders `train/<class>/` and `val/<class>/`, or the files
    ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar and ILSVRC2012_devkit_t12.tar.gz, which are
    checked and unpacked on first use (hours for the training set). Nothing is downloaded: the
    data set is given out on registration only.

    Args:
        root: the folder; by default the one for downloads.
        train: the training set or the validation set.
        kwargs: of `ImageFolder`.
    """

    raw_file_meta: dict[str, tuple[str, str]] = {
        "train": ("ILSVRC2012_img_train.tar", "1d675b47d978889d74fa0da5fadfb00e"),
        "val": ("ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622"),
        "devkit": ("ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
    }
    default_train_dir = "train"
    default_val_dir = "val"
    default_devkit_dir = "ILSVRC2012_devkit_t12"

    def __init__(self, root: str | None = None, train: bool = True, **kwargs: Any) -> None:
        base = default_root("ImageNet") if root is None else Path(root).expanduser()
        self.root = str(need_folder(base, "ImageNet"))
        self.train = train
        self.devkit_dir = str(base / self.default_devkit_dir)
        target = base / (self.default_train_dir if train else self.default_val_dir)
        self.target_folder = str(target)
        if not target.is_dir():
            if not self.check_raw_file():
                names = ", ".join(name for name, _ in self.raw_file_meta.values())
                raise DatasetNotFoundError(
                    f"[ImageNet] found neither the folder {target} nor all of {names} in {base}"
                )
            with tempfile.TemporaryDirectory(prefix=".imagenet-", dir=base) as folder:
                unpacked = Path(folder) / "images"
                if train:
                    self._unpack_train(unpacked)
                else:
                    self._unpack_val(unpacked)
                os.replace(unpacked, target)
        super().__init__(self.target_folder, **kwargs)

    @property
    def valid_ground_truth(self) -> list[int]:
        """The class id of each validation image, in the order of their names."""
        self._need_devkit()
        path = Path(self.devkit_dir) / "data" / "ILSVRC2012_validation_ground_truth.txt"
        return [int(line) for line in need_file(path, "ImageNet").read_text().split()]

    @property
    def meta(self) -> tuple[dict[int, str], dict[str, tuple[str, ...]]]:
        """From class ids to WordNet ids, and from these to the words for the class."""
        cached = Path(self.devkit_dir) / "meta.json"
        if not cached.is_file():
            self._need_devkit()
            source = need_file(Path(self.devkit_dir) / "data" / "meta.mat", "ImageNet")
            part = cached.with_suffix(f".{os.getpid()}.part")
            part.write_text(json.dumps(_read_synsets(source)))
            os.replace(part, cached)
        rows = json.loads(cached.read_text())
        ids = {int(number): wnid for number, wnid, _ in rows}
        words = {wnid: tuple(text.split(", ")) for _, wnid, text in rows}
        return ids, words

    def check_raw_file(self) -> bool:
        """Whether the three archives are in `root`."""
        return all((self._base / name).is_file() for name, _ in self.raw_file_meta.values())

    @property
    def _base(self) -> Path:
        return Path(self.devkit_dir).parent

    def _archive(self, kind: str) -> Path:
        name, md5 = self.raw_file_meta[kind]
        path = need_file(self._base / name, "ImageNet")
        logger.info("checking %s", path)
        check_md5(path, md5)
        return path

    def _need_devkit(self) -> None:
        if not Path(self.devkit_dir).is_dir():
            extract_tar(self._archive("devkit"), self._base)

    def _unpack_train(self, target: Path) -> None:
        archive = self._archive("train")
        logger.info("unpacking the training images; this may take hours")
        extract_tar(archive, target)
        for inner in sorted(target.glob("*.tar")):
            extract_tar(inner, target / inner.stem)
            inner.unlink()

    def _unpack_val(self, target: Path) -> None:
        archive = self._archive("val")
        names = self.meta[0]
        classes = [names[number] for number in self.valid_ground_truth]
        logger.info("unpacking the validation images; this may take 10 to 20 minutes")
        extract_tar(archive, target)
        images = sorted(path for path in target.iterdir() if path.is_file())
        if len(images) != len(classes):
            raise FileFormatError(
                f"[ImageNet] {archive} holds {len(images)} images; the devkit names the classes "
                f"of {len(classes)}"
            )
        for wnid, image in zip(classes, images, strict=True):
            (target / wnid).mkdir(exist_ok=True)
            shutil.move(image, target / wnid / image.name)


def _read_synsets(path: Path) -> list[tuple[int, str, str]]:
    """Id, WordNet id and words of each class without subclasses."""
    try:
        import scipy.io
    except ImportError as error:
        raise StateError(
            f"[ImageNet] reading {path} needs SciPy: pip install scipy ({error})"
        ) from error
    synsets = scipy.io.loadmat(path, squeeze_me=True)["synsets"]
    return [
        (int(row["ILSVRC2012_ID"]), str(row["WNID"]), str(row["words"]))
        for row in synsets
        if int(row["num_children"]) == 0
    ]
