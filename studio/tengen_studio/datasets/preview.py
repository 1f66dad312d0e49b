"""The first rows or pictures of a data set, read from its files without running anything of them.

Files are told by their names. What cannot be read gives a note, never a failure: a preview is no
judge of the data.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np
from PIL import Image

from tengen_studio.datasets.listing import Listed
from tengen_studio.datasets.schemas import Preview, Thumbnail

Opener = Callable[[Listed], BinaryIO]

ROWS = 20
COLUMNS = 30
PICTURES = 12
_CELL = 200
_EDGE = 96
_HEAD = 256 * 1024
_LARGEST_PICTURE = 40 * 2**20
_LARGEST_ROW = 4 * 2**20
_MOST_PIXELS = 60_000_000

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
_TEXTS = (".txt", ".md", ".json", ".yaml", ".yml", ".xml", ".log", ".rst", ".ini", ".cfg", ".py")


def preview(files: Sequence[Listed], open_file: Opener, path: str | None = None) -> Preview:
    """Return the beginning of the file at `path`, or of the first file that can be shown.

    Pictures are shown together: those of the folder that the first one lies in.
    """
    chosen = [file for file in files if path is None or file.path == path]
    for want in (_is_picture, _is_array, _is_table, _is_text):
        for file in chosen:
            if want(file.path):
                return _show(file, files if path is None else chosen, open_file)
    note = "Nothing in it can be shown." if path is None else "This file cannot be shown."
    return _nothing(path or (files[0].path if files else ""), note)


def _show(file: Listed, files: Sequence[Listed], open_file: Opener) -> Preview:
    try:
        if _is_picture(file.path):
            return _pictures(file, files, open_file)
        with open_file(file) as stream:
            if _is_array(file.path):
                return _array(file, stream)
            head = _head(file.path, stream)
        return _table(file, head) if _is_table(file.path) else _text(file, head)
    except (OSError, ValueError, EOFError, zlib.error, Image.DecompressionBombError) as error:
        return _nothing(file.path, f"It cannot be read: {error}")


def _plain(path: str) -> str:
    return path.lower().removesuffix(".gz")


def _is_picture(path: str) -> bool:
    return path.lower().endswith(_PICTURES)


def _is_array(path: str) -> bool:
    return _plain(path).endswith((".npy", "-ubyte"))


def _is_table(path: str) -> bool:
    return _plain(path).endswith((".csv", ".tsv", ".jsonl", ".ndjson"))


def _is_text(path: str) -> bool:
    return _plain(path).endswith(_TEXTS) or path.rpartition("/")[2].upper().startswith("README")


def _nothing(path: str, note: str) -> Preview:
    return Preview(path, "nothing", note, [], [], [], "")


def _unpacked(path: str, stream: BinaryIO) -> BinaryIO:
    return gzip.open(stream) if path.lower().endswith(".gz") else stream  # type: ignore[return-value]


def _head(path: str, stream: BinaryIO) -> str:
    """Return the whole lines at the beginning of a text."""
    data = _unpacked(path, stream).read(_HEAD)
    if len(data) == _HEAD:
        data = data.rpartition(b"\n")[0] or data
    return data.decode("utf-8-sig", errors="replace")


def _table(file: Listed, head: str) -> Preview:
    if _plain(file.path).endswith(("jsonl", "ndjson")):
        columns, rows = _json_rows(head)
    else:
        delimiter = "\t" if _plain(file.path).endswith(".tsv") else _delimiter(head)
        found = list(csv.reader(io.StringIO(head), delimiter=delimiter))[: ROWS + 1]
        columns, rows = (found[0], found[1:]) if found else ([], [])
    return _rows(file.path, f"{file.size:,} bytes", columns, rows)


def _delimiter(head: str) -> str:
    first = head.partition("\n")[0]
    return max(",;\t|", key=first.count)


def _json_rows(head: str) -> tuple[list[str], list[list[str]]]:
    columns: dict[str, None] = {}
    objects = []
    for line in head.splitlines()[:ROWS]:
        value = json.loads(line) if line.strip() else {}
        objects.append(value if isinstance(value, dict) else {"": value})
        columns |= dict.fromkeys(objects[-1])
    return list(columns), [
        [_json_text(value[name]) if name in value else "" for name in columns] for value in objects
    ]


def _json_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _rows(path: str, note: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Preview:
    return Preview(
        path,
        "table",
        note,
        [name[:_CELL] for name in columns[:COLUMNS]],
        [[cell[:_CELL] for cell in row[:COLUMNS]] for row in rows[:ROWS]],
        [],
        "",
    )


def _text(file: Listed, head: str) -> Preview:
    text = "\n".join(line[:_CELL] for line in head.splitlines()[:100])
    return Preview(file.path, "text", f"{file.size:,} bytes", [], [], [], text)


def _array(file: Listed, stream: BinaryIO) -> Preview:
    source = _unpacked(file.path, stream)
    if _plain(file.path).endswith(".npy"):
        shape, order, dtype = _npy_header(source)
    else:
        magic = source.read(4)
        if len(magic) < 4 or magic[:3] != b"\0\0\x08":
            raise ValueError("an IDX file of bytes was expected")
        shape = tuple(int(n) for n in np.frombuffer(source.read(4 * magic[3]), ">u4"))
        order, dtype = False, np.dtype(np.uint8)
    note = f"{dtype} array of shape {shape}"
    if dtype.hasobject or (order and len(shape) > 1):
        return _nothing(file.path, note)
    if len(shape) in (3, 4) and dtype == np.uint8 and max(shape[1:3]) <= 2048:
        return _array_pictures(file.path, note, shape, source)
    inner = int(np.prod(shape[1:], dtype=np.int64))
    if inner * dtype.itemsize > _LARGEST_ROW:
        return _nothing(file.path, note)
    count = min(shape[0], ROWS) if shape else 1
    data = np.frombuffer(source.read(count * inner * dtype.itemsize), dtype)
    rows = data.reshape(count, inner)[:, :COLUMNS]
    return _rows(
        file.path,
        note,
        [str(number) for number in range(rows.shape[1])],
        [[f"{value:.6g}" if dtype.kind == "f" else str(value) for value in row] for row in rows],
    )


def _npy_header(source: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(source)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    return read(source)


def _array_pictures(path: str, note: str, shape: tuple[int, ...], source: BinaryIO) -> Preview:
    size = int(np.prod(shape[1:], dtype=np.int64))
    pictures = []
    for number in range(min(shape[0], PICTURES)):
        data = np.frombuffer(source.read(size), np.uint8)
        if len(data) < size:
            break
        picture = data.reshape(shape[1:])
        if picture.ndim == 3 and picture.shape[2] not in (3, 4):
            picture = picture[:, :, 0]
        pictures.append(_thumbnail(f"{path}[{number}]", Image.fromarray(picture)))
    return Preview(path, "pictures", note, [], [], pictures, "")


def _pictures(file: Listed, files: Sequence[Listed], open_file: Opener) -> Preview:
    folder = file.path.rpartition("/")[0]
    near = [f for f in files if _is_picture(f.path)]
    near.sort(key=lambda f: (f.path.rpartition("/")[0] != folder, f.path))
    pictures = []
    for one in near[:PICTURES]:
        if one.size <= _LARGEST_PICTURE:
            with open_file(one) as stream:
                pictures.append(_read_picture(one.path, stream))
    return Preview(file.path, "pictures", f"{len(near):,} pictures", [], [], pictures, "")


def _read_picture(path: str, stream: BinaryIO) -> Thumbnail:
    with Image.open(stream) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError(f"a picture of {picture.width} x {picture.height} is too large")
        picture.draft("RGB", (_EDGE, _EDGE))
        return _thumbnail(path, picture)


def _thumbnail(path: str, picture: Image.Image) -> Thumbnail:
    width, height = picture.size
    small = picture.convert("RGBA" if picture.mode in ("P", "RGBA", "LA") else "RGB")
    small.thumbnail((_EDGE, _EDGE))
    packed = io.BytesIO()
    small.save(packed, "PNG", optimize=True)
    text = base64.b64encode(packed.getvalue()).decode()
    return Thumbnail(path, width, height, f"data:image/png;base64,{text}")
