"""Writes the Numba source of the batch normalisation kernels.

An array is seen as (N, G, S, lanes): N images, G channel groups, S positions, and the lanes of a
group. `plain` has one channel a group, so its vectors run along positions; `blocked` keeps a group's
channels side by side; `channels_last` is one group of all C channels with N rows and S = 1.
"""

from dataclasses import dataclass

from .passes import Pass, header, indented

ACTIVATIONS = ("none", "relu", "relu6")
FORMS = ("plain", "blocked", "channels_last")

_CLAMP = {
    "none": (),
    "relu": ("v = select(v < 0, 0, v)",),
    "relu6": ("v = select(v < 0, 0, v)", "v = select(v > 6, 6, v)"),
}
_OPEN = {"relu": "v > 0", "relu6": "(v > 0) & (v < 6)"}


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


def statistics(variant: Variant) -> str:
    """The source of a kernel that gives the mean and the biased variance of every channel."""
    return "\n".join(
        [
            header(variant.dtype, variant.lanes),
            *_statistics_functions(variant),
            _FINISH.format(**_channels(variant)),
            _driver("x, eps, mean, variance, inverse", [], applies=False),
        ]
    )


def forward(variant: Variant) -> str:
    """The source of a kernel that takes statistics, normalises, adds a residual and activates."""
    extra = ["residual"] if variant.residual else []
    body = ["v = (LOAD(x) - mean_v) * scale_v + bias_v"]
    body += ["v = v + LOAD(residual)"] * variant.residual
    step = Pass(
        "apply_step",
        ["x", "out", *extra],
        ["mean_v", "scale_v", "bias_v"],
        [*body, *_CLAMP[variant.activation], "STORE(out, v)"],
    )
    arguments = ", ".join(["x", "weight", "bias", "eps", "out", "mean", "variance", "inverse", *extra])
    return "\n".join(
        [
            header(variant.dtype, variant.lanes),
            *_statistics_functions(variant),
            _FINISH.format(**_channels(variant)),
            _loop(step, variant),
            "@inner\ndef apply(group, low, high, x, weight, bias, out, mean, inverse, "
            + "".join(f"{name}, " for name in extra)
            + "G, S, C):",
            *_visit(
                step,
                variant,
                {"mean_v": "mean", "scale_v": "weight * inverse", "bias_v": "bias"},
            ),
            "",
            _driver(arguments, extra, applies=True),
        ]
    )


def apply(variant: Variant) -> str:
    """The source of a kernel for `activation(x * scale + shift + residual)`."""
    extra = ["residual"] if variant.residual else []
    body = ["v = LOAD(x) * scale_v + shift_v", *(["v = v + LOAD(residual)"] * variant.residual)]
    step = Pass(
        "apply_step",
        ["x", "out", *extra],
        ["scale_v", "shift_v"],
        [*body, *_CLAMP[variant.activation], "STORE(out, v)"],
    )
    names = ", ".join(["x", "scale", "shift", "out", *extra])
    types = ", ".join(["IN", "IN", "IN", "OUT", *["IN" for _ in extra]])
    return "\n".join(
        [
            header(variant.dtype, variant.lanes),
            _loop(step, variant),
            f"@inner\ndef apply(group, low, high, {names}, G, S, C):",
            *_visit(step, variant, {"scale_v": "scale", "shift_v": "shift"}),
            "",
            _APPLY_DRIVER.format(names=names, types=types),
        ]
    )


def backward(variant: Variant) -> str:
    """The source of a kernel for the gradients of x, weight and bias.

    Incoming gradients are summed on the fly. The activation's mask is recomputed from x, or with a
    residual from the saved output y. `masked` also stores the masked sum, the residual's gradient.
    """
    gradients = [f"g{i}" for i in range(variant.gradients)]
    from_output = variant.residual and variant.activation != "none"
    saved = ["y"] if from_output else []
    stored = ["masked"] if variant.masked else []
    incoming = ["g = LOAD(g0)"] + [f"g = g + LOAD({name})" for name in gradients[1:]]
    difference = ["d = LOAD(x) - mean_v"]
    if variant.activation != "none":
        value = "LOAD(y)" if from_output else "d * scale_v + bias_v"
        incoming += [f"v = {value}", f"g = select({_OPEN[variant.activation]}, g, 0)"]
    sums = Pass(
        "sum_step",
        ["x", *gradients, *saved, *stored],
        ["mean_v", "scale_v", "bias_v"],
        [
            *difference,
            *incoming,
            *(["STORE(masked, g)"] if stored else []),
            "ADD(a, g)",
            "ADD(b, g * d)",
        ],
        totals=("a", "b"),
    )
    gradient = ["g = LOAD(masked)"] if stored else incoming
    apply_step = Pass(
        "apply_step",
        ["x", *(stored or [*gradients, *saved]), "dx"],
        ["mean_v", "scale_v", "bias_v", "k0_v", "k1_v", "k2_v"],
        [*difference, *gradient, "STORE(dx, g * k0_v + d * k1_v + k2_v)"],
    )
    vectors = {"mean_v": "mean", "scale_v": "weight * inverse", "bias_v": "bias"}
    read = ["x", *gradients, *saved]
    names = [*read, *stored]
    common = "mean, inverse, weight, bias"
    return "\n".join(
        [
            header(variant.dtype, variant.lanes),
            _loop(sums, variant),
            _loop(apply_step, variant),
            f"@inner\ndef gather(group, low, high, part, {', '.join(names)}, {common}, "
            "first, second, G, S, C):",
            *_visit(sums, variant, vectors, {"a": "first", "b": "second"}),
            "",
            f"@inner\ndef apply(group, low, high, {', '.join(names)}, dx, {common}, "
            "k0, k1, k2, G, S, C):",
            *_visit(apply_step, variant, vectors | {f"k{i}_v": f"k{i}" for i in range(3)}),
            "",
            _FINISH_BACKWARD.format(**_channels(variant)),
            _BACKWARD_DRIVER.format(
                names=", ".join(names),
                types=", ".join(["IN"] * len(read) + ["OUT"] * len(stored)),
            ),
        ]
    )


def _statistics_functions(variant: Variant) -> list[str]:
    """Two passes a group: the first run's mean is the shift, then shifted sums over all runs.

    A shift taken from the data keeps the float32 partial sums far from cancellation, since it lies
    within a few deviations of the mean; runs are added up in float64.
    """
    total = Pass("total_step", ["x"], [], ["ADD(a, LOAD(x))"], totals=("a",))
    moments = Pass(
        "moment_step",
        ["x"],
        ["shift_v"],
        ["v = LOAD(x) - shift_v", "ADD(a, v)", "ADD(b, v * v)"],
        totals=("a", "b"),
    )
    channels = _channels(variant)
    rows = _ROW_COUNT if variant.form == "channels_last" else "1"
    return [
        _loop(total, variant),
        _loop(moments, variant),
        "@inner\ndef gather_total(group, low, high, part, x, first, G, S, C):",
        *_visit(total, variant, {}, {"a": "first"}),
        "",
        "@inner\ndef gather_moments(group, low, high, part, x, shift, first, second, G, S, C):",
        *_visit(moments, variant, {"shift_v": "shift[part]"}, {"a": "first", "b": "second"}),
        "",
        "@inner\ndef gather(group, low, high, part, x, shift, first, second, G, S, C):",
        f"    some = min({rows}, high - low)",
        "    gather_total(group, low, low + some, part, x, first, G, S, C)",
        f"    for c in range({channels['begin']}, {channels['end']}):",
        "        shift[part + c] = T(first[part + c] / (some * S))",
        "        first[part + c] = 0",
        "    gather_moments(group, low, high, part, x, shift, first, second, G, S, C)",
        "",
    ]


def _channels(variant: Variant) -> dict[str, str]:
    """The first and the last channel of a group, as text."""
    return {
        "plain": {"begin": "group", "end": "group + 1"},
        "blocked": {"begin": "group * W", "end": "min(C, group * W + W)"},
        "channels_last": {"begin": "0", "end": "C"},
    }[variant.form]


def _loop(step: Pass, variant: Variant) -> str:
    return step.along_run() if variant.form == "plain" else step.down_columns()


_ROW_COUNT = "max(16, 8192 // C)"


def _visit(
    step: Pass,
    variant: Variant,
    vectors: dict[str, str],
    totals: dict[str, str] | None = None,
) -> list[str]:
    """A function body that runs `step` over the images `low` to `high` of a group.

    `vectors` gives for each fixed vector the product of channel arrays it is made of; `totals` names
    the float64 array that each of the step's sums is added to, at offset `part`.
    """
    totals = totals or {}
    fixed = [f"{name} = {_channel_vector(made, variant)}" for name, made in vectors.items()]
    returned = ", ".join(step.totals)
    places = {
        "plain": "at, S",
        "blocked": "at, S, W, W",
        "channels_last": "at, rows, C, rest",
    }[variant.form]
    call = f"{step.name}({', '.join([places, *step.arrays, *step.values])})"
    run = [f"{returned} = {call}" if returned else call]
    if variant.form == "plain":
        run += [f"{totals[t]}[part + c] += float64({t})" for t in step.totals]
        loop = ["c = group", *fixed, "for n in range(low, high):", "    at = (n * G + group) * S"]
        return indented([*loop, *indented(run, 1)], 1)
    run += [f"accumulate({totals[t]}, part + c, {t})" for t in step.totals]
    if variant.form == "blocked":
        loop = ["c = group * W", "rest = min(W, C - c)", *fixed, "for n in range(low, high):"]
        loop += ["    at = (n * G + group) * S * W"]
        return indented([*loop, *indented(run, 1)], 1)
    loop = [f"step = {_ROW_COUNT}", "for row in range(low, high, step):"]
    loop += ["    rows = min(step, high - row)", "    for c in range(0, C, W):"]
    inside = ["rest = min(W, C - c)", "at = row * C + c", *fixed, *run]
    return indented([*loop, *indented(inside, 2)], 1)


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


_FINISH = """\
@inner
def finish(group, parts, pad, N, S, C, shift, first, second, eps, mean, variance, inverse):
    for c in range({begin}, {end}):
        count, center, square = 0.0, 0.0, 0.0
        for p in range(parts):
            own = float64(((p + 1) * N // parts - p * N // parts) * S)
            at = p * pad + c
            offset = first[at] / own
            delta = float64(shift[at]) + offset - center
            total = count + own
            square += second[at] - first[at] * offset + delta * delta * count * own / total
            center += delta * own / total
            count = total
        spread = square / count
        if spread < 0.0:
            spread = 0.0
        mean[c] = T(center)
        variance[c] = T(spread)
        inverse[c] = T(1.0 / np.sqrt(spread + eps))
"""

_FINISH_BACKWARD = """\
@inner
def finish(group, parts, pad, count, training, C, first, second, mean, inverse, weight, dweight,
           dbias, k0, k1, k2):
    for c in range({begin}, {end}):
        a, b = 0.0, 0.0
        for p in range(parts):
            a += first[p * pad + c]
            b += second[p * pad + c]
        scale = float64(inverse[c])
        dbias[c] = T(a)
        dweight[c] = T(b * scale)
        factor = float64(weight[c]) * scale
        k0[c] = T(factor)
        if training:
            k1[c] = T(-factor * scale * scale * b / count)
            k2[c] = T(-factor * a / count)
"""


def _driver(arguments: str, extra: list[str], applies: bool) -> str:
    """The entry: groups divided among threads, each finished while it is in cache, or images."""
    types = {"eps": "float64", "out": "OUT", "mean": "OUT", "variance": "OUT", "inverse": "OUT"}
    signature = ", ".join(types.get(name, "IN") for name in arguments.split(", "))
    more = "".join(f"{name}, " for name in extra)
    apply_call = (
        f"apply(group, {{}}, {{}}, x, weight, bias, out, mean, inverse, {more}G, S, C)"
        if applies
        else "pass"
    )
    whole = apply_call.format("0", "N")
    share = apply_call.format("part * N // parts", "(part + 1) * N // parts")
    return _DRIVER.format(
        arguments=arguments, more=more, signature=signature, whole=whole, share=share
    )


_DRIVER = """\
@inner
def groups(part, parts, {arguments}, shift, first, second, pad, N, G, S, C):
    for group in range(part * G // parts, (part + 1) * G // parts):
        gather(group, 0, N, 0, x, shift, first, second, G, S, C)
        finish(group, 1, pad, N, S, C, shift, first, second, eps, mean, variance, inverse)
        {whole}

@inner
def finish_all(parts, {arguments}, shift, first, second, pad, N, G, S, C):
    for group in range(G):
        finish(group, parts, pad, N, S, C, shift, first, second, eps, mean, variance, inverse)

@inner
def images(part, parts, {arguments}, shift, first, second, pad, N, G, S, C):
    for group in range(G):
        gather(group, part * N // parts, (part + 1) * N // parts, part * pad, x, shift, first,
               second, G, S, C)

@inner
def images_again(part, parts, {arguments}, N, G, S, C):
    for group in range(G):
        {share}

@njit(types.void({signature}, int64, int64, int64, int64, int64, int64), parallel=True, **outer)
def kernel({arguments}, N, G, S, C, parts, by_group):
    pad = C + 2 * W
    kept = 1 if by_group else parts
    shift = np.zeros(kept * pad, T)
    first = np.zeros(kept * pad, np.float64)
    second = np.zeros(kept * pad, np.float64)
    if parts == 1:
        groups(0, 1, {arguments}, shift, first, second, pad, N, G, S, C)
    elif by_group:
        for part in prange(parts):
            groups(part, parts, {arguments}, shift, first, second, pad, N, G, S, C)
    else:
        for part in prange(parts):
            images(part, parts, {arguments}, shift, first, second, pad, N, G, S, C)
        finish_all(parts, {arguments}, shift, first, second, pad, N, G, S, C)
        for part in prange(parts):
            images_again(part, parts, {arguments}, N, G, S, C)
"""

_APPLY_DRIVER = """\
@inner
def share(part, parts, by_group, {names}, N, G, S, C):
    if by_group:
        for group in range(part * G // parts, (part + 1) * G // parts):
            apply(group, 0, N, {names}, G, S, C)
    else:
        for group in range(G):
            apply(group, part * N // parts, (part + 1) * N // parts, {names}, G, S, C)

@njit(types.void({types}, int64, int64, int64, int64, int64, int64), parallel=True, **outer)
def kernel({names}, N, G, S, C, parts, by_group):
    if parts == 1:
        share(0, 1, by_group, {names}, N, G, S, C)
    else:
        for part in prange(parts):
            share(part, parts, by_group, {names}, N, G, S, C)
"""

_BACKWARD_DRIVER = """\
@inner
def groups(part, parts, {names}, mean, inverse, weight, bias, dx, dweight, dbias, training, first,
           second, k0, k1, k2, pad, N, G, S, C):
    for group in range(part * G // parts, (part + 1) * G // parts):
        gather(group, 0, N, 0, {names}, mean, inverse, weight, bias, first, second, G, S, C)
        finish(group, 1, pad, N * S, training, C, first, second, mean, inverse, weight, dweight,
               dbias, k0, k1, k2)
        apply(group, 0, N, {names}, dx, mean, inverse, weight, bias, k0, k1, k2, G, S, C)

@inner
def finish_all(parts, mean, inverse, weight, dweight, dbias, training, first, second, k0, k1, k2,
               pad, N, G, S, C):
    for group in range(G):
        finish(group, parts, pad, N * S, training, C, first, second, mean, inverse, weight,
               dweight, dbias, k0, k1, k2)

@inner
def images(part, parts, {names}, mean, inverse, weight, bias, first, second, pad, N, G, S, C):
    for group in range(G):
        gather(group, part * N // parts, (part + 1) * N // parts, part * pad, {names}, mean,
               inverse, weight, bias, first, second, G, S, C)

@inner
def images_again(part, parts, {names}, mean, inverse, weight, bias, dx, k0, k1, k2, N, G, S, C):
    for group in range(G):
        apply(group, part * N // parts, (part + 1) * N // parts, {names}, dx, mean, inverse,
              weight, bias, k0, k1, k2, G, S, C)

@njit(types.void({types}, IN, IN, IN, IN, OUT, OUT, OUT, int64, int64, int64, int64, int64, int64,
                 int64), parallel=True, **outer)
def kernel({names}, mean, inverse, weight, bias, dx, dweight, dbias, training, N, G, S, C, parts,
           by_group):
    pad = C + 2 * W
    kept = 1 if by_group else parts
    first = np.zeros(kept * pad, np.float64)
    second = np.zeros(kept * pad, np.float64)
    k0 = np.zeros(pad, T)
    k1 = np.zeros(pad, T)
    k2 = np.zeros(pad, T)
    if parts == 1:
        groups(0, 1, {names}, mean, inverse, weight, bias, dx, dweight, dbias, training, first,
               second, k0, k1, k2, pad, N, G, S, C)
    elif by_group:
        for part in prange(parts):
            groups(part, parts, {names}, mean, inverse, weight, bias, dx, dweight, dbias, training,
                   first, second, k0, k1, k2, pad, N, G, S, C)
    else:
        for part in prange(parts):
            images(part, parts, {names}, mean, inverse, weight, bias, first, second, pad, N, G, S,
                   C)
        finish_all(parts, mean, inverse, weight, dweight, dbias, training, first, second, k0, k1,
                   k2, pad, N, G, S, C)
        for part in prange(parts):
            images_again(part, parts, {names}, mean, inverse, weight, bias, dx, k0, k1, k2, N, G,
                         S, C)
"""
