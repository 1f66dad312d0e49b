"""Model files written by hand, so that the tests of the server need no framework."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import Any

SMALL: dict[str, Any] = {
    "version": 1,
    "inputs": [{"name": "i0", "shape": [2, 4], "dtype": "float32"}],
    "constants": [],
    "nodes": [
        {"op": "relu", "inputs": ["i0"], "module": "act"},
        {"op": "exp", "inputs": ["0.0"]},
    ],
    "outputs": ["1.0"],
}


def static_model(graph: Any = SMALL) -> bytes:
    """Return the bytes of a `.tgm` file without weights."""
    head = json.dumps({"__metadata__": {"format": "tgm"}}).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("graph.json", json.dumps(graph))
        out.writestr("weights.safetensors", struct.pack("<Q", len(head)) + head)
        out.writestr("meta.json", json.dumps({"name": "small"}))
    return packed.getvalue()
