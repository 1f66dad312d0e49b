"""MNIST and Fashion-MNIST: downloaded, from folders, and damaged."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from tengen.base.config import config
from tengen.base.errors import FileFormatError
from tengen.data.dataset import (
    MNIST,
    FashionMNIST,
)
from tengen.data.dataset.local import default_root
from tengen.data.exceptions import DatasetNotFoundError
from tests.engine.api.signatures import check_signature

from .small_files import md5

COVERS = (
    "tengen.data.dataset.MNIST",
    "tengen.data.dataset.MNIST.download",
    "tengen.data.dataset.MNIST.meta",
    "tengen.data.dataset.MNIST.process",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def mnist_files():
    rng = np.random.RandomState(0)
    files = {}
    for kind, count in (("train", 6), ("t10k", 3)):
        images = rng.randint(0, 256, (count, 28, 28)).astype(np.uint8)
        labels = np.arange(count, dtype=np.uint8)
        files[f"{kind}-images-idx3-ubyte.gz"] = gzip.compress(idx(images), mtime=0)
        files[f"{kind}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels), mtime=0)
    return files


def test_mnist_is_downloaded_once(server, tmp_path):
    files = mnist_files()
    server.files = files

    class Small(MNIST):
        url_path = f"{server.url}/good/nowhere/"
        mirrors = (f"{server.url}/good/",)
        raw_file_md5 = tuple(md5(files[name]) for name in MNIST.raw_file_name)

    with config.override(data_dir=str(tmp_path)):
        data = Small(timeout=5)
        assert len(data) == 6
        image, label = data[4]
        assert image.shape == (28, 28, 1)
        assert image.dtype == np.uint8
        assert label == 4
        assert label.dtype == np.int32
        raw = gzip.decompress(files["train-images-idx3-ubyte.gz"])[16:]
        assert data.arrays[0].tobytes() == raw
        assert data.meta["images"] == {"magic": 2051, "imgs": 6, "height": 28, "width": 28}
        assert data.meta["labels"] == {"magic": 2049, "imgs": 6}
        asked = len(server.requests)
        assert len(Small(train=False)) == 3
        assert len(Small(root=str(tmp_path / "Small"), download=False)) == 6
        data.process(False)
        assert len(data) == 3
        data.download()
        assert len(server.requests) == asked


@pytest.mark.parametrize("place", ["", "raw", "MNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_mnist_from_a_local_folder(tmp_path, place, packed):
    folder = tmp_path / place
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in mnist_files().items():
        if name.startswith("t10k"):  # the other half is not needed
            path = folder / (name if packed else name.removesuffix(".gz"))
            path.write_bytes(content if packed else gzip.decompress(content))
    data = MNIST(str(tmp_path), train=False, download=False)
    assert data[2][1] == 2
    data.arrays[0][0] = 0  # samples can be written to


def test_mnist_says_where_it_looked(tmp_path):
    with pytest.raises(DatasetNotFoundError) as caught:
        MNIST(str(tmp_path), download=False)
    text = str(caught.value)
    assert f"{tmp_path}\n  {tmp_path / 'raw'}\n" in text
    assert "train-images-idx3-ubyte.gz" in text
    assert "download=True" in text
    assert isinstance(caught.value, (ValueError, FileNotFoundError))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no idx at all", "no IDX file"),
        (b"\0\0\x08\x03\0\0", "cut off in its header"),
        (idx(np.zeros((2, 28, 28), np.uint8))[:-1], "should hold 1568 bytes"),
        (idx(np.zeros((2, 28, 28), np.uint8)), "2 labels|found"),
        (b"\x1f\x8b damaged", "no IDX file"),
    ],
)
def test_damaged_mnist(tmp_path, content, message):
    for name, good in mnist_files().items():
        (tmp_path / name.removesuffix(".gz")).write_bytes(gzip.decompress(good))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(FileFormatError, match=message):
        MNIST(str(tmp_path), download=False)
    (tmp_path / "train-images-idx3-ubyte").unlink()
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b\x08 damaged")
    with pytest.raises(FileFormatError, match="is damaged"):
        MNIST(str(tmp_path), download=False)


def test_fashion_mnist(tmp_path, monkeypatch):
    for name, content in mnist_files().items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(FashionMNIST, "system_folders", (str(tmp_path),))
    with config.override(data_dir=str(tmp_path / "empty")):
        assert len(FashionMNIST(download=False)) == 6
    assert len(FashionMNIST.class_names) == 10


@pytest.mark.skipif(
    not Path("/usr/share/datasets/fashion-mnist").is_dir(), reason="the Debian package is absent"
)
def test_the_real_fashion_mnist(tmp_path):
    with config.override(data_dir=str(tmp_path)):
        test = FashionMNIST(train=False, download=False)
    assert len(test) == 10_000
    assert np.bincount(test.arrays[1]).tolist() == [1000] * 10
    assert FashionMNIST.class_names[test[0][1]] == "Ankle boot"
    assert test.arrays[0].mean() == pytest.approx(73.15, abs=0.01)


def test_default_root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_root("MNIST") == tmp_path / "tengen" / "MNIST"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_root("MNIST") == Path.home() / ".cache" / "tengen" / "MNIST"
    with config.override(data_dir="/data"):
        assert default_root("MNIST") == Path("/data/MNIST")


def test_a_projects_own_data_set_is_found_from_its_folders(tmp_path, monkeypatch):
    folder = tmp_path / "project" / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name, content in mnist_files().items():
        (folder / name).write_bytes(content)
    (tmp_path / "project" / "notebooks").mkdir()
    monkeypatch.setattr(FashionMNIST, "system_folders", ())
    for here in (tmp_path / "project", tmp_path / "project" / "notebooks"):
        monkeypatch.chdir(here)
        assert default_root("FashionMNIST") == folder
        assert len(FashionMNIST(download=False)) == 6
        assert default_root("MNIST") != folder
