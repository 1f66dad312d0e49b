"""onnx's shape inference, in a process of its own with little memory and time.

It follows numbers through a graph element by element, and functions into themselves: a file of a
kilobyte can ask for all memory there is. What goes wrong there ends there.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from .onnx_library import onnx

PROGRAM = Path(__file__).with_name("onnx_shapes_process.py")
MEMORY = 1 << 30
"""Bytes that the process may take, beside what the graph itself needs."""
PATIENCE = 20.0
"""Seconds after which it is ended."""
SMALL = 4096
"""Bytes of a constant whose values may tell a shape; of larger ones the shape alone is passed."""


def inferred(model: Any) -> Any:
    """A ModelProto with the same graph without its weights, and what inference says of its values.

    Where inference fails even without following numbers, the graph says what the file says.
    """
    slim = _without_weights(model)
    content = slim.SerializeToString()
    for numbers in ("numbers", "shapes"):
        try:
            done = subprocess.run(
                [sys.executable, "-P", str(PROGRAM), numbers, str(MEMORY + 8 * len(content))],
                input=content, capture_output=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        except (subprocess.TimeoutExpired, OSError):
            continue
        if done.returncode == 0:
            made = onnx().ModelProto()
            made.ParseFromString(done.stdout)
            return made
    return slim


def _without_weights(model: Any) -> Any:
    """The model with large constants as inputs of their shape."""
    slim = onnx().ModelProto()
    slim.ir_version = model.ir_version
    slim.opset_import.extend(model.opset_import)
    slim.functions.extend(model.functions)
    graph, given = slim.graph, {value.name for value in model.graph.input}
    graph.name = model.graph.name
    for field in ("node", "input", "output", "value_info"):
        getattr(graph, field).extend(getattr(model.graph, field))
    external = onnx().TensorProto.EXTERNAL
    for tensor in model.graph.initializer:
        if tensor.ByteSize() <= SMALL and tensor.data_location != external:
            graph.initializer.append(tensor)
        elif tensor.name not in given:
            graph.input.append(
                onnx("helper").make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
    return slim
