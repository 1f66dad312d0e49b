"""CIFAR-10 and CIFAR-100 from small archives."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tengen.base.errors import FileFormatError
from tengen.data.dataset import (
    CIFAR10,
    CIFAR100,
)
from tengen.data.exceptions import DatasetNotFoundError, DownloadError
from tests.engine.api.signatures import check_signature

from .small_files import md5

COVERS = (
    "tengen.data.dataset.CIFAR10",
    "tengen.data.dataset.CIFAR10.bytes2array",
    "tengen.data.dataset.CIFAR10.download",
    "tengen.data.dataset.CIFAR10.meta",
    "tengen.data.dataset.CIFAR10.process",
    "tengen.data.dataset.CIFAR10.untar",
    "tengen.data.dataset.CIFAR100",
    "tengen.data.dataset.CIFAR100.bytes2array",
    "tengen.data.dataset.CIFAR100.meta",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def cifar_archive(folder, batches, keys):
    members = []
    for name, count in batches.items():
        rng = np.random.RandomState(count)
        batch = {b"data": rng.randint(0, 256, (count, 3072)).astype(np.uint8)}
        for key in keys:
            batch[key] = list(range(count))
        members.append((f"{folder}/{name}", pickle.dumps(batch, protocol=2)))
    meta = {b"label_names": [b"a", b"b"]}
    for name in ("batches.meta", "meta"):
        members.append((f"{folder}/{name}", pickle.dumps(meta, protocol=2)))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def test_cifar10(server, tmp_path):
    batches = {f"data_batch_{i}": 2 for i in range(1, 6)} | {"test_batch": 3}
    content = cifar_archive("cifar-10-batches-py", batches, [b"labels"])
    server.files = {CIFAR10.raw_file_name: content}

    class Small(CIFAR10):
        url_path = f"{server.url}/good/"
        raw_file_md5 = md5(content)

    root = str(tmp_path / "new")
    data = Small(root, timeout=5)
    assert len(data) == 10
    image, label = data[1]
    assert label == 1
    assert label.dtype == np.int32
    rgb = np.random.RandomState(2).randint(0, 256, (2, 3072)).astype(np.uint8)[1]
    np.testing.assert_array_equal(image[..., ::-1], rgb.reshape(3, 32, 32).transpose(1, 2, 0))
    assert image.shape == (32, 32, 3)
    assert data.meta == {b"label_names": [b"a", b"b"]}
    images, labels = data.bytes2array(["test_batch"])
    assert images.shape == (3, 32, 32, 3)
    assert labels.tolist() == [0, 1, 2]
    assert len(Small(root, train=False, download=False)) == 3
    assert len(server.requests) == 1

    folder = Path(root) / "cifar-10-batches-py"
    (folder / "data_batch_3").unlink()
    assert len(Small(root, download=False)) == 10  # unpacked again from the archive
    data.process()
    data.download()
    with pytest.raises(FileFormatError, match=r"expected a \.tar\.gz file"):
        data.untar("x.zip", root)
    (folder / "test_batch").write_bytes(pickle.dumps({b"labels": [1]}))
    with pytest.raises(FileFormatError, match="no batch of this data set"):
        Small(root, train=False)
    (folder / "test_batch").write_bytes(pickle.dumps(Path("x")))
    with pytest.raises(FileFormatError, match="only arrays and plain data"):
        Small(root, train=False)
    (folder / "test_batch").unlink()
    (Path(root) / CIFAR10.raw_file_name).write_bytes(b"damaged")
    with pytest.raises(DownloadError, match="fails its checksum"):
        Small(root, train=False)
    with pytest.raises(DatasetNotFoundError, match="found neither"):
        Small(str(tmp_path / "nothing"), download=False)


def test_cifar100(tmp_path):
    batches = {"train": 5, "test": 2}
    content = cifar_archive("cifar-100-python", batches, [b"fine_labels", b"coarse_labels"])
    (tmp_path / CIFAR100.raw_file_name).write_bytes(content)

    class Small(CIFAR100):
        raw_file_md5 = md5(content)

    data = Small(str(tmp_path), download=False)
    image, fine, coarse = data[3]
    assert (image.shape, int(fine), int(coarse)) == ((32, 32, 3), 3, 3)
    assert len(data.bytes2array(["test"])) == 3
    assert b"label_names" in data.meta
