"""Models in and out: PyTorch modules and state dicts, ONNX files.

PyTorch and onnx are optional; each is loaded, when first needed, by one file.
"""

import importlib
from typing import Any

_WHERE = {
    "PyTorchModule": "torch_module",
    "from_onnx": "onnx_import",
    "from_torch": "torch_import",
    "load_torch_state_dict": "torch_states",
    "onnx_document": "onnx_graph",
    "to_onnx": "onnx_export",
    "to_torch_state_dict": "torch_states",
}

__all__ = [
    "PyTorchModule",
    "from_onnx",
    "from_torch",
    "load_torch_state_dict",
    "onnx_document",
    "to_onnx",
    "to_torch_state_dict",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
