"""Random numbers as functions of a state: uniform, normal, exponential, permutation, dropout.

The state is a uint64 tensor of two numbers: the seed and the next block of Philox4x32-10. Every
operator gives its values and the state behind what it used, so that a program which carries the
state repeats to the bit, eager, traced or recomputed. Bits and uniforms are equal on every
backend, normals within an ulp.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from ..kernels.numpy import philox
from .sampling import draw, strided

NO_EDGE = dict.fromkeys(("0-size", "0-d", "non-contiguous"), "its input is the state")


def check_state(name: str, state: TensorType) -> TensorType:
    """The state's type. Raises unless it is two uint64."""
    if state.dtype != dt.uint64 or state.shape != (2,):
        raise DTypeError(f"[{name}] the state is uint64 of shape (2,); got {state}")
    return state


def advanced(xp: Any, state: Any, blocks: int) -> Any:
    """The state `blocks` blocks later."""
    return state + xp.arange(2, dtype=np.uint64) * np.uint64(blocks)


def sample_state(rng: np.random.Generator) -> Any:
    """A state somewhere in the counter's range, beyond 32 bits."""
    return rng.integers(0, 2**40, 2).astype(np.uint64)


class Draw(OpDef):
    """A tensor of independent values of `shape` and `dtype`; a subclass says which."""

    attrs = {"shape": (), "dtype": dt.float32}
    dtypes = (dt.uint64,)
    choices = {"dtype": dt.FLOATS}
    single = False
    differentiable = False
    without = NO_EDGE
    why_no_grad = "it is made of random bits"

    def infer(self, state: TensorType, *, shape: Shape, dtype: Any) -> tuple[TensorType, ...]:
        check_state(self.name, state)
        if dtype not in dt.FLOATS:
            raise DTypeError(f"[{self.name}] gives floats; {dtype} was asked for")
        if any(d < 0 for d in shape):
            raise ShapeError(f"[{self.name}] a shape has no negative dimensions; got {shape}")
        return state.make(shape, dtype), state

    def blocks(self, count: int, dtype: Any) -> int:
        """The blocks that `count` values use."""
        return -(-count // (2 if dtype == dt.float64 else 4))

    def values(self, xp: Any, state: Any, count: int, dtype: Any) -> Any:
        """`count` values, flat."""
        raise NotImplementedError(f"[{self.name}] values")

    def kernel(self, xp: Any, state: Any, *, shape: Shape, dtype: Any) -> tuple[Any, ...]:
        count = int(np.prod(shape, dtype=np.int64))
        made = self.values(xp, state, count, dtype).astype(dtype, copy=False)
        return made.reshape(shape), advanced(xp, state, self.blocks(count, dtype))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in dt.FLOATS:
            yield Sample((sample_state(rng),), {"shape": (3, 5), "dtype": dtype})
        yield Sample((sample_state(rng),), {"shape": ()})
        yield Sample((sample_state(rng),), {"shape": (0, 3)})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.zeros(2, "int32"),), "the state is uint64 of shape (2,)")
        state = np.zeros(2, "uint64")
        yield BadSample((state,), "no negative dimensions", {"shape": (-1,)})
        yield BadSample((state,), "gives floats", {"dtype": dt.int32})


class Uniform(Draw):
    """Values in [0, 1): the upper bits of a word, as many as the type holds (float64: of two)."""

    def values(self, xp: Any, state: Any, count: int, dtype: Any) -> Any:
        if dtype == dt.float64:
            return philox.wide_units(xp, state, count)
        bits = philox.words(xp, state, count)
        if dtype == dt.float32:
            return philox.unit32(bits)
        kept = 11 if dtype == dt.float16 else 8
        return (bits >> np.uint32(32 - kept)).astype(np.float32) * np.float32(2.0**-kept)


class Normal(Draw):
    """Standard normal values by Box and Muller's method, formed in float64."""

    def values(self, xp: Any, state: Any, count: int, dtype: Any) -> Any:
        wide = dtype == dt.float64
        return (philox.wide_normals if wide else philox.normals)(xp, state, count)


class Exponential(Draw):
    """Exponential values of rate 1, formed in float64."""

    def values(self, xp: Any, state: Any, count: int, dtype: Any) -> Any:
        if dtype == dt.float64:
            units = philox.wide_units(xp, state, count)
        else:
            units = philox.words(xp, state, count).astype(np.float64) * 2.0**-32
        return -xp.log1p(-units)


class Permutation(OpDef):
    """The numbers 0 to n - 1 in random order, int64: they are sorted by 64 random bits each."""

    attrs = {"n": 0}
    dtypes = (dt.uint64,)
    single = False
    differentiable = False
    without = NO_EDGE

    def infer(self, state: TensorType, *, n: int) -> tuple[TensorType, ...]:
        check_state("permutation", state)
        if n < 0:
            raise ArgumentError(f"[permutation] n is 0 or more; got {n}")
        return state.make((n,), dt.int64), state

    def kernel(self, xp: Any, state: Any, *, n: int) -> tuple[Any, ...]:
        pairs = philox.words(xp, state, 2 * n).reshape(n, 2).astype(np.uint64)
        order = xp.argsort((pairs[:, 0] << np.uint64(32)) | pairs[:, 1], kind="stable")
        return order.astype(np.int64, copy=False), advanced(xp, state, -(-n // 2))

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for n in (0, 1, 7):
            yield Sample((sample_state(rng),), {"n": n})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.zeros(2, "uint64"),), "n is 0 or more", {"n": -1})


class Dropout(OpDef):
    """`x` with each element made 0 with probability p, the others divided by 1 - p.

    Element i stays if word i is at least p * 2**32. The gradient draws the same words from the
    same state again, so nothing of the size of `x` is kept for it.
    """

    attrs = {"p": 0.5}
    dtypes = dt.FLOATS
    single = False

    def infer(self, x: TensorType, state: TensorType, *, p: float) -> tuple[TensorType, ...]:
        require_dtypes("dropout", self.dtypes, x)
        check_state("dropout", state)
        if not 0 <= p <= 1:
            raise ArgumentError(f"[dropout] the probability lies between 0 and 1; got {p}")
        return x, state

    def kernel(self, xp: Any, x: Any, state: Any, *, p: float) -> tuple[Any, ...]:
        bits = philox.words(xp, state, x.size).reshape(x.shape)
        keep = bits.astype(np.uint64) >= np.uint64(dropped(p))
        work = dt.accumulator(x.dtype)
        kept = x.astype(work, copy=False) * work.type(scale(p))
        made = xp.where(keep, kept, work.type(0)).astype(x.dtype, copy=False)
        return made, advanced(xp, state, -(-x.size // 4))

    def grad(self, call: Call, dy: Any, _: Any) -> tuple[Any, ...]:
        return dropout(dy, call.inputs[1], p=call.attrs.p)[0], None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 5), dtype), sample_state(rng)))
        for p in (0.0, 0.1, 1.0):
            yield Sample((draw(rng, (2, 3, 4)), sample_state(rng)), {"p": p})
        yield Sample((draw(rng, (0, 3)), sample_state(rng)))
        yield Sample((draw(rng, ()), sample_state(rng)))
        yield Sample((strided(draw(rng, (4, 6))), sample_state(rng)))

    def bad_samples(self) -> Iterator[BadSample]:
        pair = np.ones(3, "float32"), np.zeros(2, "uint64")
        yield BadSample(pair, "lies between 0 and 1", {"p": 1.5})
        yield BadSample((pair[0], pair[0]), "the state is uint64")


def dropped(p: float) -> int:
    """How many of the 2**32 words mean that an element is dropped."""
    return round(p * 2**32)


def scale(p: float) -> float:
    """What an element that stays is multiplied by."""
    return 1 / (1 - p) if p < 1 else 0.0


uniform = Uniform()
normal = Normal()
exponential = Exponential()
permutation = Permutation()
dropout = Dropout()
