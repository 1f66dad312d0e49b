"""Random words, uniforms, normals and dropout by counter, equal on any number of threads.

The state is (seed, next block) and word i is word `i % 4` of block `block + i // 4`, as
`kernels/numpy/philox.py` defines; words, uniforms and dropout are equal to it bit for bit, normals
within an ulp. Dropout needs no stored mask: its backward is the same call on the gradient.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..numpy import philox
from . import service
from .flat import flat, flat_output, parts
from .passes import entry, header, indented

Array = NDArray[np.floating]
State = NDArray[np.uint64]


def words(state: State, out: NDArray[np.uint32]) -> None:
    """Writes the first words behind the state into a contiguous uint32 array."""
    kernel = service.request("random_words", _text("out[i] = word", "uint32"))
    if not kernel.ready:
        out[...] = philox.words(np, state, out.size).reshape(out.shape)
        return
    kernel(flat_output(out), *_numbers(state), parts(out.size))


def uniform(state: State, out: NDArray[np.float32]) -> None:
    """Writes float32 uniforms in [0, 1), one from the upper 24 bits of each word."""
    kernel = service.request("random_uniform", _text(_UNIFORM, "float32"))
    if not kernel.ready:
        out[...] = philox.unit32(philox.words(np, state, out.size)).reshape(out.shape)
        return
    kernel(flat_output(out), *_numbers(state), parts(out.size))


def normal(state: State, out: NDArray[np.float32]) -> None:
    """Writes standard normals, two from two words, formed in float64 and rounded to float32."""
    kernel = service.request("random_normal", _text(_NORMAL, "float32"))
    if not kernel.ready:
        out[...] = philox.normals(np, state, out.size).reshape(out.shape)
        return
    kernel(flat_output(out), *_numbers(state), parts(4 * out.size))


def dropout(x: Array, out: Array, dropped: int, scale: float, state: State) -> None:
    """Writes `x * scale` where an element's word is at least `dropped` (0 to 2**32), else zero."""
    kernel = service.request("dropout", _text(_DROPOUT, x.dtype.name, dropout=True))
    if not kernel.ready:
        bits = philox.words(np, state, x.size).reshape(x.shape).astype(np.uint64)
        out[...] = np.where(bits >= np.uint64(dropped), x * x.dtype.type(scale), x.dtype.type(0))
        return
    kernel(flat_output(out), flat(x), dropped, scale, *_numbers(state), parts(x.size))


def _numbers(state: State) -> tuple[int, int]:
    """Seed and block as the signed integers that the kernels take."""
    seed, block = state.view(np.int64).tolist()
    return seed, block


_UNIFORM = "out[i] = T(word >> np.uint32(8)) * T(2.0 ** -24)"
_DROPOUT = "out[i] = x[i] * T(scale) if int64(word) >= dropped else T(0)"
_NORMAL = """\
radius = math.sqrt(-2.0 * math.log1p(-float64(buffer[j - j % 2]) * 2.0 ** -32))
angle = 2.0 * math.pi * (float64(buffer[j - j % 2 + 1]) * 2.0 ** -32)
out[i] = T(radius * (math.cos(angle) if j % 2 == 0 else math.sin(angle)))"""

# 256 blocks at a time into a buffer: plain loops of known length, which LLVM turns into vectors.
_WORK = """\
    chunks = (out.size + 1023) // 1024
    buffer = np.empty(1024, np.uint32)
    low_half = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    for chunk in range(part * chunks // parts, (part + 1) * chunks // parts):
        for j in range(256):
            number = np.uint64(block) + np.uint64(chunk * 256 + j)
            c0 = number & low_half
            c1 = number >> shift
            c2 = np.uint64(0)
            c3 = np.uint64(0)
            k0 = np.uint64(seed) & low_half
            k1 = np.uint64(seed) >> shift
            for _ in range(10):
                p0 = c0 * np.uint64(0xD2511F53)
                p1 = c2 * np.uint64(0xCD9E8D57)
                c0 = (p1 >> shift) ^ c1 ^ k0
                c1 = p1 & low_half
                c2 = (p0 >> shift) ^ c3 ^ k1
                c3 = p0 & low_half
                k0 = (k0 + np.uint64(0x9E3779B9)) & low_half
                k1 = (k1 + np.uint64(0xBB67AE85)) & low_half
            buffer[4 * j] = np.uint32(c0)
            buffer[4 * j + 1] = np.uint32(c1)
            buffer[4 * j + 2] = np.uint32(c2)
            buffer[4 * j + 3] = np.uint32(c3)
        start = chunk * 1024
        for j in range(min(1024, out.size - start)):
            i = start + j
            word = buffer[j]
"""


@cache
def _text(each: str, dtype: str, dropout: bool = False) -> str:
    """A kernel that does `each` for every element `i` with its random `word`."""
    arguments = [("out", "OUT")]
    if dropout:
        arguments += [("x", "IN"), ("dropped", "int64"), ("scale", "float64")]
    arguments += [("seed", "int64"), ("block", "int64")]
    lines = [
        header(dtype, 8),
        "@inner",
        f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
        _WORK.rstrip(),
        *indented(each.splitlines(), 3),
    ]
    return "\n".join(lines) + "\n" + entry(arguments)
