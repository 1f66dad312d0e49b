"""Has a model file read as a graph document, in a process of its own.

The server never loads the framework, and what a hostile file may do to its reader ends with the
reader.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath

from tengen_studio.context import StudioContext
from tengen_studio.documents.graph import GraphDocument, read_graph
from tengen_studio.errors import InvalidError, NotFoundError, TooLargeError
from tengen_studio.paths import inside, resolve_directory

SUFFIXES = (".tgm", ".onnx")
PATIENCE = 120.0  # seconds
LARGEST = 512 * 2**20
# -P: no module is taken from the working folder.
READER = (sys.executable, "-P", "-m", "tengen.viz")


def read_file(context: StudioContext, path: str) -> GraphDocument:
    """Return the graph of the file `path` in the user's folder.

    Raises:
        NotFoundError: no such file.
        InvalidError: not a model file, a damaged one, or one that takes too long to read.
        TooLargeError: the graph is too large to be shown.
    """
    file = _resolve(context, path)
    try:
        done = subprocess.run(
            [*READER, str(file)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            cwd=file.parent,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidError("Reading this file takes too long; it may be damaged.") from None
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[0].replace(str(file), path) if lines else ""
        raise InvalidError(f"This file could not be read. {reason[:500]}".strip())
    if len(done.stdout) > LARGEST:
        raise TooLargeError("This graph is too large to be shown.")
    return read_graph(done.stdout)


def _resolve(context: StudioContext, path: str) -> Path:
    pure = PurePosixPath(path)
    folder = resolve_directory(context, str(pure.parent) if pure.parent.parts else "")
    missing = NotFoundError("There is no such file.")
    if not context.allow_hidden and pure.name.startswith("."):
        raise missing
    try:
        file = (folder / pure.name).resolve(strict=True)
    except (OSError, RuntimeError):
        raise missing from None
    if not inside(file, context.root) or not file.is_file():
        raise missing
    if file.suffix.lower() not in SUFFIXES:
        raise InvalidError("Only .tgm and .onnx files hold graphs that can be shown.")
    return file
