"""ImageFolder, and ImageNet from folders and from small archives."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tengen.base.errors import FileFormatError
from tengen.data.dataset import (
    ImageFolder,
    ImageNet,
)
from tengen.data.exceptions import DatasetNotFoundError, DownloadError
from tests.engine.api.signatures import check_signature

from .small_files import md5, png, tar_of, write_image

COVERS = (
    "tengen.data.dataset.ImageFolder",
    "tengen.data.dataset.ImageFolder.collect_class",
    "tengen.data.dataset.ImageFolder.collect_samples",
    "tengen.data.dataset.ImageNet",
    "tengen.data.dataset.ImageNet.check_raw_file",
    "tengen.data.dataset.ImageNet.meta",
    "tengen.data.dataset.ImageNet.valid_ground_truth",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def test_image_folder(tmp_path):
    for name, value in (("b/1.png", 10), ("a/2.PNG", 20), ("a/deep/1.png", 30), ("b/x.txt", 0)):
        if name.endswith("txt"):
            (tmp_path / name).write_text("x")
        else:
            write_image(tmp_path / name, value=value)
    (tmp_path / "empty").mkdir()
    data = ImageFolder(str(tmp_path))
    assert data.collect_class() == {"a": 0, "b": 1, "empty": 2}
    assert [(Path(p).name, int(c)) for p, c in data.samples] == [
        ("2.PNG", 0),
        ("1.png", 0),
        ("1.png", 1),
    ]
    assert data.samples == data.collect_samples()
    assert [int(image[0, 0, 0]) for image, _ in data] == [20, 30, 10]
    assert data[0][1].dtype == np.int32
    named = ImageFolder(
        str(tmp_path), check_valid_func=lambda p: p.endswith("1.png"), class_name=True
    )
    assert [label for _, label in named] == ["a", "b"]
    with pytest.raises(DatasetNotFoundError, match="does not exist"):
        ImageFolder(str(tmp_path / "nothing"))
    (tmp_path / "b" / "1.png").write_bytes(b"no image")
    with pytest.raises(FileFormatError, match="damaged, or no image"):
        data[2]
    (tmp_path / "b" / "1.png").unlink()
    with pytest.raises(DatasetNotFoundError, match=r"1\.png does not exist"):
        data[2]


def imagenet_root(root):
    """The three archives in small, and the class that knows their checksums."""
    scipy_io = pytest.importorskip("scipy.io")
    inner = []
    for wnid in ("n01", "n02"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for i in range(2):
                info = tarfile.TarInfo(f"{wnid}_{i}.png")
                info.size = len(png(i))
                tar.addfile(info, io.BytesIO(png(i)))
        inner.append((f"{wnid}.tar", buffer.getvalue()))
    tar_of(root / "ILSVRC2012_img_train.tar", inner, "w")
    tar_of(
        root / "ILSVRC2012_img_val.tar",
        [(f"ILSVRC2012_val_{i:08}.png", png(10 + i)) for i in (2, 1, 3)],
        "w",
    )
    kinds = [
        ("ILSVRC2012_ID", "i4"),
        ("WNID", "O"),
        ("words", "O"),
        ("gloss", "O"),
        ("num_children", "i4"),
    ]
    synsets = np.array(
        [
            (1, "n01", "cat, feline", "-", 0),
            (2, "n02", "dog", "-", 0),
            (3, "n03", "animal", "-", 2),
        ],
        dtype=kinds,
    )
    mat = io.BytesIO()
    scipy_io.savemat(mat, {"synsets": synsets})
    top = "ILSVRC2012_devkit_t12/data"
    tar_of(
        root / "ILSVRC2012_devkit_t12.tar.gz",
        [
            (f"{top}/meta.mat", mat.getvalue()),
            (f"{top}/ILSVRC2012_validation_ground_truth.txt", b"2\n1\n2\n"),
        ],
    )

    class Small(ImageNet):
        raw_file_meta = {
            kind: (name, md5((root / name).read_bytes()))
            for kind, (name, _) in ImageNet.raw_file_meta.items()
        }

    return Small


def test_imagenet_from_archives(tmp_path):
    small = imagenet_root(tmp_path)
    data = small(str(tmp_path))
    assert data.check_raw_file()
    assert [(Path(p).name, int(c)) for p, c in data.samples] == [
        ("n01_0.png", 0), ("n01_1.png", 0), ("n02_0.png", 1), ("n02_1.png", 1),
    ]  # fmt: skip
    assert data[1][0].shape == (4, 5, 3)
    assert data.valid_ground_truth == [2, 1, 2]
    ids, words = data.meta
    assert ids == {1: "n01", 2: "n02"}
    assert words == {"n01": ("cat", "feline"), "n02": ("dog",)}
    assert data.meta == (ids, words)  # from the kept copy
    val = small(str(tmp_path), train=False, class_name=True)
    assert [(int(image[0, 0, 0]), label) for image, label in val] == [
        (12, "n01"), (11, "n02"), (13, "n02"),
    ]  # fmt: skip
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_imagenet_from_folders_needs_no_archives(tmp_path):
    write_image(tmp_path / "train" / "n01" / "x.jpg")
    data = ImageNet(str(tmp_path))
    assert len(data) == 1
    assert not data.check_raw_file()
    with pytest.raises(DatasetNotFoundError, match=r"devkit_t12\.tar\.gz does not exist"):
        _ = data.meta
    with pytest.raises(DatasetNotFoundError, match="found neither the folder"):
        ImageNet(str(tmp_path), train=False)
    with pytest.raises(DatasetNotFoundError, match="does not exist"):
        ImageNet(str(tmp_path / "nothing"))


def test_imagenet_with_a_damaged_archive(tmp_path):
    small = imagenet_root(tmp_path)
    path = tmp_path / "ILSVRC2012_img_train.tar"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DownloadError, match="fails its checksum"):
        small(str(tmp_path))
    assert not (tmp_path / "train").exists()
