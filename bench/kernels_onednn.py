"""Convolutions and matrix products of the oneDNN layer beside PyTorch's, one JSON line a row.

    python bench/kernels_onednn.py [--rounds 5] [--threads 2] [--weights]

Each row interleaves ours and both of PyTorch's memory formats (with outputs allocated by PyTorch),
and gives medians in ms and the ratio of PyTorch's better one to ours. `--weights` instead asks what
it costs to keep a convolution's weights in the forward layout for its two gradients.
"""

import argparse
import contextlib
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--weights", action="store_true")
options = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(options.threads)

import numpy as np  # noqa: E402

from tengen.kernels.onednn import convolution, eltwise, matmul, reorder  # noqa: E402
from tengen.kernels.onednn.errors import Unsupported  # noqa: E402
from tengen.kernels.onednn.memory import Desc  # noqa: E402
from tengen.kernels.onednn.primitive import Plan  # noqa: E402

F32 = np.float32

# name: (x, weights, stride, padding), batch 8
CONVOLUTIONS = {
    "stem 7x7/2": ((8, 3, 224, 224), (64, 3, 7, 7), 2, 3),
    "56 1x1 64-256": ((8, 64, 56, 56), (256, 64, 1, 1), 1, 0),
    "56 1x1 256-64": ((8, 256, 56, 56), (64, 256, 1, 1), 1, 0),
    "56 3x3 64": ((8, 64, 56, 56), (64, 64, 3, 3), 1, 1),
    "28 3x3 128": ((8, 128, 28, 28), (128, 128, 3, 3), 1, 1),
    "56 3x3/2 128": ((8, 128, 56, 56), (128, 128, 3, 3), 2, 1),
    "14 1x1 1024-256": ((8, 1024, 14, 14), (256, 1024, 1, 1), 1, 0),
    "14 3x3 256": ((8, 256, 14, 14), (256, 256, 3, 3), 1, 1),
    "7 3x3 512": ((8, 512, 7, 7), (512, 512, 3, 3), 1, 1),
    "7 1x1 2048-512": ((8, 2048, 7, 7), (512, 2048, 1, 1), 1, 0),
    "depthwise 56 144": ((8, 144, 56, 56), (144, 1, 1, 3, 3), 1, 1),
    "depthwise 28 116": ((8, 116, 28, 28), (116, 1, 1, 3, 3), 1, 1),
    "1x1 28 116": ((8, 116, 28, 28), (116, 116, 1, 1), 1, 0),
}
MATMULS = {"GPT qkv": (2048, 384, 1152), "GPT mlp": (2048, 384, 1536), "class": (8, 2048, 1000)}


def bound(plan: Plan) -> Callable[[], None]:
    """A call of the plan on arrays of normal numbers."""
    arrays = [desc.empty() for desc in plan.descs]
    for array in arrays:
        array[...] = np.random.default_rng(0).normal(size=array.shape)
    return plan.bind(*arrays)


def interleaved(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median time of each call in ms."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
        call()
    for _ in range(options.rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(4):
                call()
            times[name].append((time.perf_counter() - start) / 4 * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


def convolution_plans(x: Any, w: Any, stride: int, padding: int) -> dict[str, Plan]:
    """Forward and both gradients, every form chosen by oneDNN along the chain."""
    how = {"stride": stride, "padding": padding}
    weights = Desc.any(w, F32)
    fastest = convolution.fastest
    forward = fastest(convolution.forward, Desc.any(x, F32), weights, **how)
    return {
        "forward": forward,
        "data": fastest(convolution.backward_data, forward.dst, weights, forward.src, **how),
        "weights": fastest(convolution.backward_weights, forward.src, forward.dst, weights, **how),
    }


def report(row: dict[str, Any]) -> None:
    print(json.dumps(row), flush=True)


def against_torch() -> None:
    """Rows for every convolution direction, the products and two activations."""
    import torch

    torch.set_num_threads(options.threads)
    for name, (x, w, stride, padding) in CONVOLUTIONS.items():
        plans = convolution_plans(x, w, stride, padding)
        groups = w[0] if len(w) == 5 else 1
        calls = {f"ours {key}": bound(plan) for key, plan in plans.items()}
        for form in (torch.contiguous_format, torch.channels_last):
            a = torch.randn(x).contiguous(memory_format=form)
            b = torch.randn(w[-4:] if groups == 1 else (w[0], 1, *w[3:]))
            b = b.contiguous(memory_format=form)
            dy = torch.randn(plans["forward"].dst.shape).contiguous(memory_format=form)
            label = "nchw" if form is torch.contiguous_format else "nhwc"

            step, pad = [stride] * 2, [padding] * 2
            calls[f"{label} forward"] = partial(
                torch.conv2d, a, b, None, stride, padding, 1, groups
            )
            gradient = partial(
                torch.ops.aten.convolution_backward,
                *(dy, a, b, None, step, pad, [1, 1], False, [0, 0], groups),
            )
            calls[f"{label} data"] = partial(gradient, [True, False, False])
            calls[f"{label} weights"] = partial(gradient, [False, True, False])
        times = interleaved(calls)
        flops = (
            2 * np.prod(plans["forward"].dst.shape) * np.prod(w) / (w[0] * w[1] ** (len(w) == 5))
        )
        for key, plan in plans.items():
            ours = times[f"ours {key}"]
            theirs = {label: times[f"{label} {key}"] for label in ("nchw", "nhwc")}
            report(
                {
                    "case": f"{name} {key}",
                    "ours_ms": round(ours, 3),
                    **{f"torch_{label}_ms": round(value, 3) for label, value in theirs.items()},
                    "ratio": round(min(theirs.values()) / ours, 2),
                    "gflops": round(float(flops) / ours / 1e6, 1),
                    "by": plan.implementation,
                }
            )
    for name, (m, k, n) in MATMULS.items():
        src = Desc.plain((m, k), F32)
        a, b = torch.randn(m, k), torch.randn(k, n)
        out = torch.empty(m, n)
        times = interleaved(
            {
                "plain": bound(matmul.matmul(src, Desc.plain((k, n), F32))),
                "packed": bound(matmul.matmul(src, Desc.any((k, n), F32))),
                "torch": lambda a=a, b=b, out=out: torch.mm(a, b, out=out),
            }
        )
        report({"case": name, **{f"{key}_ms": round(value, 3) for key, value in times.items()}})
    x = Desc.plain((2048, 1536), F32)
    a = torch.randn(2048, 1536)
    times = interleaved(
        {
            "ours": bound(eltwise.forward(x, "gelu_tanh")),
            "torch": lambda: torch.nn.functional.gelu(a, approximate="tanh"),
        }
    )
    report({"case": "gelu_tanh", **{f"{key}_ms": round(value, 3) for key, value in times.items()}})


def weights_layouts() -> None:
    """What the gradients cost in the forward's weights layout, and what a reorder costs."""
    for name, (x, w, stride, padding) in CONVOLUTIONS.items():
        plans = convolution_plans(x, w, stride, padding)
        how = {"stride": stride, "padding": padding}
        held = plans["forward"].weights
        src, dst = plans["forward"].src, plans["forward"].dst
        builders = {
            "data": (convolution.backward_data, (dst, held, src)),
            "weights": (convolution.backward_weights, (src, dst, held)),
        }
        free = {"data": plans["data"].weights, "weights": plans["weights"].diff_weights}
        calls = {}
        for key, (builder, operands) in builders.items():
            calls[f"{key} free"] = bound(plans[key])
            with contextlib.suppress(Unsupported):
                calls[f"{key} held"] = bound(builder(*operands, **how))
            if free[key] != held:
                calls[f"{key} reorder"] = bound(reorder.reorder(held, free[key]))
        times = interleaved(calls)
        row = {key: round(value, 3) for key, value in times.items()}
        report(
            {
                "case": name,
                "forward": str(held.form),
                **{f"{key} layout": str(form.form) for key, form in free.items()},
                **row,
            }
        )


if __name__ == "__main__":
    if options.weights:
        weights_layouts()
    else:
        against_torch()
