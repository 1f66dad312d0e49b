"""The model as an ONNX file, for runtimes that only run finished models. Used for comparison only.

The process that writes the file is another one, so that what it holds is not counted.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

BENCH = Path(__file__).parent.parent


def exported(options: dict[str, Any]) -> tuple[Path, Any, dict[str, Any]]:
    """The file of `options["model"]` at `options["batch"]`, an input for it, and facts about it."""
    if options["mode"] != "infer":
        raise ValueError(f"inference only; the mode is {options['mode']!r}")
    path = Path(tempfile.mkdtemp(prefix="bench-onnx-")) / "model.onnx"
    code = (
        f"import json, sys; sys.path.insert(0, {str(BENCH)!r})\n"
        "from peers.exported import write\n"
        f"print(json.dumps(write({options['model']!r}, {options['batch']}, {str(path)!r})))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    facts = json.loads(answer.stdout.strip().splitlines()[-1])
    shape = facts.pop("shape")
    if facts["integer"]:
        given = np.random.default_rng(0).integers(0, 256, shape).astype(np.int32)
    else:
        given = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    return path, given, facts


def write(model: str, batch: int, path: str) -> dict[str, Any]:
    """Export the model of that name; its number of parameters and the shape of its input."""
    import tengen as tg
    import tengen.models as models
    from tengen.interop import to_onnx

    from .ours import _build

    tg.random.seed(0)
    if model == "gpt":
        net, shape = models.gpt(vocab_size=256), (batch, 256)
        sample = tg.Tensor(np.zeros(shape, np.int32))
    else:
        net, size = _build(model)
        shape = (batch, 3, size, size)
        sample = tg.Tensor(np.zeros(shape, np.float32))
    net.eval()
    to_onnx(net, path, sample, free_batch=False)
    count = sum(p.size for p in net.parameters())
    return {"parameters": count, "shape": shape, "integer": model == "gpt"}
