"""Single operators beside PyTorch: overhead at 16 elements, bandwidth at 25 million.

    python bench/ops.py

Each line is one operator: our time, PyTorch's time in the same round, and the ratio (above 1:
we are faster). Rounds alternate between the two in one process; medians are shown.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")

import machine
import numpy as np

import tengen as tg
import tengen.functional as F

Pair = tuple[Callable[[], Any], Callable[[], Any]]


def small(torch: Any) -> dict[str, Pair]:
    """Calls whose time is all overhead."""
    a, b = (np.random.default_rng(i).standard_normal(16).astype(np.float32) for i in range(2))
    x, y, p = tg.Tensor(a), tg.Tensor(b), tg.Parameter(a)
    tx, ty = torch.tensor(a), torch.tensor(b)
    tp = torch.tensor(a, requires_grad=True)
    gm = tg.autodiff.GradManager().attach([p])
    gm.record()
    m, tm = x.reshape(4, 4), tx.reshape(4, 4)

    def chain() -> None:
        again = tg.autodiff.GradManager().attach([x])
        with again:
            z = x
            for _ in range(20):
                z = z + y
            again.backward(z.sum())
        x.grad = None

    def torch_chain() -> None:
        leaf = tx.detach().requires_grad_()
        z = leaf
        for _ in range(20):
            z = z + ty
        z.sum().backward()

    return {
        "add, 16": (lambda: x + y, lambda: tx + ty),
        "add with gradient, 16": (lambda: p + y, lambda: tp + ty),
        "20 adds, sum, backward": (chain, torch_chain),
        "multiply by a number, 16": (lambda: x * 2.0, lambda: tx * 2.0),
        "index a row, 4x4": (
            lambda: m[1], lambda: tm[1]
        ),
        "matmul, 4x4": (
            lambda: F.matmul(m, m), lambda: tm @ tm
        ),
    }  # fmt: skip


def large(torch: Any, count: int) -> dict[str, Pair]:
    """Calls bound by memory bandwidth."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(count, dtype=np.float32) for _ in range(2))
    x, y = tg.Tensor(a), tg.Tensor(b)
    tx, ty = torch.from_numpy(a), torch.from_numpy(b)
    made: dict[str, Pair] = {
        "add": (lambda: x + y, lambda: tx + ty),
        "multiply": (lambda: x * y, lambda: tx * ty),
        "relu": (lambda: F.relu(x), lambda: torch.relu(tx)),
        "exp": (lambda: F.exp(x), lambda: torch.exp(tx)),
        "tanh": (lambda: F.tanh(x), lambda: torch.tanh(tx)),
        "sigmoid": (lambda: F.sigmoid(x), lambda: torch.sigmoid(tx)),
        "gelu": (lambda: F.gelu(x), lambda: torch.nn.functional.gelu(tx)),
        "sum": (lambda: F.sum(x), lambda: torch.sum(tx)),
        "max": (lambda: F.max(x), lambda: torch.max(tx)),
    }
    rows = count // 1000
    m, tm = x[: rows * 1000].reshape(rows, 1000), tx[: rows * 1000].reshape(rows, 1000)
    made["softmax, rows of 1000"] = (lambda: F.softmax(m, axis=1), lambda: torch.softmax(tm, 1))
    made["mean of columns"] = (lambda: F.mean(m, 0), lambda: torch.mean(tm, 0))
    made["transpose"] = (
        lambda: F.copy(F.transpose(m, (1, 0))), lambda: tm.t().contiguous()
    )  # fmt: skip
    return made | optimizers(torch, count)


def optimizers(torch: Any, count: int) -> dict[str, Pair]:
    """One update of a parameter of `count` elements."""
    made = {}
    start = np.ones(count, np.float32)
    for name in ("SGD", "Adam"):
        options = {"momentum": 0.9} if name == "SGD" else {}
        p, tp = tg.Parameter(start), torch.nn.Parameter(torch.from_numpy(start.copy()))
        p.grad, tp.grad = tg.Tensor(start), torch.from_numpy(start.copy())
        ours = getattr(tg.optimizer, name)([p], lr=1e-3, **options)
        theirs = getattr(torch.optim, name)([tp], lr=1e-3, fused=True, **options)
        made[f"{name} step"] = (ours.step, theirs.step)
    return made


def measure(pair: Pair, repeats: int, rounds: int) -> tuple[float, float]:
    """Median seconds of a call of each, taking turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for call in pair:
        call()
    for _ in range(rounds):
        for call, found in zip(pair, times, strict=True):
            start = time.perf_counter()
            for _ in range(repeats):
                call()
            found.append((time.perf_counter() - start) / repeats)
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    """Print one JSON line per operator."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=int, default=25_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    import torch

    torch.set_num_threads(machine.THREADS)
    for kind, pairs, repeats in (
        ("overhead", small(torch), 2000), ("bandwidth", large(torch, args.elements), 1)
    ):  # fmt: skip
        for name, pair in pairs.items():
            pair[0]()
            from tengen.kernels.numba import service

            service.wait(60)
            ours, theirs = measure(pair, repeats if "backward" not in name else 100, args.rounds)
            unit, scale = ("us", 1e6) if kind == "overhead" else ("ms", 1e3)
            print(json.dumps({
                "kind": kind, "op": name, unit: round(ours * scale, 3),
                f"torch_{unit}": round(theirs * scale, 3), "ratio": round(theirs / ours, 2),
            }), flush=True)  # fmt: skip
    print(json.dumps({"gemm_gflops": round(machine.gemm_gflops(), 1),
                      "fma_gflops": round(machine.fma_gflops(), 1),
                      "copy_gbs": round(machine.copy_gbs(), 1)}))  # fmt: skip


if __name__ == "__main__":
    main()
