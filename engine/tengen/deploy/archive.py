"""The `.tgm` file: a zip of graph.json, weights.safetensors and meta.json. No pickle, no code."""

import io
import json
import zipfile
import zlib
from typing import IO, Any, cast

from ..base.errors import FileFormatError
from ..container import safetensors
from ..container.atomic import replacing

MEMBERS = ("graph.json", "weights.safetensors", "meta.json")
LARGEST_TEXT = 256 * 2**20
LARGEST_WEIGHTS = 64 * 2**30


def write(file: Any, document: Any, weights: list[tuple[str, Any]], meta: Any) -> None:
    """Write the three members to a path (at once, when all is there) or an open binary file."""
    if hasattr(file, "write"):
        _pack(file, document, weights, meta)
        return
    with replacing(file) as target:
        _pack(target, document, weights, meta)


def _pack(target: Any, document: Any, weights: list[tuple[str, Any]], meta: Any) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, value in (("graph.json", document), ("meta.json", meta)):
            text = json.dumps(value, allow_nan=False, separators=(",", ":"))
            archive.writestr(name, text, zipfile.ZIP_DEFLATED)
        with archive.open("weights.safetensors", "w", force_zip64=True) as member:
            safetensors.write(member, weights, {"format": "tgm"})


BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError,
    RuntimeError, ValueError,
)  # fmt: skip
"""What zipfile raises for an archive that is damaged or locked."""


def read(file: Any, weights: bool = True) -> tuple[Any, dict[str, Any], Any]:
    """The document, the arrays by name (none unless `weights`) and the meta data.

    Raises FileFormatError for another kind of file, one with other members, or sizes past the
    limits, whatever its directory claims.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = sorted(archive.namelist())
            if names != sorted(MEMBERS):
                raise FileFormatError(
                    f"[load_static] a .tgm file holds {', '.join(MEMBERS)}; got {names[:8]}"
                )
            document = _json(archive, "graph.json")
            meta = _json(archive, "meta.json")
            arrays = _arrays(archive) if weights else {}
    except FileFormatError:
        raise
    except BROKEN as error:
        raise FileFormatError(f"[load_static] not a .tgm file: {error}") from error
    return document, arrays, meta


def _json(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(name) as member:
        data = member.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise FileFormatError(f"[load_static] {name} is larger than {LARGEST_TEXT:,} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"[load_static] {name} is not JSON: {error!s:.200}") from error


def _arrays(archive: zipfile.ZipFile) -> dict[str, Any]:
    info = archive.getinfo("weights.safetensors")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise FileFormatError("[load_static] weights.safetensors must be stored uncompressed")
    if info.file_size > LARGEST_WEIGHTS:
        raise FileFormatError(f"[load_static] weights of {info.file_size:,} bytes are too large")
    with archive.open(info) as member:
        arrays, _ = safetensors.read(
            cast(IO[bytes], io.BufferedReader(cast(Any, member))), exact=False
        )
    return dict(arrays)
