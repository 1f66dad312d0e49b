"""One step for many small arrays in one launch.

A `Many` knows the arrays by their addresses: a row for each item, of arrays of one size. Rows are
dealt out among threads where there is enough to do. The rules are the optimizers' (`optimizer`)
and that of running statistics, and each writes into its first arrays.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import optimizer_numpy, optimizer_source, service
from .flat import parts
from .optimizer_source import Rule
from .passes import Pass, entry, header, indented

Array = NDArray[np.floating]

_RUNNING = Rule(
    [],
    ["momentum", "share"],
    ["STORE(param, p * momentum + g * share)"],
)
"""A running number moves towards the batch's: `param` is the running, `gradient` the new one."""


class Many:
    """The arrays of many items: `rows[i]` are those of item i, in the order of the rule.

    Arrays are C-contiguous, of one dtype, and as long as the Many lives must stay where they are.
    """

    def __init__(self, rule: str, rows: Sequence[Sequence[Array]]):
        self.rule = rule
        self.rows = [list(row) for row in rows]
        self.dtype = rows[0][0].dtype
        self._addresses = np.array(
            [array.__array_interface__["data"][0] for row in rows for array in row], np.int64
        )
        self._sizes = np.array([row[0].size for row in rows], np.int64)
        self._parts = min(parts(int(self._sizes.sum())), len(rows))

    def run(self, scalars: NDArray[np.float64]) -> None:
        """Do the step: `scalars` holds a row for each item, or one row for all."""
        kernel = service.request(*_text(self.rule, self.dtype.name))
        numbers = np.broadcast_to(scalars, (len(self.rows), scalars.shape[-1]))
        if kernel.ready:
            flat = np.array(numbers).reshape(-1)  # a broadcast array cannot be written to
            kernel(self._addresses, self._sizes, flat, self._parts)
            return
        for row, given in zip(self.rows, numbers.tolist(), strict=True):
            if self.rule == "running":
                np.multiply(row[0], given[0], out=row[0])
                row[0] += row[1] * self.dtype.type(given[1])
            else:
                optimizer_numpy.rules[self.rule](row[0], row[1], row[2:], given)


def _rule(name: str) -> Rule:
    return _RUNNING if name == "running" else optimizer_source.RULES[name]


@cache
def _text(name: str, dtype: str) -> tuple[str, str]:
    """The name and source of a kernel `(addresses, sizes, numbers, parts)`."""
    rule = _rule(name)
    arrays = ["param", "gradient", *rule.states]
    taken = [
        f"{array} = carray(pointer(addresses[row * {len(arrays)} + {i}]), (size,), T)"
        for i, array in enumerate(arrays)
    ]
    taken += [
        f"{scalar} = T(numbers[row * {len(rule.scalars)} + {i}])"
        for i, scalar in enumerate(rule.scalars)
    ]
    body = Pass(["p = LOAD(param)", "g = LOAD(gradient)", *rule.lines])
    arguments = [("addresses", "WHOLE"), ("sizes", "WHOLE"), ("numbers", "WIDE")]
    lines = [
        header(dtype),
        "from numba import carray",
        "from tengen.kernels.numba.addresses import pointer",
        "",
        'WHOLE = types.Array(int64, 1, "C")',
        "",
        "@inner",
        "def work(part, parts, addresses, sizes, numbers):",
        "    for row in range(part, sizes.size, parts):",
        "        size = sizes[row]",
        *indented([*taken, "at = 0", *body.along_run("size")], 2),
    ]
    return f"many_{name}_{dtype}", "\n".join(lines) + "\n" + entry(arguments)
