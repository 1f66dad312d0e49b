"""Running statistics on the GPU, of one batch norm or of a whole model, in a few launches."""

import struct
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.cuda import tables
from ..kernels.cuda.program import program
from .fused_update import fused_running_statistics
from .launching_cuda import THREADS, TYPES
from .running import running_statistics

PIECE = 256
"""Elements of a block, as running.cu has them."""

WORDS = 6


def _word(number: float) -> int:
    """A double's bits, as a table holds them."""
    return struct.unpack("Q", struct.pack("d", number))[0]  # type: ignore[no-any-return]


def _bind(in_types: Any, out_types: Any, momentums: Any, counts: Any) -> Bound | None:
    old, fresh = in_types[0].dtype, in_types[2].dtype
    kinds = [t.dtype for t in in_types]
    expected = [old, old, fresh, fresh] * len(counts)
    if kinds != expected or old not in dt.FLOATS or fresh not in dt.FLOATS:
        return None
    most = min(tables.capacity(WORDS), 2 * len(counts))
    kernel = program("running", TYPE=TYPES[old], STATISTIC=TYPES[fresh], MOST=most)
    sizes = [t.size for t in out_types]
    shares: list[tuple[int, int]] = []
    for momentum, count in zip(momentums, counts, strict=True):
        rest = 1 - momentum
        unbiased = rest * count / max(count - 1, 1)
        shares += [(_word(momentum), _word(rest)), (_word(momentum), _word(unbiased))]

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        address = tables.address()
        for numbers in tables.chunks(len(sizes), most):
            items = []
            for number in numbers:
                place = 4 * (number // 2) + number % 2
                from_, to = address(ins[place]), address(outs[number])
                items.append((from_, address(ins[place + 2]), to, *shares[number], sizes[number]))
            table, grid = tables.pack(items, [sizes[n] for n in numbers], PIECE, most, False)
            kernel("run", grid, THREADS, table)

    return Bound(run, (None,) * len(in_types), out_types, inplace=(0, 0))


@fused_running_statistics.backend("cuda", "gpu")
def build(in_types: Any, out_types: Any, *, momentums: Any, counts: Any) -> Bound | None:
    """All batch norms of a model."""
    return _bind(in_types, out_types, momentums, counts)


@running_statistics.backend("cuda", "gpu")
def build_one(in_types: Any, out_types: Any, *, momentum: float, count: int) -> Bound | None:
    """Mean and variance in one launch."""
    return _bind(in_types, out_types, (momentum,), (count,))
