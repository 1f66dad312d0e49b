"""Philox4x32-10: random bits as a function of a key and a counter, over any NumPy-like module.

Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). The key is a
64-bit seed (word 0 its low half). The counter's low 64 bits count blocks of four 32-bit words, its
high 64 bits name a stream. A state is an array of two uint64: the seed and the next block.
"""

from typing import Any

import numpy as np

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
CHUNK = 4096
"""Blocks computed at a time on the CPU, so that the working arrays stay in the cache."""

_32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def philox(xp: Any, key: Any, low: Any, high: Any) -> tuple[Any, Any, Any, Any]:
    """The four output words (in uint64 arrays) of counters whose halves are `low` and `high`.

    `key`, `low`, `high`: uint64, scalar or array.
    """
    a, b = low & _LOW, low >> _32
    c, d = high & _LOW, high >> _32
    k0, k1 = key & _LOW, key >> _32
    m0, m1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
    w0, w1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
    for _ in range(ROUNDS):
        p, q = a * m0, c * m1
        a, b = (q >> _32) ^ b ^ k0, q & _LOW
        c, d = (p >> _32) ^ d ^ k1, p & _LOW
        k0, k1 = (k0 + w0) & _LOW, (k1 + w1) & _LOW
    return a, b, c, d


def blocks(xp: Any, state: Any, count: int, stream: int = 0) -> Any:
    """`count` consecutive blocks from a state on: uint32 of shape (count, 4)."""
    out = xp.empty((count, 4), np.uint32)
    high = np.uint64(stream)
    step = CHUNK if xp is np else max(count, 1)
    for start in range(0, count, step):
        stop = min(start + step, count)
        low = xp.arange(start, stop, dtype=np.uint64) + state[1]
        for column, word in enumerate(philox(xp, state[0], low, high)):
            out[start:stop, column] = word
    return out


def words(xp: Any, state: Any, count: int) -> Any:
    """`count` random 32-bit words from a state on, uint32: word i is word i % 4 of block i // 4."""
    return blocks(xp, state, -(-count // 4)).reshape(-1)[:count]


def unit32(bits: Any) -> Any:
    """float32 in [0, 1) from the upper 24 of 32 bits: every value a multiple of 2**-24."""
    return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def unit64(high: Any, low: Any) -> Any:
    """float64 in [0, 1) from two 32-bit words: 53 bits, the upper 27 and 26 of the words."""
    upper = (high >> np.uint32(5)).astype(np.float64)
    return (upper * 2.0**26 + (low >> np.uint32(6))) * 2.0**-53


def normal_pair(xp: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Two independent standard normals (float64) from uniforms in [0, 1), by Box and Muller."""
    radius = xp.sqrt(-2.0 * xp.log1p(-first))
    angle = (2.0 * np.pi) * second
    return radius * xp.cos(angle), radius * xp.sin(angle)


def unit_of_word(bits: Any) -> Any:
    """float64 in [0, 1) with all 32 bits of a word."""
    return bits.astype(np.float64) * 2.0**-32


def normals(xp: Any, state: Any, count: int) -> Any:
    """`count` standard normals in float64, good for float32: numbers 2i, 2i + 1 from those words."""
    pairs = words(xp, state, count + count % 2).reshape(-1, 2)
    made = normal_pair(xp, unit_of_word(pairs[:, 0]), unit_of_word(pairs[:, 1]))
    return xp.stack(made, axis=1).reshape(-1)[:count]


def wide_normals(xp: Any, state: Any, count: int) -> Any:
    """`count` standard normals in float64 with 53 random bits each: two from a block."""
    block = blocks(xp, state, -(-count // 2))
    first, second = unit64(block[:, 0], block[:, 1]), unit64(block[:, 2], block[:, 3])
    return xp.stack(normal_pair(xp, first, second), axis=1).reshape(-1)[:count]


def wide_units(xp: Any, state: Any, count: int) -> Any:
    """`count` float64 in [0, 1) with 53 random bits each: two from a block."""
    pairs = words(xp, state, 2 * count).reshape(-1, 2)
    return unit64(pairs[:, 0], pairs[:, 1])
