"""Data sets read from files: each from a small one written in its format."""

import gzip
import hashlib
import io
import json
import pickle
import struct
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from tengen.base.config import config
from tengen.base.errors import ArgumentError, FileFormatError
from tengen.data.dataset import (
    CIFAR10,
    CIFAR100,
    COCO,
    MNIST,
    Cityscapes,
    FashionMNIST,
    ImageFolder,
    ImageNet,
    Objects365,
    PascalVOC,
)
from tengen.data.dataset.local import default_root
from tengen.data.exceptions import DatasetNotFoundError, DownloadError
from tests.engine.api.signatures import check_signature

from .test_download import server, tar_of  # noqa: F401

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
    "tengen.data.dataset.COCO",
    "tengen.data.dataset.COCO.get_img_info",
    "tengen.data.dataset.Cityscapes",
    "tengen.data.dataset.ImageFolder",
    "tengen.data.dataset.ImageFolder.collect_class",
    "tengen.data.dataset.ImageFolder.collect_samples",
    "tengen.data.dataset.ImageNet",
    "tengen.data.dataset.ImageNet.check_raw_file",
    "tengen.data.dataset.ImageNet.meta",
    "tengen.data.dataset.ImageNet.valid_ground_truth",
    "tengen.data.dataset.MNIST",
    "tengen.data.dataset.MNIST.download",
    "tengen.data.dataset.MNIST.meta",
    "tengen.data.dataset.MNIST.process",
    "tengen.data.dataset.Objects365",
    "tengen.data.dataset.Objects365.get_img_info",
    "tengen.data.dataset.PascalVOC",
    "tengen.data.dataset.PascalVOC.get_img_info",
    "tengen.data.dataset.PascalVOC.parse_voc_xml",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def md5(content):
    return hashlib.md5(content).hexdigest()


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


def test_mnist_is_downloaded_once(server, tmp_path):  # noqa: F811
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


def test_cifar10(server, tmp_path):  # noqa: F811
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


def write_image(path, height=6, width=8, value=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))


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


def png(value):
    return cv2.imencode(".png", np.full((4, 5, 3), value, np.uint8))[1].tobytes()


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
        raw_file_meta = {  # noqa: RUF012
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


def annotations(tmp_path):
    for number in (3, 1, 2):
        write_image(tmp_path / "images" / f"{number}.png", value=number)
    people = {"keypoints": [1, 2, 2] * 12 + [0, 0, 0] * 5}
    content = {
        "images": [
            {"id": n, "file_name": f"{n}.png", "height": 6, "width": 8, "license": 4}
            for n in (3, 1, 2)
        ],
        "annotations": [
            {"image_id": 1, "category_id": 18, "bbox": [1, 2, 3, 4], "iscrowd": 0,
             "segmentation": [[0, 0, 1, 1, 2, 0]], **people},
            {"image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2], "iscrowd": 1,
             "segmentation": {"counts": [1], "size": [6, 8]}, **people},
            {"image_id": 3, "category_id": 1, "bbox": [0, 0, 0, 2], "iscrowd": 0,
             "segmentation": [], **people},
        ],
        "categories": [{"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
    }  # fmt: skip
    path = tmp_path / "ann.json"
    path.write_text(json.dumps(content))
    return str(tmp_path / "images"), str(path)


def test_coco(tmp_path):
    root, file = annotations(tmp_path)
    order = ("image", "boxes", "boxes_category", "keypoints", "polygons", "info")
    data = COCO(root, file, order=order)
    assert len(data) == 3
    image, boxes, category, keypoints, polygons, info = data[0]
    assert image[0, 0].tolist() == [1, 1, 1]
    assert boxes.tolist() == [[1, 2, 4, 6], [0, 0, 2, 2]]
    assert boxes.dtype == np.float32
    assert category.tolist() == [2, 1]
    assert category.dtype == np.int32
    assert keypoints.shape == (2, 17, 3)
    assert [p.tolist() for p in polygons[0]] == [[[0, 0], [1, 1], [2, 0]]]
    assert polygons[1] == []
    assert info == [6, 8, "1.png"]
    assert data.get_img_info(2) == {"id": 3, "file_name": "3.png", "height": 6, "width": 8}
    empty = data[1]
    assert empty[1].shape == (0, 4)
    assert empty[3].shape == (0, 17, 3)
    assert data.contiguous_category_id_to_json_id == {1: 1, 2: 18}

    kept = COCO(root, file, True, order=("boxes",))
    assert [kept.get_img_info(i)["id"] for i in range(len(kept))] == [1]
    assert kept[0][0].tolist() == [[1, 2, 4, 6]]  # without the crowd
    assert len(COCO(root, file, True, order=("keypoints",))) == 1
    assert len(COCO(root, file)[0]) == 1
    assert len(COCO.class_names) == len(set(COCO.class_names)) == 80
    assert COCO.classes_originID["toothbrush"] == 90
    assert COCO.classes_originID["wine glass"] == 46
    with pytest.raises(NotImplementedError, match="'mask'"):
        COCO(root, file, order=("mask",))


def test_objects365(tmp_path):
    root, file = annotations(tmp_path)
    data = Objects365(root, file, True, order=("image", "boxes", "boxes_category", "info"))
    assert len(data) == 1
    assert data[0][2].tolist() == [2]
    assert data.get_img_info(0)["file_name"] == "1.png"
    assert len(Objects365.class_names) == 365
    assert Objects365.class_names[0] == "person"
    assert Objects365.class_names[364] == "flashlight"
    with pytest.raises(NotImplementedError, match="'keypoints'"):
        Objects365(root, file, order=("keypoints",))
    with pytest.raises(DatasetNotFoundError, match=r"no\.json does not exist"):
        Objects365(root, str(tmp_path / "no.json"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(FileFormatError, match="no JSON file"):
        COCO(root, str(tmp_path / "bad.json"))
    (tmp_path / "bad.json").write_text('{"images": []}')
    with pytest.raises(FileFormatError, match="lists no 'annotations'"):
        COCO(root, str(tmp_path / "bad.json"))


def test_cityscapes(tmp_path):
    for city, number in (("ulm", 1), ("bonn", 2)):
        stem = f"{city}_000000_00001{number}"
        write_image(tmp_path / "leftImg8bit/val" / city / f"{stem}_leftImg8bit.png", value=number)
        mask = tmp_path / "gtFine/val" / city / f"{stem}_gtFine_labelIds.png"
        mask.parent.mkdir(parents=True)
        cv2.imwrite(str(mask), np.array([[7, 8], [33, 0]], np.uint8))
    data = Cityscapes(str(tmp_path), "val", "gtFine", order=("info", "mask", "image"))
    assert len(data) == 2
    info, mask, image = data[0]
    assert info[:2] == [6, 8]
    assert "bonn" in info[2]
    assert mask.tolist() == [[[0], [1]], [[18], [255]]]
    assert mask.dtype == np.uint8
    assert image[0, 0, 0] == 2
    assert len(Cityscapes(str(tmp_path), "val", "gtFine", order=("mask",))[1]) == 1
    assert len(Cityscapes.class_names) == 19
    with pytest.raises(ArgumentError, match="gtFine: train, test, val"):
        Cityscapes(str(tmp_path), "train_extra", "gtFine")
    with pytest.raises(DatasetNotFoundError, match="train does not exist"):
        Cityscapes(str(tmp_path), "train", "gtFine")


VOC_XML = """<annotation><filename>a.jpg</filename><size><width>8</width></size>
<object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3.5</xmax><ymax>4</ymax></bndbox>
</object>{more}</annotation>"""
VOC_DOG = """<object><name>dog</name>
<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>1</xmax><ymax>1</ymax></bndbox></object>"""


def voc_root(root):
    for name in ("a", "b", "c"):
        write_image(root / "JPEGImages" / f"{name}.jpg")
    (root / "Annotations").mkdir()
    (root / "Annotations" / "a.xml").write_text(VOC_XML.format(more=""))
    (root / "Annotations" / "b.xml").write_text(VOC_XML.format(more=VOC_DOG))
    (root / "Annotations" / "c.xml").write_text("<annotation><size/></annotation>")
    for kind, names in (("Main", "a\nb\nc\n"), ("Segmentation", "a\n")):
        (root / "ImageSets" / kind).mkdir(parents=True)
        (root / "ImageSets" / kind / "train.txt").write_text(names)
    (root / "ImageSets" / "Segmentation" / "train_aug.txt").write_text("a\n")
    for kind in ("SegmentationClass", "SegmentationClass_aug"):
        (root / kind).mkdir()
    colors = np.array([[[0, 0, 0], [0, 0, 128]], [[128, 64, 0], [192, 224, 224]]], np.uint8)
    cv2.imwrite(str(root / "SegmentationClass" / "a.png"), colors)
    cv2.imwrite(str(root / "SegmentationClass_aug" / "a.png"), np.array([[3, 4]], np.uint8))
    return str(root)


def test_pascal_voc(tmp_path):
    root = voc_root(tmp_path)
    data = PascalVOC(root, "train", order=("image", "boxes", "boxes_category", "info"))
    assert len(data) == 3
    image, boxes, category, info = data[0]
    assert image.shape == (6, 8, 3)
    assert boxes.tolist() == [[1, 2, 3.5, 4]]
    assert category.tolist() == [8]
    assert info == [6, 8, "a"]
    assert data[1][2].tolist() == [8, 12]
    assert data[2][1].shape == (0, 4)
    assert data.get_img_info(1) == {"height": 6, "width": 8, "file_name": "b"}
    only_info = PascalVOC(root, "train", order=("info",))
    assert only_info.get_img_info(2, np.zeros((1, 2, 3)))["width"] == 2
    assert only_info[0] == ([6, 8, "a"],)
    masks = PascalVOC(root, "train", order=("mask",))
    assert masks[0][0].tolist() == [[[0], [1]], [[20], [255]]]
    augmented = PascalVOC(root, "train_aug", order=("image", "mask"))
    assert augmented[0][1].tolist() == [[[3], [4]]]
    assert len(PascalVOC(root, "train")) == 3


def test_parse_voc_xml(tmp_path):
    import xml.etree.ElementTree as ElementTree

    data = PascalVOC(voc_root(tmp_path), "train")
    for more, count in (("", 1), (VOC_DOG, 2)):
        parsed = data.parse_voc_xml(ElementTree.fromstring(VOC_XML.format(more=more)))
        assert parsed["annotation"]["size"] == {"width": "8"}
        assert parsed["annotation"]["object"][0]["bndbox"]["xmin"] == "1"
        assert len(parsed["annotation"]["object"]) == count


def test_pascal_voc_errors(tmp_path):
    root = voc_root(tmp_path)
    with pytest.raises(ArgumentError, match="not both"):
        PascalVOC(root, "train", order=("boxes", "mask"))
    with pytest.raises(DatasetNotFoundError, match=r"other\.txt does not exist"):
        PascalVOC(root, "other")
    data = PascalVOC(root, "train", order=("boxes_category",))
    (tmp_path / "Annotations" / "a.xml").write_text(VOC_XML.format(more="").replace("cat", "cow?"))
    with pytest.raises(FileFormatError, match=r"no class 'cow\?'"):
        data[0]
    (tmp_path / "Annotations" / "a.xml").write_text("<annotation>")
    with pytest.raises(FileFormatError, match="is no annotation"):
        data[0]


def test_default_root(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_root("MNIST") == tmp_path / "tengen" / "MNIST"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_root("MNIST") == Path.home() / ".cache" / "tengen" / "MNIST"
    with config.override(data_dir="/data"):
        assert default_root("MNIST") == Path("/data/MNIST")
