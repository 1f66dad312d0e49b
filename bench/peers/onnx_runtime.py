"""ONNX Runtime on the CPU, all of its graph optimisations on. Used for comparison only."""

from collections.abc import Callable
from typing import Any

from .exported import exported


def prepare(options: dict[str, Any]) -> tuple[Callable[[], Any], dict[str, Any]]:
    """One forward pass, and facts about the model."""
    import machine
    import onnxruntime

    path, given, facts = exported(options)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = machine.THREADS
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(str(path), settings, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def infer() -> Any:
        return session.run(None, {name: given})

    return infer, facts
