"""Linear resizing: NumPy's text against oneDNN's kernel, forward and transposed.

`python bench/resize.py` prints one line a shape; milliseconds are the best of nine, the kernels
taking turns.
"""

import time

import numpy as np

import tengen as tg
from tengen.kernels.onednn import library, resampling
from tengen.kernels.onednn.memory import Desc
from tengen.ops.vision.resize import resize, resize_transpose
from tengen.tensor import Tensor

SHAPES = (
    ((8, 64, 56, 56), (112, 112)),
    ((8, 64, 56, 56), (28, 28)),
    ((1, 3, 1080, 1920), (540, 960)),
)


def best(calls, rounds=9):
    """The least milliseconds of each call, the calls taking turns."""
    least = [float("inf")] * len(calls)
    for _ in range(rounds + 1):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            least[number] = min(least[number], (time.perf_counter() - start) * 1e3)
    return least


def with_backends(backends, call):
    """The call under these kernels."""

    def run():
        with tg.config.override(backends=backends):
            call()

    return run


def main():
    if not library.available():
        raise SystemExit(library.why_not())
    rng = np.random.default_rng(0)
    for shape, size in SHAPES:
        x = Tensor(rng.standard_normal(shape), dtype="float32")
        dy = Tensor(rng.standard_normal((*shape[:2], *size)), dtype="float32")
        plan = resampling.backward(Desc.plain(dy.shape, dy.dtype), Desc.plain(shape, x.dtype))
        source, target = dy.numpy(), np.empty(shape, "float32")
        times = best(
            [
                with_backends("numpy", lambda x=x, size=size: resize(x, size=size)),
                with_backends("onednn,numpy", lambda x=x, size=size: resize(x, size=size)),
                lambda dy=dy, shape=shape: resize_transpose(dy, size=shape[2:]),
                lambda plan=plan, source=source, target=target: plan(source, target),
            ]
        )
        names = ("numpy", "onednn", "transposed numpy", "transposed onednn")
        row = "  ".join(f"{n} {t:.2f}" for n, t in zip(names, times, strict=True))
        print(f"{shape} -> {size}: {row}")


if __name__ == "__main__":
    main()
