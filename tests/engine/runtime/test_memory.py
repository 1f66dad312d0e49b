"""Accounts true to the byte, the arena, the capacity, and who holds what."""

import gc
import itertools
import threading

import numpy as np
import pytest

import tengen as tg
from tengen.base.errors import OutOfMemoryError
from tengen.graph.types import TensorType
from tengen.ops.elementwise import add, mul
from tengen.ops.shape import reshape, transpose
from tengen.runtime import memory
from tengen.runtime.arena import ALIGN, Arena
from tengen.runtime.buffer import empty
from tengen.runtime.ground import release_idle
from tengen.runtime.holders import live_blocks


@pytest.fixture
def base():
    gc.collect()
    release_idle(0)  # or a refused call would do so, and change what is counted from
    return memory.used_bytes()


@pytest.mark.parametrize("count", [1, 1000, 100_000, 1_000_001])
def test_used_bytes_are_exact(base, count):
    x = tg.Tensor(np.zeros(count, np.float32))
    assert memory.used_bytes() - base == 4 * count
    y = add(x, x)
    assert memory.used_bytes() - base == 8 * count
    del x
    assert memory.used_bytes() - base == 4 * count
    del y
    assert memory.used_bytes() == base


def test_views_cost_nothing_and_keep_the_owner(base):
    x = tg.Tensor(np.arange(300_000, dtype=np.float32).reshape(300, 1000))
    held = memory.used_bytes()
    y = transpose(reshape(x, shape=(1000, 300)), pattern=(1, 0))
    assert memory.used_bytes() == held
    want = np.arange(300_000, dtype=np.float32).reshape(1000, 300).T
    del x
    assert memory.used_bytes() == held
    np.testing.assert_array_equal(y.numpy(), want)
    del y
    assert memory.used_bytes() == base


def test_peak_is_the_most_ever_held(base):
    memory.reset_peak()
    x = tg.Tensor(np.zeros(50_000, np.float32))
    y = mul(x, x)
    del y
    z = mul(x, x)
    assert memory.peak_bytes() - base == 2 * 200_000
    del z, x
    assert memory.peak_bytes() - base == 2 * 200_000
    memory.reset_peak()
    assert memory.peak_bytes() == memory.used_bytes() == base


def test_freed_blocks_are_found_again():
    x = tg.Tensor(np.zeros(1 << 20, np.float32))
    add(x, x)
    before = memory.reserved_bytes()
    for _ in range(20):
        add(x, x)
    assert memory.reserved_bytes() == before


def test_values_survive_reuse_of_memory():
    rng = np.random.default_rng(0)
    want, kept = [], []
    for _ in range(200):
        array = rng.standard_normal(rng.integers(1, 60_000)).astype(np.float32)
        t = tg.Tensor(array)
        if rng.random() < 0.5:
            want.append(array)
            kept.append(t)
        elif kept and rng.random() < 0.5:
            index = int(rng.integers(len(kept)))
            want.pop(index)
            kept.pop(index)
    for t, array in zip(kept, want, strict=True):
        np.testing.assert_array_equal(t.numpy(), array)


def test_arena_hands_out_apart_aligned_blocks_and_merges():
    rng = np.random.default_rng(1)
    arena = Arena()
    live = []
    for _ in range(2000):
        if live and rng.random() < 0.48:
            arena.release(live.pop(int(rng.integers(len(live)))))
        else:
            live.append(arena.allocate(int(rng.integers(1, 1 << 20))))
    spans = sorted((id(b.segment), b.offset, b.offset + b.size) for b in live)
    for (seg, _, stop), (other, start, _) in itertools.pairwise(spans):
        assert seg != other or stop <= start
    assert all(b.offset % ALIGN == 0 and b.size >= b.nbytes for b in live)
    for block in live:
        arena.release(block)
    assert len(arena.free) == len(arena.segments)
    assert sum(size for size, _, _ in arena.free) == arena.reserved


def test_threads_keep_the_accounts_true(base):
    def work():
        for _ in range(300):
            t = tg.Tensor(np.ones(20_000, np.float32))
            add(t, t)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    gc.collect()
    assert memory.used_bytes() == base


def test_passing_the_capacity_names_the_holders(base):
    with tg.config.override(memory_limit=base + 10_000_000):
        held = tg.Tensor(np.zeros(2_000_000, np.float32), name="the large one")
        with pytest.raises(OutOfMemoryError) as caught:
            add(held, held)
        text = str(caught.value)
        assert "8,000,000 more bytes" in text and "the large one" in text
        assert "test_memory.py" in text and "memory_limit" in text
        assert memory.used_bytes() - base == 8_000_000, "nothing was booked for the refused call"
        del held
        small = tg.Tensor(np.zeros(10, np.float32))
        np.testing.assert_array_equal(add(small, small).numpy(), np.zeros(10))


def test_blocks_know_operator_and_line():
    x = tg.Tensor(np.zeros((512, 512), np.float32), name="the input")
    y = mul(x, x)
    blocks = live_blocks()
    (data,) = [h for h in blocks if (h.tensor, h.op) == ("the input", "data")]
    (product,) = [h for h in blocks if h.op == "mul" and "y = mul(x, x)" in h.source]
    assert data.shape == (512, 512)
    assert product.nbytes == y.size * 4


def test_trim_gives_pages_back():
    x = empty(TensorType.of((64 << 20,), "uint8"), None)
    x.array.fill(1)
    del x
    assert memory.trim() >= 32 << 20
