"""OpenVINO on the CPU, tuned for latency, in float32. Used for comparison only."""

from collections.abc import Callable
from typing import Any

from .exported import exported


def prepare(options: dict[str, Any]) -> tuple[Callable[[], Any], dict[str, Any]]:
    """One forward pass, and facts about the model."""
    import machine
    import openvino

    path, given, facts = exported(options)
    core = openvino.Core()
    model = core.compile_model(
        str(path),
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": str(machine.THREADS),
        },
    )
    request = model.create_infer_request()

    def infer() -> Any:
        return request.infer([given], share_inputs=True)

    return infer, facts
