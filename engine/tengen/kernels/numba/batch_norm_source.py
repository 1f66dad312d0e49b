"""Writes the Numba source of the batch normalisation kernels.

An array is seen as (N, G, S, lanes): N images, G channel groups, S positions, and the lanes of a
group. `plain` has one channel a group, so its vectors run along positions; `blocked` keeps a
group's channels side by side; `channels_last` is one group of all C channels, N rows and S = 1.

A kernel's `work` gathers sums, finishes them into coefficients and applies these, group by group so
that the second reading comes from cache. Where threads share a group (they divide images then), it
is called twice: phase 0 gathers, phase 1 finishes and applies; phase 2 does all.
"""

from dataclasses import dataclass

from .passes import Pass, entry, header, indented

ACTIVATIONS = ("none", "relu", "relu6")

_CLAMP = {
    "none": [],
    "relu": ["v = select(v < 0, 0, v)"],
    "relu6": ["v = select(v < 0, 0, v)", "v = select(v > 6, 6, v)"],
}
_OPEN = {"relu": "v > 0", "relu6": "(v > 0) & (v < 6)"}
_ROWS = "max(16, 8192 // C)"  # rows that stay in the first cache while columns are walked


@dataclass(frozen=True)
class Variant:
    """Which kernel of the family: the array form, the element type, and what is fused into it."""

    form: str
    dtype: str
    lanes: int | None = None
    activation: str = "none"
    residual: bool = False
    gradients: int = 1
    masked: bool = False

    @property
    def name(self) -> str:
        """A short word for file names and reports."""
        parts = [self.form, self.dtype, self.activation if self.activation != "none" else ""]
        return "_".join(part for part in parts if part)


Arguments = list[tuple[str, str]]
_STATISTICS: Arguments = [
    ("eps", "float64"),
    ("mean", "OUT"),
    ("variance", "OUT"),
    ("inverse", "OUT"),
]
_GEOMETRY: Arguments = [
    ("phase", "int64"),
    ("by_group", "int64"),
    ("N", "int64"),
    ("G", "int64"),
    ("S", "int64"),
    ("C", "int64"),
]


def statistics(variant: Variant) -> str:
    """The source of a kernel that gives the mean and the biased variance of every channel."""
    arguments = [("x", "IN"), *_STATISTICS]
    return _module(variant, arguments, [("shift", "OUT")], _moments(variant), _FINISH, [])


def forward(variant: Variant) -> str:
    """The source of a kernel that takes statistics, normalises, adds a residual and activates."""
    body = ["v = (LOAD(x) - mean_v) * scale_v + bias_v"]
    body += ["v = v + LOAD(residual)"] * variant.residual
    step = Pass([*body, *_CLAMP[variant.activation], "STORE(out, v)"])
    vectors = {"mean_v": "mean", "scale_v": "weight * inverse", "bias_v": "bias"}
    arguments = [("x", "IN"), ("weight", "IN"), ("bias", "IN"), ("out", "OUT")]
    arguments += [("residual", "IN")] * variant.residual
    return _module(
        variant,
        [*arguments, *_STATISTICS],
        [("shift", "OUT")],
        _moments(variant),
        _FINISH,
        _visit(step, variant, vectors),
    )


def apply(variant: Variant) -> str:
    """The source of a kernel for `activation(x * scale + shift + residual)`."""
    body = ["v = LOAD(x) * scale_v + shift_v", *(["v = v + LOAD(residual)"] * variant.residual)]
    step = Pass([*body, *_CLAMP[variant.activation], "STORE(out, v)"])
    arguments = [("x", "IN"), ("scale", "IN"), ("shift", "IN"), ("out", "OUT")]
    arguments += [("residual", "IN")] * variant.residual
    vectors = {"scale_v": "scale", "shift_v": "shift"}
    return _module(variant, arguments, [], [], [], _visit(step, variant, vectors))


def backward(variant: Variant) -> str:
    """The source of a kernel for the gradients of x, weight and bias.

    Incoming gradients are summed on the fly. The activation's mask is recomputed from x, or with a
    residual from the saved output y. `masked` also stores the masked sum, the residual's gradient.
    """
    gradients = [f"g{i}" for i in range(variant.gradients)]
    from_output = variant.residual and variant.activation != "none"
    incoming = ["g = LOAD(g0)"] + [f"g = g + LOAD({name})" for name in gradients[1:]]
    difference = ["d = LOAD(x) - mean_v"]
    vectors = {"mean_v": "mean"}
    if variant.activation != "none":
        if not from_output:
            vectors |= {"scale_v": "weight * inverse", "bias_v": "bias"}
        value = "LOAD(y)" if from_output else "d * scale_v + bias_v"
        incoming += [f"v = {value}", f"g = select({_OPEN[variant.activation]}, g, 0)"]
    stored = ["STORE(masked, g)"] * variant.masked
    sums = Pass([*difference, *incoming, *stored, "ADD(a, g)", "ADD(b, g * d)"], ("a", "b"))
    gradient = ["g = LOAD(masked)"] if stored else incoming
    step = Pass([*difference, *gradient, "STORE(dx, g * k0_v + d * k1_v + k2_v)"])
    arguments = [("x", "IN"), *[(name, "IN") for name in gradients]]
    arguments += [("y", "IN")] * from_output + [("masked", "OUT")] * variant.masked
    arguments += [("mean", "IN"), ("inverse", "IN"), ("weight", "IN"), ("bias", "IN")]
    arguments += [("dx", "OUT"), ("dweight", "OUT"), ("dbias", "OUT"), ("training", "int64")]
    factors = [(f"k{i}", "OUT") for i in range(3)]
    return _module(
        variant,
        arguments,
        factors,
        _visit(sums, variant, vectors, {"a": "first", "b": "second"}),
        _FINISH_BACKWARD,
        _visit(step, variant, vectors | {f"{name}_v": name for name, _ in factors}),
    )


def _module(
    variant: Variant,
    arguments: Arguments,
    scratch: Arguments,
    gather: list[str],
    finish: list[str],
    applied: list[str],
) -> str:
    """A kernel file: `work` does the given blocks for the groups and images of one part."""
    begin, end = {
        "plain": ("group", "group + 1"),
        "blocked": ("group * W", "min(C, group * W + W)"),
        "channels_last": ("0", "C"),
    }[variant.form]
    sums: Arguments = [("first", "WIDE"), ("second", "WIDE")] if gather else []
    everything = [*arguments, *scratch, *sums, *_GEOMETRY]
    names = ", ".join(name for name, _ in everything)
    channels = f"for c in range({begin}, {end}):"
    blocks = []
    if gather:
        blocks += ["if phase != 1:", *indented(gather)]
        blocks += ["if phase != 0:", *indented([channels, *indented(finish)])]
    if applied:
        blocks += ["if phase != 0:", *indented(applied)] if gather else applied
    lines = [
        header(variant.dtype, variant.lanes),
        "@inner",
        f"def work(part, parts, {names}):",
        "    pad = C + 2 * W",
        "    low, high, slot, slots = 0, N, 0, 1",
        "    first_group, last_group = 0, G",
        "    if by_group:",
        "        first_group, last_group = part * G // parts, (part + 1) * G // parts",
        "    else:",
        "        low, high = part * N // parts, (part + 1) * N // parts",
        "        slot, slots = part * pad, parts",
        "    for group in range(first_group, last_group):",
        *indented(blocks, 2),
    ]
    source = "\n".join(lines) + "\n" + entry(everything)
    return source.replace("CHANNELS", channels)


def _moments(variant: Variant) -> list[str]:
    """Two passes a group: the first run's mean is the shift, then shifted sums over all runs.

    A shift taken from the data keeps the float32 partial sums far from cancellation, since it lies
    within a few deviations of the mean; runs are added up in float64.
    """
    total = Pass(["ADD(a, LOAD(x))"], ("a",))
    moments = Pass(["v = LOAD(x) - shift_v", "ADD(a, v)", "ADD(b, v * v)"], ("a", "b"))
    some = _ROWS if variant.form == "channels_last" else "1"
    return [
        f"some = min({some}, high - low)",
        *_visit(total, variant, {}, {"a": "first"}, stop="low + some"),
        "CHANNELS",
        "    shift[slot + c] = T(first[slot + c] / (some * S))",
        "    first[slot + c] = 0",
        *_visit(moments, variant, {"shift_v": "shift[slot]"}, {"a": "first", "b": "second"}),
    ]


def _visit(
    step: Pass,
    variant: Variant,
    vectors: dict[str, str],
    totals: dict[str, str] | None = None,
    stop: str = "high",
) -> list[str]:
    """Lines that run `step` over the images `low` to `stop` of a group.

    `vectors` gives for each fixed vector the product of channel arrays it is made of; `totals`
    names the float64 array that each of the step's sums is added to, at offset `slot`.
    """
    totals = totals or {}
    fixed = [f"{name} = {_channel_vector(made, variant)}" for name, made in vectors.items()]
    if variant.form == "plain":
        run = ["at = (n * G + group) * S", *step.along_run("S")]
        run += [f"{totals[t]}[slot + c] += float64({t})" for t in step.totals]
        return ["c = group", *fixed, f"for n in range(low, {stop}):", *indented(run)]
    added = [f"accumulate({totals[t]}, slot + c, {t})" for t in step.totals]
    if variant.form == "blocked":
        run = ["at = (n * G + group) * S * W", *step.down_columns("S", "W", narrow=False), *added]
        first = ["c = group * W", "rest = min(W, C - c)"]
        return [*first, *fixed, f"for n in range(low, {stop}):", *indented(run)]
    run = ["rest = min(W, C - c)", "at = row * C + c", *fixed]
    run += [*step.down_columns("rows", "C", narrow=True), *added]
    return [
        f"step = {_ROWS}",
        f"for row in range(low, {stop}, step):",
        f"    rows = min(step, {stop} - row)",
        "    for c in range(0, C, W):",
        *indented(run, 2),
    ]


def _channel_vector(made: str, variant: Variant) -> str:
    """The text of a vector of per-channel numbers: a broadcast number, or a masked load."""
    loads = []
    for name in made.split(" * "):
        array, _, offset = name.removesuffix("]").partition("[")
        index = f"{offset} + c" if offset else "c"
        plain = variant.form == "plain"
        loads.append(f"{array}[{index}]" if plain else f"load_part({array}, {index}, W, rest)")
    product = " * ".join(loads)
    return f"splat({product}, W)" if variant.form == "plain" else product


# Chan, Golub, LeVeque 1983: means and squares of parts, merged in float64.
_FINISH = """\
count, center, square = 0.0, 0.0, 0.0
for p in range(slots):
    own = float64(((p + 1) * N // slots - p * N // slots) * S)
    offset = first[p * pad + c] / own
    delta = float64(shift[p * pad + c]) + offset - center
    total = count + own
    square += second[p * pad + c] - first[p * pad + c] * offset
    square += delta * delta * count * own / total
    center += delta * own / total
    count = total
spread = square / count
if spread < 0.0:
    spread = 0.0
mean[c] = T(center)
variance[c] = T(spread)
inverse[c] = T(1.0 / math.sqrt(spread + eps))
""".splitlines()

_FINISH_BACKWARD = """\
a_all, b_all = 0.0, 0.0
for p in range(slots):
    a_all += first[p * pad + c]
    b_all += second[p * pad + c]
scale = float64(inverse[c])
dbias[c] = T(a_all)
dweight[c] = T(b_all * scale)
factor = float64(weight[c]) * scale
k0[c] = T(factor)
if training:
    k1[c] = T(-factor * scale * scale * b_all / (N * S))
    k2[c] = T(-factor * a_all / (N * S))
""".splitlines()
