"""Writes c_api.py, the compiled form of c_api.h, beside itself: `python generate_c_api.py`.

Compiled ahead of time so that using oneDNN needs neither a C parser nor a compiler.
"""

import tempfile
from pathlib import Path

import cffi

HEADER = Path(__file__).with_name("c_api.h")
OUTPUT = Path(__file__).with_name("c_api.py")


def generate() -> str:
    """The text of c_api.py for the present c_api.h."""
    builder = cffi.FFI()
    builder.cdef(HEADER.read_text())
    builder.set_source("tengen.kernels.onednn.c_api", None)
    with tempfile.TemporaryDirectory() as scratch:
        raw = Path(scratch) / OUTPUT.name
        builder.emit_python_code(str(raw))
        body = raw.read_text().split("\n", 1)[1]
    return (
        '"""cffi\'s compiled form of c_api.h; made by generate_c_api.py, not edited by hand."""\n\n'
        "# ruff: noqa\n# mypy: ignore-errors\n# fmt: off\n" + body
    )


if __name__ == "__main__":
    OUTPUT.write_text(generate())
