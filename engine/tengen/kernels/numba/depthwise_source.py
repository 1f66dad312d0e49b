"""Writes the Numba source of depthwise convolutions that normalise and activate what they read.

Arrays are (images, groups, rows, columns, lanes): blocks of channels, as long as a vector. A task
is one group of one image; threads divide the tasks. Rows go through a small ring beside the first
cache, with room at their ends for the padding, so that the inner loop has no conditions.
"""

from dataclasses import dataclass

from .passes import entry, header, indented

_CLAMP = {
    "none": ["y = v"],
    "relu": ["y = select(v < 0, 0, v)"],
    "relu6": ["y = select(v < 0, 0, v)", "y = select(y > 6, 6, y)"],
}
_OPEN = {"none": "", "relu": "v > 0", "relu6": "(v > 0) & (v < 6)"}

FLUSH = 512
"""Columns after which float32 sums are added to the float64 ones."""


@dataclass(frozen=True)
class Shape:
    """A square window of `kernel` by `kernel`, with stride and padding, and what precedes it."""

    kernel: int
    stride: int
    padding: int
    activation: str
    dtype: str
    lanes: int

    @property
    def name(self) -> str:
        """A short word for file names and reports."""
        size = f"k{self.kernel}s{self.stride}p{self.padding}"
        return f"{size}_{self.activation}_{self.dtype}_{self.lanes}"


_VECTORS = [
    "mean_v = load(mean, group * W, W)",
    "scale_v = load(scale, group * W, W)",
    "bias_v = load(bias, group * W, W)",
]
_VALUE = ["d = load(x, at, W) - mean_v", "v = d * scale_v + bias_v"]
_GEOMETRY = [(name, "int64") for name in ("N", "G", "HI", "WI", "HO", "WO")]


def _work(shape: Shape, arguments: list[tuple[str, str]], line: str, task: list[str]) -> str:
    """A kernel file whose `work` does `task` for each group of each image."""
    names = ", ".join(name for name, _ in arguments)
    lines = [
        header(shape.dtype, shape.lanes),
        "@inner",
        f"def work(part, parts, {names}):",
        "    tasks = N * G",
        f"    line = {line}",
        f"    base = part * {shape.kernel + 1} * line",
        f"    zero = base + {shape.kernel} * line",
        "    for task in range(part * tasks // parts, (part + 1) * tasks // parts):",
        "        group = task // N",
        "        image = task - group * N",
        "        at = (image * G + group) * HI * WI * W",
        "        to = (image * G + group) * HO * WO * W",
        *indented(task, 2),
    ]
    return "\n".join(lines) + "\n" + entry(arguments)


def _weights(shape: Shape) -> list[str]:
    count = shape.kernel**2
    return [f"w{k} = load(w, (group * {count} + {k}) * W, W)" for k in range(count)]


def forward(shape: Shape) -> str:
    """The source of `(x, mean, scale, bias, w, z, ring, sizes)`: z = conv(activation(norm(x)))."""
    size, stride, padding = shape.kernel, shape.stride, shape.padding
    fill = [
        f"put = base + (ready % {size}) * line + {padding} * W",
        "for _ in range(WI):",
        *indented([*_VALUE, *_CLAMP[shape.activation], "store(ring, put, y)"]),
        "    at += W",
        "    put += W",
        "ready += 1",
    ]
    rows = []
    for row in range(size):
        rows += [
            f"r{row} = zero",
            f"if 0 <= top + {row} < HI:",
            f"    r{row} = base + ((top + {row}) % {size}) * line",
        ]
    taps = []
    for row in range(size):
        for column in range(size):
            read = f"load(ring, r{row} + {column} * W, W) * w{row * size + column}"
            taps.append(f"s{row} = {read}" if not column else f"s{row} = s{row} + {read}")
    inner = [
        *taps,
        f"store(z, to, {' + '.join(f's{row}' for row in range(size))})",
        "to += W",
        *[f"r{row} += {stride} * W" for row in range(size)],
    ]
    task = [
        *_VECTORS,
        *_weights(shape),
        "ready = 0",
        "for out in range(HO):",
        f"    top = out * {stride} - {padding}",
        f"    while ready < HI and ready < top + {size}:",
        *indented(fill, 2),
        *indented(rows),
        "    for _ in range(WO):",
        *indented(inner, 2),
    ]
    arrays = [("x", "IN"), ("mean", "IN"), ("scale", "IN"), ("bias", "IN"), ("w", "IN")]
    arguments = [*arrays, ("z", "OUT"), ("ring", "OUT"), *_GEOMETRY]
    return _work(shape, arguments, f"(WI + {2 * padding}) * W", task)


def backward(shape: Shape) -> str:
    """The source of `(x, g, mean, scale, bias, w, masked, table, ring, sizes)`.

    `masked` gets the gradient behind the activation; `table` for each task the sums of it, of it
    times x - mean, and the gradient of each weight.
    """
    size, stride, padding = shape.kernel, shape.stride, shape.padding
    count = size**2
    fill = [
        f"put = base + (ready % {size}) * line + {size} * W",
        "for _ in range(WO):",
        "    store(ring, put, load(g, to, W))",
        "    to += W",
        "    put += W",
        "ready += 1",
    ]
    rows = []
    for row in range(size):
        rows += [
            f"q = h + {padding - row}",
            f"r{row} = zero",
            f"if q % {stride} == 0 and 0 <= q // {stride} < HO:",
            f"    r{row} = base + (q // {stride} % {size}) * line + {size} * W",
        ]
    columns = []
    for residue in range(stride):
        step = _column(shape, residue)
        columns += [f"if j + {residue} < WI:", *indented(step)] if residue else step
    columns += [f"r{row} += W" for row in range(size)]
    names = ["a", "b", *[f"t{k}" for k in range(count)]]
    zeros = [f"{name} = splat(T(0), W)" for name in names]
    flush = [
        f"accumulate(table, (task * {count + 2} + {k}) * W, {name})" for k, name in enumerate(names)
    ]
    task = [
        *_VECTORS,
        *_weights(shape),
        *zeros,
        "ready = 0",
        "since = 0",
        "for h in range(HI):",
        f"    while ready < HO and ready * {stride} <= h + {padding}:",
        *indented(fill, 2),
        *indented(rows),
        f"    for j in range(0, WI, {stride}):",
        *indented(columns, 2),
        "    since += WI",
        f"    if since >= {FLUSH} or h == HI - 1:",
        *indented([*flush, *zeros, "since = 0"], 2),
    ]
    arrays = [(name, "IN") for name in ("x", "g", "mean", "scale", "bias", "w")]
    arguments = [*arrays, ("masked", "OUT"), ("table", "WIDE"), ("ring", "OUT"), *_GEOMETRY]
    return _work(shape, arguments, f"(WO + {2 * size}) * W", task)


def _column(shape: Shape, residue: int) -> list[str]:
    """One position of x: its share in the gradient of the weights, and its own gradient."""
    size, stride, padding = shape.kernel, shape.stride, shape.padding
    lines = [*_VALUE, *_CLAMP[shape.activation]]
    parts = []
    for row in range(size):
        first = True
        for column in range(size):
            if (residue + padding - column) % stride:
                continue
            k, offset = row * size + column, (residue + padding - column) // stride
            lines += [f"u = load(ring, r{row} + ({offset}) * W, W)", f"t{k} = t{k} + u * y"]
            lines.append(f"s{row} = u * w{k}" if first else f"s{row} = s{row} + u * w{k}")
            first = False
        if not first:
            parts.append(f"s{row}")
    lines.append(f"s = {' + '.join(parts)}" if parts else "s = splat(T(0), W)")
    if _OPEN[shape.activation]:
        lines.append(f"s = select({_OPEN[shape.activation]}, s, 0)")
    return [*lines, "store(masked, at, s)", "a = a + s", "b = b + s * d", "at += W"]


def finish(shape: Shape) -> str:
    """The source of `(x, mean, k0, k1, k2, dx, sizes)`: dx = dx * k0 + (x - mean) * k1 + k2."""
    task = [
        "mean_v = load(mean, group * W, W)",
        *[f"k{i}_v = load(k{i}, group * W, W)" for i in range(3)],
        "for _ in range(HI * WI):",
        "    d = load(x, at, W) - mean_v",
        "    store(dx, at, load(dx, at, W) * k0_v + d * k1_v + k2_v)",
        "    at += W",
    ]
    arrays = [(name, "IN") for name in ("x", "mean", "k0", "k1", "k2")]
    return _work(shape, [*arrays, ("dx", "OUT"), *_GEOMETRY], "0", task)
