"""Writes the vector loops of generated kernels.

A *pass* walks runs of memory and does the same few lines at every step. Its body is text with
`LOAD(array)`, `STORE(array, value)`, `ADD(total, value)`, `MAX(largest, value)`, `COLUMN(array)` (a
vector shared by all rows) and `KEEP(value)` (zero beyond the run). A step handles one vector; the
last, shorter one of a run is masked, so that nothing beyond it is read, written or summed.
Loops are written out in place: Numba spends a fifth of a second on every further function.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADER = """\
import math
import numpy as np
from numba import float32, float64, int64, njit, types, uint32
from tengen.kernels.numba.launch import launch
from tengen.kernels.numba.mathematics import *
from tengen.kernels.numba.simd import *

T = {dtype}
W = {lanes}
IN = types.Array(T, 1, "C", readonly=True)
OUT = types.Array(T, 1, "C")
WIDE = types.Array(float64, 1, "C")
strict = dict(fastmath={{"contract"}}, error_model="numpy", nogil=True)
inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **strict)
entry = dict(no_cfunc_wrapper=True, cache=True, **strict)
"""


def header(dtype: str, lanes: int | None = None) -> str:
    """The opening of every kernel file: imports, the element type `T`, the vector width `W`."""
    return HEADER.format(dtype=dtype, lanes=lanes or (16 if dtype == "float32" else 8))


def indented(lines: Iterable[str], depth: int = 1) -> list[str]:
    """The lines moved right by `depth` levels."""
    return ["    " * depth + line for line in lines]


def shared(arguments: Sequence[tuple[str, str]], body: Sequence[str]) -> list[str]:
    """The text of a `work` whose body does the elements `first` to `last` of `size`."""
    return [
        "@inner",
        f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
        "    vectors = (size + W - 1) // W",
        "    first = part * vectors // parts * W",
        "    last = min((part + 1) * vectors // parts * W, size)",
        *indented(body),
        "",
    ]


def entry(arguments: Sequence[tuple[str, str]]) -> str:
    """The text of `kernel`: `work(part, parts, ...)` once, or once a thread for several parts.

    `arguments` are names with the text of their types; `parts` is added as the last.
    """
    names = ", ".join(name for name, _ in arguments)
    types = ", ".join(kind for _, kind in arguments)
    return "\n".join(
        [
            "",
            f"@njit(types.void({types}, int64), **entry)",
            f"def kernel({names}, parts):",
            "    if parts == 1:",
            # written without literals, for which Numba would compile `work` a second time
            f"        work(parts - 1, parts, {names})",
            "    else:",
            f"        launch(work, parts, ({names},))",
            "",
        ]
    )


@dataclass(frozen=True)
class Pass:
    """One vector loop: what it does at each step, and which sums it leaves behind.

    After the loop every total is a vector in `down_columns` and a number in `along_run`.
    """

    body: Sequence[str]
    totals: Sequence[str] = ()
    maxima: Sequence[str] = ()

    @property
    def _copies(self) -> int:
        """Independent sums hide the latency of addition; without sums one copy is as fast."""
        return 2 if self.totals else 1

    def along_run(self, count: str) -> list[str]:
        """Lines that walk `count` consecutive elements from the variable `at` on."""
        copies = self._copies
        lines = [*self._zeros(), f"end = at + {count}", f"while at + {copies} * W <= end:"]
        for copy in range(copies):
            lines += indented([*self._step(copy), "at += W"])
        masked = ["rest = end - at", *self._step(0, masked=True), "at += W"]
        lines += ["while at < end:", *indented(masked)]
        lines += [f"{t} = sum_lanes({self._sum(t)})" for t in self.totals]
        return lines + [f"{m} = max_lanes({m}_0)" for m in self.maxima]

    def down_columns(self, count: str, stride: str, narrow: bool) -> list[str]:
        """Lines that walk `count` rows of at most W columns from `at` on, `stride` elements apart.

        With `narrow` the variable `rest` says how many columns there are.
        """
        copies = self._copies
        full = [f"for _ in range({count} // {copies}):"]
        for copy in range(copies):
            full += indented([*self._step(copy), f"at += {stride}"])
        if copies > 1:
            full += [f"if {count} % 2 == 1:", *indented(self._step(0))]
        if narrow:
            masked = indented([*self._step(0, masked=True), f"at += {stride}"])
            full = ["if rest >= W:", *indented(full), "else:"]
            full += indented([f"for _ in range({count}):", *masked])
        return [*self._zeros(), *full] + [f"{t} = {self._sum(t)}" for t in self.totals]

    def _zeros(self) -> list[str]:
        copies = range(self._copies)
        lines = [f"{t}_{copy} = splat(T(0), W)" for t in self.totals for copy in copies]
        return lines + [f"{m}_0 = splat(T(-np.inf), W)" for m in self.maxima]

    def _sum(self, total: str) -> str:
        return " + ".join(f"{total}_{copy}" for copy in range(self._copies))

    def _step(self, copy: int, masked: bool = False) -> list[str]:
        rest = ", rest" if masked else ""
        some = "_part" if masked else ""
        term = r"keep(\2, rest)" if masked else r"\2"
        lines = []
        for line in self.body:
            line = re.sub(r"LOAD\((\w+)\)", rf"load{some}(\1, at, W{rest})", line)
            line = re.sub(r"COLUMN\((\w+)\)", rf"load{some}(\1, at - row * columns, W{rest})", line)
            line = re.sub(r"KEEP\((.+?)\)", r"keep(\1, rest)" if masked else r"\1", line)
            line = re.sub(r"^STORE\((\w+), (.+)\)$", rf"store{some}(\1, at, \2{rest})", line)
            add = rf"\1_{copy} = \1_{copy} + {term}"
            line = re.sub(r"^ADD\((\w+), (.+)\)$", add, line)
            kept = r"fill(\2, rest, -np.inf)" if masked else r"\2"
            line = re.sub(r"^MAX\((\w+), (.+)\)$", rf"\1_0 = larger({kept}, \1_0)", line)
            lines.append(line)
        return lines
