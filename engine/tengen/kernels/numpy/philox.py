"""Philox4x32-10, the counter-based random generator, in plain text over any NumPy-like module.

A number is a pure function of (seed, stream, index): no state moves. The 64-bit seed is the key
(low word first). The 128-bit counter's low half is the block number and its high half the stream,
each low word first; a block gives four 32-bit words, so word `i` is word `i % 4` of block `i // 4`.
A state is an array of two uint64: the seed and the next block.
Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
"""

from typing import Any

import numpy as np

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_INCREMENTS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_WORD = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_CHUNK = 1 << 12  # blocks at a time, so that temporaries stay in cache


def philox(key: Any, low: Any, high: Any) -> tuple[Any, Any, Any, Any]:
    """The four words (in uint64 arrays) of the counters with halves `low` and `high`.

    All are uint64, numbers or arrays.
    """
    c0, c1, c2, c3 = low & _WORD, low >> _SHIFT, high & _WORD, high >> _SHIFT
    k0, k1 = key & _WORD, key >> _SHIFT
    for _ in range(10):
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _WORD
        c2, c3 = (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _WORD
        k0, k1 = (k0 + _INCREMENTS[0]) & _WORD, (k1 + _INCREMENTS[1]) & _WORD
    return c0, c1, c2, c3


def blocks(xp: Any, state: Any, count: int, stream: int = 0) -> Any:
    """`count` blocks from a state on: uint32 of shape (count, 4)."""
    out = xp.empty((count, 4), np.uint32)
    step = _CHUNK if xp is np else max(count, 1)
    for start in range(0, count, step):
        numbers = xp.arange(start, min(start + step, count), dtype=np.uint64) + state[1]
        for column, word in enumerate(philox(state[0], numbers, np.uint64(stream))):
            out[start : start + step, column] = word
    return out


def words(xp: Any, state: Any, count: int) -> Any:
    """`count` words from a state on, uint32."""
    return blocks(xp, state, -(-count // 4)).reshape(-1)[:count]


def unit32(bits: Any) -> Any:
    """float32 in [0, 1): the upper 24 bits of words."""
    return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def unit64(first: Any, second: Any) -> Any:
    """float64 in [0, 1) of 53 bits: the upper 27 of one word, then the upper 26 of another."""
    upper = (first >> np.uint32(5)).astype(np.float64)
    return (upper * 2.0**26 + (second >> np.uint32(6))) * 2.0**-53


def wide_units(xp: Any, state: Any, count: int) -> Any:
    """`count` float64 in [0, 1) of 53 random bits each: two from a block."""
    pairs = words(xp, state, 2 * count).reshape(-1, 2)
    return unit64(pairs[:, 0], pairs[:, 1])


def normal_pair(xp: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Two standard normals (float64) from two uniforms in [0, 1), by Box and Muller (1958)."""
    radius = xp.sqrt(-2.0 * xp.log1p(-first))
    angle = (2.0 * np.pi) * second
    return radius * xp.cos(angle), radius * xp.sin(angle)


def normals(xp: Any, state: Any, count: int) -> Any:
    """`count` standard normals in float64, good for float32: two from two words."""
    pairs = words(xp, state, count + count % 2).reshape(-1, 2).astype(np.float64) * 2.0**-32
    both = normal_pair(xp, pairs[:, 0], pairs[:, 1])
    return xp.stack(both, axis=1).reshape(-1)[:count]


def wide_normals(xp: Any, state: Any, count: int) -> Any:
    """`count` standard normals in float64 of 53 random bits each: two from a block."""
    block = blocks(xp, state, -(-count // 2))
    first, second = unit64(block[:, 0], block[:, 1]), unit64(block[:, 2], block[:, 3])
    return xp.stack(normal_pair(xp, first, second), axis=1).reshape(-1)[:count]
