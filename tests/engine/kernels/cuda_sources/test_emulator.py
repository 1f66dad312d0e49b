"""The emulator finds what would go wrong on a device."""

import numpy as np
import pytest

from tengen.kernels.cuda.program import program, using

from .emulator import BACKWARD, COMPILER, FORWARD, Emulator, KernelError
from .guarded import guarded

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")

TEXT = """
#include "device.cuh"

KERNEL reverse_without_barrier(int* x, int64 n) {
    SHARED(int, kept, 64);
    kept[threadIdx.x] = x[threadIdx.x];
    x[threadIdx.x] = kept[n - 1 - threadIdx.x];
}

KERNEL reverse(int* x, int64 n) {
    SHARED(int, kept, 64);
    kept[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = kept[n - 1 - threadIdx.x];
}

KERNEL past_the_end(int* x, int64 n) { x[n] = 1; }

KERNEL past_shared(int* x, int64 n) {
    SHARED(int, kept, 8);
    kept[8 + threadIdx.x % 2] = 1;
    x[0] = kept[0];
}

KERNEL apart(int* x, int64 n) {
    if (threadIdx.x % 2) __syncthreads();
}

KERNEL unset(float* x, int64 n) {
    SHARED(float, kept, 8);
    x[threadIdx.x] = kept[threadIdx.x % 8];
}

KERNEL votes(int* x, int64 n) {
    unsigned odd = __ballot_sync(WHOLE_WARP, threadIdx.x % 2);
    x[threadIdx.x] = __shfl_sync(WHOLE_WARP, (int)threadIdx.x, 5) + __popc(odd);
}

KERNEL sums(int* x, int64 n) {
    x[threadIdx.x] = (int)over_block<Sum>((float)threadIdx.x);
    atomicAdd(x, 0);
}
"""


def _run(entry, array, threads=64, order=FORWARD):
    with using(Emulator(order)):
        program("emulator", TEXT)(entry, 1, threads, array, array.size)
    return array


def _numbers(dtype=np.int32):
    made = guarded((64,), dtype)
    made[...] = np.arange(64)
    return made


def test_barriers_exchanges_and_votes_behave():
    np.testing.assert_array_equal(_run("reverse", _numbers()), np.arange(64)[::-1])
    np.testing.assert_array_equal(_run("votes", _numbers())[:32], np.full(32, 5 + 16))
    np.testing.assert_array_equal(_run("sums", _numbers()), np.full(64, 63 * 32))


def test_a_missing_barrier_shows_in_another_order():
    forward = _run("reverse_without_barrier", _numbers())
    backward = _run("reverse_without_barrier", _numbers(), order=BACKWARD)
    assert (forward != backward).any()


def test_a_write_past_the_end_is_a_fault():
    with pytest.raises(KernelError, match="fault at address"):
        _run("past_the_end", _numbers())


def test_a_write_past_shared_memory_is_found():
    with pytest.raises(KernelError, match="outside shared memory"):
        _run("past_shared", _numbers())


def test_a_barrier_that_some_threads_miss_is_found():
    with pytest.raises(KernelError, match="have left before the barrier"):
        _run("apart", _numbers())


def test_shared_memory_starts_as_no_number():
    assert np.isnan(_run("unset", _numbers(np.float32))).all()
