"""Writes the vector loops of generated kernels.

A *pass* walks runs of memory and does the same few lines at every step. Its body is text with
`LOAD(array)`, `STORE(array, value)` and `ADD(total, value)`; a step handles one vector, and the last,
shorter one of a run is masked, so that nothing beyond the run is read, written or summed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADER = """\
import numpy as np
from numba import float32, float64, int64, njit, prange, types
from tengen.kernels.numba.mathematics import *
from tengen.kernels.numba.simd import *

T = {dtype}
W = {lanes}
IN = types.Array(T, 1, "C", readonly=True)
OUT = types.Array(T, 1, "C")
WIDE = types.Array(float64, 1, "C")
inner = njit(fastmath={{"contract"}}, error_model="numpy", nogil=True)
outer = dict(fastmath={{"contract"}}, error_model="numpy", nogil=True, cache=True)
"""


def header(dtype: str, lanes: int | None = None) -> str:
    """The opening of every kernel file: imports, the element type `T`, the vector width `W`."""
    return HEADER.format(dtype=dtype, lanes=lanes or (16 if dtype == "float32" else 8))


def indented(lines: Iterable[str], depth: int) -> list[str]:
    """The lines moved right by `depth` levels."""
    return ["    " * depth + line for line in lines]


@dataclass(frozen=True)
class Pass:
    """One vector loop: what it is called, what it reads and writes, and what it does at each step.

    `arrays` are walked together at the same offset; `values` are vectors that stay fixed during a
    run; `totals` are sums that the function returns.
    """

    name: str
    arrays: Sequence[str]
    values: Sequence[str]
    body: Sequence[str]
    totals: Sequence[str] = ()
    unroll: int = 4

    def along_run(self) -> str:
        """A function over `count` consecutive elements from `start` on; totals are summed lanes."""
        parts = self.unroll
        step = "W" if parts == 1 else f"{parts} * W"
        lines = [self._signature("start, count")]
        lines += indented(self._zeros(parts), 1)
        lines += ["    at = start", "    end = start + count"]
        lines += [f"    while at + {step} <= end:"]
        for part in range(parts):
            lines += indented(self._step(f"at + {part} * W", part), 2)
        lines += [f"        at += {step}"]
        if parts > 1:
            lines += ["    while at + W <= end:", *indented(self._step("at", 0), 2)]
            lines += ["        at += W"]
        lines += ["    if at < end:", "        rest = end - at"]
        lines += indented(self._step("at", 0, masked=True), 2)
        return "\n".join(lines + indented(self._result("sum_lanes({})", parts), 1)) + "\n"

    def down_columns(self) -> str:
        """A function over `count` rows, `stride` apart, of `rest` <= W columns; totals are vectors."""
        parts = min(self.unroll, 2)
        lines = [self._signature("start, count, stride, rest")]
        lines += indented(self._zeros(parts), 1)
        lines += ["    at = start", "    if rest == W:"]
        lines += [f"        for _ in range(count // {parts}):"]
        for part in range(parts):
            lines += indented([*self._step("at", part), "at += stride"], 3)
        if parts > 1:
            lines += [f"        for _ in range(count % {parts}):"]
            lines += indented([*self._step("at", 0), "at += stride"], 3)
        lines += ["    else:", "        for _ in range(count):"]
        lines += indented([*self._step("at", 0, masked=True), "at += stride"], 3)
        return "\n".join(lines + indented(self._result("{}", parts), 1)) + "\n"

    def _signature(self, place: str) -> str:
        return f"@inner\ndef {self.name}({', '.join([place, *self.arrays, *self.values])}):"

    def _zeros(self, parts: int) -> list[str]:
        return [f"{t}_{p} = splat(T(0), W)" for t in self.totals for p in range(parts)]

    def _result(self, form: str, parts: int) -> list[str]:
        sums = [" + ".join(f"{t}_{p}" for p in range(parts)) for t in self.totals]
        return ["return " + ", ".join(form.format(s) for s in sums)] if sums else []

    def _step(self, at: str, part: int, masked: bool = False) -> list[str]:
        rest = ", rest" if masked else ""
        some = "_part" if masked else ""
        term = r"keep(\2, rest)" if masked else r"\2"
        lines = []
        for line in self.body:
            line = re.sub(r"LOAD\((\w+)\)", rf"load{some}(\1, {at}, W{rest})", line)
            line = re.sub(r"^STORE\((\w+), (.+)\)$", rf"store{some}(\1, {at}, \2{rest})", line)
            add = rf"\1_{part} = \1_{part} + {term}"
            lines.append(re.sub(r"^ADD\((\w+), (.+)\)$", add, line))
        return lines
