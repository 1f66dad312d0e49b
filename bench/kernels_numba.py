"""Times the compiled CPU kernels against NumPy and, where installed, PyTorch: one row a kernel.

Run as `OMP_NUM_THREADS=2 python bench/kernels_numba.py`. The three are timed in turns and the best
of each is kept, so that a busy machine disturbs all alike; ratios are the other's time over ours.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from tengen.kernels.numba import batch_norm, library, norm, optimizer, random, rows, service
from tengen.kernels.numba.elementwise import Expression, Extent, evaluate
from tengen.kernels.numba.elementwise_operations import OPERATIONS
from tengen.kernels.numpy import philox

try:
    import torch
except ImportError:
    torch = None

Timed = Callable[[], object]


def best(calls: dict[str, Timed], rounds: int) -> dict[str, float]:
    """The least milliseconds of each call, all taken in turns."""
    least = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            least[name] = min(least[name], (time.perf_counter() - start) * 1e3)
    return least


def row(title: str, ours: Timed, moved: int, rounds: int, **others: Timed) -> None:
    """Prints our time, our rate over `moved` bytes, and how many times longer the others take."""
    times = best({"ours": ours, **others}, rounds)
    own = times.pop("ours")
    ratios = "  ".join(f"{name} {value / own:6.2f}x" for name, value in times.items())
    print(f"{title:34s} {own:9.3f} ms {moved / own / 1e6:7.1f} GB/s   {ratios}", flush=True)


def batch_norms(rng: np.random.Generator, rounds: int) -> None:
    shapes = {
        "blocked 64x56x56": (8, 4, 3136, 16),
        "blocked 1024x7x7": (8, 64, 49, 16),
        "channels last 64x56x56": (8 * 3136, 64),
        "plain 64x56x56": (8, 64, 3136),
    }
    for title, shape in shapes.items():
        x = rng.standard_normal(shape, np.float32)
        channels = {2: shape[-1], 3: shape[1], 4: shape[1] * shape[-1]}[len(shape)]
        weight, bias = np.ones((2, channels), np.float32)
        mean, variance, inverse, dweight, dbias = np.empty((5, channels), np.float32)
        out, dx, residual, g = (x.copy() for _ in range(4))
        forward = (x, weight, bias, 1e-5, out, mean, variance, inverse, residual, "relu")
        back = (x, [g], mean, inverse, weight, bias, dx, dweight, dbias, None, None, "relu")
        peers_forward: dict[str, Timed] = {"copy": lambda a=out, b=x: np.copyto(a, b)}
        peers_backward = dict(peers_forward)
        if torch is not None:
            side = int((x.size // 8 // channels) ** 0.5)
            t = torch.randn(8, channels, side, side, requires_grad=True)
            if "last" in title:
                t = t.detach().to(memory_format=torch.channels_last).requires_grad_()
            layer = torch.nn.BatchNorm2d(channels)
            added, gradient = torch.randn_like(t), torch.randn_like(t)
            result = torch.relu(layer(t))

            def run_forward(t=t, layer=layer, added=added) -> None:
                with torch.no_grad():
                    torch.relu_(layer(t).add_(added))

            def run_backward(t=t, result=result, gradient=gradient) -> None:
                t.grad = None
                torch.autograd.backward(result, gradient, retain_graph=True)

            peers_forward["torch"] = run_forward
            peers_backward["torch"] = run_backward
        row(f"bn+add+relu {title}", lambda a=forward: batch_norm.bn_forward(*a), 3 * x.nbytes,
            rounds, **peers_forward)  # fmt: skip
        row(f"its backward, relu {title}", lambda a=back: batch_norm.bn_backward(*a), 3 * x.nbytes,
            rounds, **peers_backward)  # fmt: skip


def optimizers(rng: np.random.Generator, rounds: int, size: int) -> None:
    p, g, m, s = (np.abs(rng.standard_normal(size, np.float32)) for _ in range(4))
    torch_calls: dict[str, Timed] = {}
    torch_adam: dict[str, Timed] = {}
    if torch is not None:
        tensor = torch.from_numpy(p.copy()).requires_grad_()
        tensor.grad = torch.from_numpy(g.copy())
        torch_calls["torch"] = torch.optim.SGD([tensor], lr=0.1, momentum=0.9, fused=True).step
        torch_adam["torch"] = torch.optim.Adam([tensor], lr=0.1, fused=True).step

    def numpy_sgd() -> None:
        np.multiply(m, 0.9, out=m)
        np.add(m, g, out=m)
        np.subtract(p, 0.1 * m, out=p)

    row(f"sgd momentum {size:,}", lambda: optimizer.sgd(p, g, m, lr=0.1, momentum=0.9),
        5 * p.nbytes, rounds, numpy=numpy_sgd, **torch_calls)  # fmt: skip
    row(f"adam {size:,}", lambda: optimizer.adam(p, g, m, s, step=3, lr=0.1),
        7 * p.nbytes, rounds, **torch_adam)  # fmt: skip
    row(f"norm of {size:,}", lambda: norm.square_sum(g), g.nbytes, rounds, numpy=lambda: g @ g)


def elementwise(rng: np.random.Generator, rounds: int, size: int) -> None:
    x = np.abs(rng.standard_normal(size, np.float32))
    out = np.empty_like(x)
    for name in ("relu", "exp", "log", "tanh", "sigmoid", "gelu"):
        expression = Expression((Extent.FULL,), 0, ((name, (0,)),), (1,))
        others: dict[str, Timed] = {"copy": lambda: np.copyto(out, x)}
        if name not in ("gelu",):  # NumPy has no error function
            others["numpy"] = lambda n=name: OPERATIONS[n].numpy(x)
        if torch is not None:
            t, result = torch.from_numpy(x), torch.from_numpy(out)
            if name == "gelu":  # has no out=, so fresh memory is part of its time
                others["torch"] = lambda t=t: torch.nn.functional.gelu(t)
            elif name == "relu":
                others["torch"] = lambda t=t, r=result: torch.clamp_min(t, 0, out=r)
            else:
                others["torch"] = lambda n=name, t=t, r=result: getattr(torch, n)(t, out=r)
        row(f"{name} {size:,}", lambda e=expression: evaluate(e, [x], [], [out]), 2 * x.nbytes,
            rounds, **others)  # fmt: skip


def row_kernels(rng: np.random.Generator, rounds: int) -> None:
    x = rng.standard_normal((2048, 1024), np.float32)
    out, weight = np.empty_like(x), np.ones(1024, np.float32)
    mean, inverse = np.empty((2, 2048), np.float32)
    softmax: dict[str, Timed] = {}
    normal: dict[str, Timed] = {}
    if torch is not None:
        t = torch.from_numpy(x)
        softmax["torch"] = lambda: torch.softmax(t, -1)
        normal["torch"] = lambda: torch.nn.functional.layer_norm(t, (1024,))
    row("softmax 2048x1024", lambda: rows.softmax(x, out), 2 * x.nbytes, rounds, **softmax)
    arguments = (x, weight, weight, 1e-5, out, mean, inverse)
    row("layer norm 2048x1024", lambda: rows.layer_norm(*arguments), 2 * x.nbytes, rounds, **normal)


def randoms(rounds: int) -> None:
    state, out = np.array([1, 2], np.uint64), np.empty(4_000_000, np.float32)
    other = {} if torch is None else {"torch": lambda: torch.rand(out.size)}
    row("uniform 4,000,000", lambda: random.uniform(state, out), out.nbytes, rounds,
        numpy=lambda: philox.words(np, state, out.size), **other)  # fmt: skip
    row("dropout 4,000,000", lambda: random.dropout(out, out, 1 << 30, 4 / 3, state),
        2 * out.nbytes, rounds)  # fmt: skip


def overhead() -> None:
    """Microseconds of a call on 16 elements, and on an array just large enough for threads."""
    for size in (16, 16384):
        p, g, m = np.zeros((3, size), np.float32)
        start = time.perf_counter()
        for _ in range(20_000):
            optimizer.sgd(p, g, m, lr=0.1, momentum=0.9)
        print(f"sgd of {size} elements: {(time.perf_counter() - start) / 20_000 * 1e6:.2f} us")


LOADING = """
import sys, time, numpy as np
from tengen.kernels.numba import library, service, optimizer, rows
library.set_cache_directory(sys.argv[1]); service.set_mode("now")
start = time.perf_counter(); library.load(); import numba
print(f"  numba import {time.perf_counter() - start:.2f} s", end="")
x = np.ones((4, 9), np.float32)
for name, call in (("sgd", lambda: optimizer.sgd(x, x.copy(), lr=0.5)),
                   ("adam", lambda: optimizer.adam(x, x, x.copy(), x.copy(), step=1, lr=0.1)),
                   ("softmax", lambda: rows.softmax(x, x.copy()))):
    start = time.perf_counter(); call()
    print(f"  {name} {(time.perf_counter() - start) * 1e3:.0f} ms", end="")
print()
"""


def loading() -> None:
    """The first call of three kernels in a fresh process: with an empty cache, then with a full."""
    with tempfile.TemporaryDirectory() as folder:
        for title in ("compiled:", "from disk:"):
            print(title, end="", flush=True)
            subprocess.run([sys.executable, "-c", LOADING, folder], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, default=25_000_000)
    options = parser.parse_args()
    service.set_mode("now")
    rng = np.random.default_rng(0)
    if torch is not None:
        torch.set_num_threads(library.threads())
    batch_norms(rng, options.rounds)
    optimizers(rng, options.rounds, options.size)
    elementwise(rng, options.rounds, options.size)
    row_kernels(rng, options.rounds)
    randoms(options.rounds)
    overhead()
    loading()


if __name__ == "__main__":
    main()
