"""Previews: each kind of file shows its beginning, and a broken one says so."""

from __future__ import annotations

import base64
import gzip
import io
from typing import BinaryIO

import numpy as np
import pytest
from PIL import Image

from tengen_studio.datasets.listing import Listed, checksum
from tengen_studio.datasets.preview import PICTURES, ROWS, preview
from tengen_studio.datasets.schemas import Preview


def show(files: dict[str, bytes], path: str | None = None) -> Preview:
    """Return the preview of a data set of these files."""
    listed = [
        Listed(name, str(number), len(data)) for number, (name, data) in enumerate(files.items())
    ]

    def open_file(file: Listed) -> BinaryIO:
        return io.BytesIO(files[file.path])

    return preview(listed, open_file, path)


def npy(array: np.ndarray, **options: bool) -> bytes:
    """Return the array as a file."""
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def png(width: int = 20, height: int = 10, mode: str = "RGB") -> bytes:
    """Return a picture as a file."""
    stream = io.BytesIO()
    Image.new(mode, (width, height), 1).save(stream, "PNG")
    return stream.getvalue()


def idx(array: np.ndarray) -> bytes:
    """Return bytes in the format of MNIST."""
    head = b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return head + array.tobytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b'name,size\n"b, c",2\nd,3\n'),
        ("a.CSV", b'\xef\xbb\xbfname;size\n"b, c";2\nd;3\n'),
        ("a.tsv", b"name\tsize\nb, c\t2\nd\t3\n"),
        ("a.csv.gz", gzip.compress(b'name,size\n"b, c",2\nd,3\n', mtime=0)),
        ("a.jsonl", b'{"name": "b, c", "size": 2}\n{"name": "d", "size": 3}\n'),
    ],
)
def test_tables(name: str, data: bytes) -> None:
    shown = show({name: data})
    assert (shown.kind, shown.path) == ("table", name)
    assert shown.columns == ["name", "size"]
    assert shown.rows == [["b, c", "2"], ["d", "3"]]


def test_long_tables_show_their_beginning() -> None:
    rows = "".join(f"{number},{'x' * 500}\n" for number in range(5000))
    shown = show({"a.csv": ("a,b\n" + rows).encode()})
    assert len(shown.rows) == ROWS
    assert shown.rows[-1][0] == str(ROWS - 1)
    assert len(shown.rows[0][1]) == 200


def test_rows_of_json_with_different_fields() -> None:
    shown = show({"a.jsonl": b'{"a": [1, "\xce\x94"]}\n[2]\n{"b": null}\n'})
    assert shown.columns == ["a", "", "b"]
    assert shown.rows == [['[1, "Δ"]', "", ""], ["", "[2]", ""], ["", "", "null"]]


@pytest.mark.parametrize(
    ("array", "rows"),
    [
        (np.array([[1.5, 2], [3, 4]]), [["1.5", "2"], ["3", "4"]]),
        (np.arange(3), [["0"], ["1"], ["2"]]),
        (np.array(7), [["7"]]),
        (np.zeros((0, 4)), []),
        (np.array(["ab", "c"]), [["ab"], ["c"]]),
    ],
)
def test_arrays(array: np.ndarray, rows: list[list[str]]) -> None:
    shown = show({"a.npy": npy(array)})
    assert (shown.kind, shown.rows) == ("table", rows)
    assert shown.note == f"{array.dtype} array of shape {array.shape}"


def test_an_array_of_objects_is_not_unpickled() -> None:
    shown = show({"a.npy": npy(np.array([{}, []], dtype=object), allow_pickle=True)})
    assert (shown.kind, shown.rows) == ("nothing", [])


def test_pictures_of_the_first_folder_come_first() -> None:
    files = {f"train/{n:03}.png": png() for n in range(20)} | {"test/0.png": png(5, 7)}
    shown = show(files)
    assert (shown.kind, shown.note) == ("pictures", "21 pictures")
    assert len(shown.pictures) == PICTURES
    assert {p.path.partition("/")[0] for p in shown.pictures} == {"train"}
    first = shown.pictures[0]
    assert (first.width, first.height) == (20, 10)
    data = base64.b64decode(first.picture.removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(data)).size == (20, 10)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16", "LA", "CMYK"])
def test_every_mode_of_picture_has_a_thumbnail(mode: str) -> None:
    stream = io.BytesIO()
    Image.new(mode, (500, 300)).save(stream, "TIFF")
    shown = show({"a.tif": stream.getvalue()})
    assert shown.kind == "pictures"
    data = base64.b64decode(shown.pictures[0].picture.partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == (96, 58)


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_mnist_files_show_their_pictures(pack: type[bytes]) -> None:
    images = np.random.default_rng(0).integers(0, 255, (30, 28, 28), np.uint8)
    suffix = ".gz" if pack is gzip.compress else ""
    shown = show({f"train-images-idx3-ubyte{suffix}": pack(idx(images))})
    assert (shown.kind, len(shown.pictures)) == ("pictures", PICTURES)
    data = base64.b64decode(shown.pictures[1].picture.partition(",")[2])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("L")), images[1])


def test_texts_and_what_cannot_be_shown() -> None:
    assert show({"README": b"# Title\ntext\n"}).text == "# Title\ntext"
    assert show({"weights.bin": b"\0\1"}).kind == "nothing"
    assert show({"a.bin": b"", "b.csv": b"x\n1\n"}, path="a.bin").kind == "nothing"
    assert show({"a.bin": b"", "b.csv": b"x\n1\n"}).path == "b.csv"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", b"not a picture"),
        ("a.png", png()[:40]),
        ("a.npy", b"\x93NUMPY\x01\x00"),
        ("a.npy", npy(np.zeros((4, 4)))[:-8]),
        ("a-ubyte", b"\0\0\x0d\x01"),
        ("a.csv.gz", b"\x1f\x8bbroken"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 100, mtime=0)[:-12]),
        ("a.jsonl", b"{broken\n"),
    ],
)
def test_broken_files_say_so(name: str, data: bytes) -> None:
    shown = show({name: data})
    assert shown.kind == "nothing"
    assert shown.note.startswith("It cannot be read: ")


def test_a_picture_that_unpacks_to_too_much_is_not_unpacked() -> None:
    shown = show({"a.png": png(9000, 9000, "1")})
    assert shown.kind == "nothing"
    assert "too large" in shown.note


def test_checksums_are_those_that_people_compare() -> None:
    one = Listed("a.csv", "11" * 32, 3)
    two = Listed("b.csv", "22" * 32, 4)
    assert checksum([one], single=True) == one.sha256
    assert checksum([one, two], single=False) == checksum([two, one], single=False)
    # printf '%s  a.csv\n%s  b.csv\n' | sha256sum
    assert checksum([one, two], single=False).startswith("f50644cd80f5b196")
    assert checksum([one], single=False) != one.sha256
