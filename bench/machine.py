"""What the machine gives at this moment: GEMM and FMA rates, copy bandwidth, other load.

Rates are taken beside every measurement, because a shared machine's speed changes by the minute.
"""

import os
import time
from functools import cache
from typing import Any

import numpy as np

THREADS = int(os.environ.get("OMP_NUM_THREADS", "2"))


def gemm_gflops(size: int = 768, repeats: int = 4) -> float:
    """Billions of float32 operations a second of a square matrix product, the best of a few."""
    a = np.ones((size, size), np.float32)
    out = np.empty_like(a)
    best = 1e9
    for _ in range(repeats):
        start = time.perf_counter()
        np.matmul(a, a, out=out)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


_UNROLLED = 32


@cache
def _polynomial() -> Any:
    """`run(x, rounds)`: for each thread's row, chains of multiply-adds that stay in registers."""
    import numba

    steps = "\n".join(
        f"                    {name} = {name} * k + m" for _ in range(_UNROLLED) for name in "abcd"
    )
    source = f"""
def run(x, rounds):
    k, m = np.float32(0.999), np.float32(0.001)
    for thread in numba.prange(x.shape[0]):
        row = x[thread]
        for _ in range(rounds):
            for i in range(row.shape[1]):
                a, b, c, d = row[0, i], row[1, i], row[2, i], row[3, i]
                if True:
{steps}
                row[0, i], row[1, i], row[2, i], row[3, i] = a, b, c, d
"""
    space: dict[str, Any] = {"np": np, "numba": numba}
    exec(source, space)
    return numba.njit(parallel=True, fastmath={"contract"})(space["run"])


def fma_gflops(rounds: int = 2000) -> float:
    """Billions of float32 multiply-adds (two operations each) a second from registers."""
    run = _polynomial()
    x = np.ones((THREADS, 4, 512), np.float32)
    run(x, 1)
    best = 1e9
    time.sleep(0.1)  # the matrix library's threads spin for a while after their last product
    for _ in range(5):
        start = time.perf_counter()
        run(x, rounds // 5)
        best = min(best, time.perf_counter() - start)
    return THREADS * 4 * 512 * _UNROLLED * 2 * (rounds // 5) / best / 1e9


def copy_gbs(megabytes: int = 128) -> float:
    """Gigabytes a second, read plus written, of one thread's copy."""
    source = np.ones(megabytes << 18, np.float32)
    target = np.empty_like(source)
    np.copyto(target, source)
    start = time.perf_counter()
    np.copyto(target, source)
    return 2 * source.nbytes / (time.perf_counter() - start) / 1e9


def busy_seconds() -> float:
    """Processor seconds that the whole machine has spent so far."""
    with open("/proc/stat") as file:
        fields = [int(x) for x in file.readline().split()[1:9]]
    return (sum(fields[:3]) + sum(fields[5:8])) / os.sysconf("SC_CLK_TCK")


def own_peak_bytes() -> int:
    """The most memory this process has ever had resident, in bytes."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0


def own_bytes() -> int:
    """The memory this process has resident now, in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
