"""Reading and writing the safetensors layout: a length, a JSON header, then the arrays.

Arrays are written and read one by one straight from and into their own memory; the library of
that name would need them all in memory twice, and takes neither bfloat16 arrays nor open files.
"""

import io
import json
import os
import struct
from collections.abc import Iterable
from typing import IO, Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, FileFormatError

MAX_HEADER = 100 * 1024 * 1024
_NAMES = {
    "BOOL": dt.bool_, "U8": dt.uint8, "I8": dt.int8, "U16": dt.uint16, "I16": dt.int16,
    "U32": dt.uint32, "I32": dt.int32, "U64": dt.uint64, "I64": dt.int64,
    "F16": dt.float16, "BF16": dt.bfloat16, "F32": dt.float32, "F64": dt.float64,
    "C64": dt.complex64,
}  # fmt: skip
_CODES = {kind: name for name, kind in _NAMES.items()}


def write(
    file: IO[bytes],
    arrays: Iterable[tuple[str, np.ndarray[Any, Any]]],
    metadata: dict[str, str],
) -> None:
    """Write named arrays and text metadata to an open binary file."""
    items = list(arrays)
    header: dict[str, Any] = {"__metadata__": metadata}
    offset = 0
    for name, array in items:
        header[name] = {
            "dtype": _CODES[array.dtype.newbyteorder("=")],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    data = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    data += b" " * (-len(data) % 8)
    if len(data) > MAX_HEADER:
        raise ArgumentError(
            f"[save] the structure takes {len(data):,} bytes of JSON; the most is {MAX_HEADER:,}:"
            " keep large tables of numbers as arrays"
        )
    file.write(struct.pack("<Q", len(data)))
    file.write(data)
    for _, array in items:
        dense = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        file.write(dense.reshape(-1).view(np.uint8).data)


def read(
    file: IO[bytes], exact: bool
) -> tuple[list[tuple[str, np.ndarray[Any, Any]]], dict[str, str]]:
    """The named arrays in stored order and the metadata of a file from its present position.

    With `exact` the file ends there. Raises FileFormatError before anything is allocated if the
    header and the size of the file do not agree.
    """
    file, size = _sized(file)
    if size < 8:
        raise FileFormatError(f"[load] a file has at least 8 bytes; this one has {size}")
    start = file.read(9)
    (length,) = struct.unpack("<Q", start[:8])
    if start[8:9] != b"{" or length > min(MAX_HEADER, size - 8):
        raise FileFormatError(f"[load] {_other_kind(start)}")
    header = _header(start[8:] + _exactly(file, length - 1))
    metadata = header.pop("__metadata__", {})
    if not _is_text_table(metadata):
        raise FileFormatError("[load] the metadata is not a table of strings")
    entries = _checked(header)
    total = entries[-1][3] if entries else 0
    left = size - 8 - length
    if total > left or (exact and total < left):
        raise FileFormatError(f"[load] the header speaks of {total:,} bytes of data; got {left:,}")
    found = []
    for name, kind, shape, _ in entries:
        array = np.empty(shape, kind)
        _fill(file, array)
        found.append((name, array))
    return found, metadata


def _sized(file: IO[bytes]) -> tuple[IO[bytes], int]:
    """The file, or its content where it cannot be positioned, and the bytes that are left."""
    try:
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
    except (OSError, AttributeError, io.UnsupportedOperation):
        content = file.read()
        return io.BytesIO(content), len(content)
    return file, end - here


def _other_kind(start: bytes) -> str:
    if start[:1] == b"\x80":
        return (
            "this is a pickle file, which can run any code when it is read; if you trust its"
            " origin, give pickle_module=pickle"
        )
    if start[:2] == b"PK":
        return "this is a zip archive (such as PyTorch writes), not a file of tengen.save"
    return "this is not a file of tengen.save, or it is damaged at its start"


def _exactly(file: IO[bytes], count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise FileFormatError(f"[load] the file ends early: {count:,} bytes expected")
    return data


def _fill(file: IO[bytes], array: np.ndarray[Any, Any]) -> None:
    memory = array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")
    done = 0
    while done < len(memory):
        part = file.read(min(len(memory) - done, 1 << 26))
        if not part:
            raise FileFormatError("[load] the file ends early")
        memory[done : done + len(part)] = part
        done += len(part)


def _header(data: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) < len(pairs):
            raise FileFormatError("[load] a name stands twice in the header")
        return table

    try:
        header = json.loads(data.decode("utf-8"), object_pairs_hook=unique)
    except FileFormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"[load] the header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise FileFormatError("[load] the header is not a table")
    return header


def _is_text_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _checked(header: dict[str, Any]) -> list[tuple[str, Any, tuple[int, ...], int]]:
    """(name, dtype, shape, end) in the order of the data, which they cover without a gap."""
    entries = []
    for name, entry in header.items():
        try:
            kind = _NAMES[entry["dtype"]]
            shape = tuple(entry["shape"])
            begin, end = entry["data_offsets"]
        except (KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"[load] bad entry for {name!r}: {error!r}") from error
        if any(type(n) is not int or not 0 <= n < 2**48 for n in (*shape, begin, end)):
            raise FileFormatError(f"[load] bad shape or place for {name!r}")
        count = 1
        for dim in shape:
            count *= dim
        if len(shape) > 32 or end - begin != count * kind.itemsize:
            raise FileFormatError(
                f"[load] {name!r} of shape {shape} does not fit {end - begin} bytes"
            )
        entries.append((begin, end, name, kind, shape))
    entries.sort(key=lambda entry: entry[:2])
    place = 0
    for begin, end, name, *_ in entries:
        if begin != place:
            raise FileFormatError(f"[load] the data of {name!r} overlaps or leaves a gap")
        place = end
    return [(name, kind, shape, end) for _, end, name, kind, shape in entries]
