"""CUDA text of chains of elementwise steps, and of reductions of their values.

A `Chain` lists its operands, as they lie over the result, and its steps as expressions over values
v0, v1 ...: first the operands, then one for each step. It names no operator.
"""

import dataclasses
from functools import cached_property

from .program import Program, program

BYTES = 16
"""A pack: the most that one instruction reads."""

FLOATS = ("float", "half", "bfloat16", "double")
WIDTHS = {
    "float": 4, "half": 2, "bfloat16": 2, "double": 8, "bool": 1, "signed char": 1, "byte": 1,
    "short": 2, "unsigned short": 2, "int": 4, "uint32": 4, "int64": 8, "uint64": 8,
}  # fmt: skip


def value_type(storage: str) -> str:
    """The type in which values of a storage type are computed."""
    if storage in FLOATS:
        return "double" if storage == "double" else "float"
    return storage


@dataclasses.dataclass(frozen=True)
class Operand:
    """An array: its storage type, and how it lies (a name of `Lie` in elementwise.cuh).

    `inner` and `count` matter for SPREAD, ALONG and ANYHOW.
    """

    storage: str
    lie: str = "FULL"
    inner: int = 1
    count: int = 1


def operand(storage: str, inner: int, count: int, lanes: int) -> Operand:
    """An operand of `count` elements, each met `inner` times in a row."""
    if count == 1:
        return Operand(storage, "NUMBER")
    if inner == 1 and count % lanes == 0:
        return Operand(storage, "ALONG", inner, count)
    return Operand(storage, "SPREAD" if inner % lanes == 0 else "ANYHOW", inner, count)


@dataclasses.dataclass(frozen=True)
class Step:
    """A value of C type `type` by an expression; `{0}` in it is the first operand's value."""

    type: str
    text: str
    operands: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Chain:
    """Operands, steps, how many numbers (n0, n1 ...) they use, and the result's storage type."""

    operands: tuple[Operand, ...]
    steps: tuple[Step, ...]
    numbers: int
    storage: str
    wide_index: bool = False

    @cached_property
    def lanes(self) -> int:
        """Elements of a pack, by the widest type that is read or written in full."""
        full = [o.storage for o in self.operands if o.lie == "FULL"]
        return BYTES // max(WIDTHS[name] for name in (self.storage, *full))

    def parameters(self) -> list[str]:
        """The kernel's parameters for operands and numbers."""
        found = [f"const {o.storage}* x{i}" for i, o in enumerate(self.operands)]
        found += [f"int64 inner{i}, int64 count{i}" for i in self.stretched()]
        return found + [f"double n{i}" for i in range(self.numbers)]

    def names(self) -> list[str]:
        """The arguments that go with the parameters."""
        found = [f"x{i}" for i in range(len(self.operands))]
        for i in self.stretched():
            found += [f"inner{i}", f"count{i}"]
        return found + [f"n{i}" for i in range(self.numbers)]

    def stretched(self) -> list[int]:
        """The operands whose place is worked out from inner and count."""
        apart = ("SPREAD", "ALONG", "ANYHOW")
        return [i for i, o in enumerate(self.operands) if o.lie in apart]

    def sizes(self) -> tuple[int, ...]:
        """The arguments after the arrays: inner and count of each stretched operand."""
        found: list[int] = []
        for i in self.stretched():
            found += [self.operands[i].inner, self.operands[i].count]
        return tuple(found)

    def values(self) -> str:
        """The device function that computes N values of the chain, from element `at` on."""
        last = value_type(self.storage)
        lines = [
            "#define PARAMETERS " + ", ".join(self.parameters()),
            "#define ARGUMENTS " + ", ".join(self.names()),
            f"typedef {'int64' if self.wide_index else 'uint32'} Index;",
            f"constexpr int LANES = {self.lanes};",
            "",
            f"template <int N> INLINE void values(PARAMETERS, Index at, {last} (&made)[N]) {{",
        ]
        for i, o in enumerate(self.operands):
            sizes = f"Index(inner{i}), Index(count{i})" if i in self.stretched() else "1, 1"
            lines.append(
                f"    Pack<{o.storage}, N> p{i} = operand<{o.storage}, N, {o.lie}, Index>"
                f"(x{i}, at, {sizes});"
            )
        lines.append("    for (int i = 0; i < N; i++) {")
        for i, o in enumerate(self.operands):
            given = f"wide(p{i}.at[i])" if o.storage in FLOATS else f"p{i}.at[i]"
            lines.append(f"        {value_type(o.storage)} v{i} = {given};")
        first = len(self.operands)
        for number, step in enumerate(self.steps, first):
            text = step.text.format(*[f"v{place}" for place in step.operands])
            lines.append(f"        {step.type} v{number} = {text};")
        lines += [f"        made[i] = v{first + len(self.steps) - 1};", "    }", "}", ""]
        return "\n".join(lines)

    def aligned(self, *others: str) -> str:
        """The test that every array that is read in packs is aligned for them."""
        widths = {f"x{i}": WIDTHS[o.storage] * self.lanes for i, o in enumerate(self.operands)
                  if o.lie in ("FULL", "ALONG")}  # fmt: skip
        for name in others:
            widths[name] = WIDTHS[self.storage] * self.lanes
        return " && ".join(f"aligned({width}, {name})" for name, width in widths.items())


def write(chain: Chain) -> Program:
    """The program `run(*arrays, *sizes, *numbers, y, n)` that writes the chain's values to y."""
    made = (
        "narrow<Y>(made[i])" if chain.storage in FLOATS else "made[i]"
    )  # the value's type is the storage type otherwise
    text = f"""\
#include "elementwise.cuh"
typedef {chain.storage} Y;
{chain.values()}
template <int N> INLINE void fill(PARAMETERS, Y* y, int64 from, int64 to) {{
    int64 stride = (int64)gridDim.x * blockDim.x * N;
    int64 first = from + ((int64)blockIdx.x * blockDim.x + threadIdx.x) * N;
    for (int64 at = first; at < to; at += stride) {{
        {value_type(chain.storage)} made[N];
        values<N>(ARGUMENTS, Index(at), made);
        Pack<Y, N> out;
        for (int i = 0; i < N; i++) out.at[i] = {made};
        write(y + at, out);
    }}
}}

KERNEL __launch_bounds__(256) run(PARAMETERS, Y* y, int64 n) {{
    int64 whole = {chain.aligned("y")} ? n / LANES * LANES : 0;
    fill<LANES>(ARGUMENTS, y, 0, whole);
    fill<1>(ARGUMENTS, y, whole, n);
}}
"""
    return program("elementwise", text)


REDUCTIONS = {"sum": "Sum", "mean": "Sum", "max": "Largest"}


def reduce(chain: Chain, how: str, by_warp: bool) -> Program:
    """Programs that reduce rows: `run(*arrays, *sizes, *numbers, y, rows, columns, share)`.

    `part(..., parts, rows, columns, pieces)` reduces pieces of long rows, a block each, and
    `finish(parts, y, rows, pieces, share)` brings them together; y is scaled by `share`.
    """
    kind = "double" if chain.storage == "double" else "float"
    text = f"""\
#include "elementwise.cuh"
typedef {chain.storage} Y;
typedef {kind} A;
typedef {REDUCTIONS[how]} F;
{chain.values()}
template <int N, bool BLOCK>
INLINE A piece(PARAMETERS, int64 start, int64 from, int64 to) {{
    A found = F::start<A>();
    int lanes = BLOCK ? blockDim.x : 32, lane = BLOCK ? threadIdx.x : threadIdx.x % 32;
    for (int64 at = from + (int64)lane * N; at < to; at += (int64)lanes * N) {{
        A made[N];
        values<N>(ARGUMENTS, Index(start + at), made);
        for (int i = 0; i < N; i++) found = F::join(found, made[i]);
    }}
    return over_row<F, BLOCK>(found);
}}

template <bool BLOCK> INLINE A row_of(PARAMETERS, int64 row, int64 columns, int64 from, int64 to) {{
    if (columns % LANES == 0 && {chain.aligned() or "true"})
        return piece<LANES, BLOCK>(ARGUMENTS, row * columns, from, to);
    return piece<1, BLOCK>(ARGUMENTS, row * columns, from, to);
}}

#define BY_WARP {int(by_warp)}
KERNEL run(PARAMETERS, Y* y, int64 rows, int64 columns, double share) {{
    int64 row = BY_WARP ? ((int64)blockIdx.x * blockDim.x + threadIdx.x) / 32 : blockIdx.x;
    if (row >= rows) return;
    A found = row_of<!BY_WARP>(ARGUMENTS, row, columns, 0, columns);
    if (threadIdx.x % (BY_WARP ? 32 : 1024) == 0) y[row] = narrow<Y>(found * A(share));
}}

KERNEL part(PARAMETERS, A* parts, int64 rows, int64 columns, int64 pieces) {{
    int64 row = blockIdx.x / pieces, number = blockIdx.x % pieces;
    int64 size = (columns + pieces - 1) / pieces;
    size = (size + LANES - 1) / LANES * LANES;
    int64 from = number * size, to = from + size < columns ? from + size : columns;
    A found = row_of<true>(ARGUMENTS, row, columns, from, to);
    if (threadIdx.x == 0) parts[blockIdx.x] = found;
}}

KERNEL finish(const A* parts, Y* y, int64 rows, int64 pieces, double share) {{
    int64 row = blockIdx.x;
    A found = F::start<A>();
    for (int64 i = threadIdx.x; i < pieces; i += blockDim.x)
        found = F::join(found, parts[row * pieces + i]);
    found = over_block<F>(found);
    if (threadIdx.x == 0) y[row] = narrow<Y>(found * A(share));
}}
"""
    return program("reduction", text)
