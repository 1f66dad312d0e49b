"""The one place that imports the onnx package."""

import importlib
import warnings
from typing import Any

from ..base.errors import StateError


def onnx(part: str = "") -> Any:
    """The onnx package, or its submodule. Raises StateError where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"onnx.{part}" if part else "onnx")
    except ImportError as error:
        raise StateError(
            "[interop] the onnx package is needed for this and is not installed:"
            " pip install 'tengen-studio[onnx]'"
        ) from error
