"""Writes the Numba source of the row kernels: several passes over a row while it is in cache."""

from collections.abc import Callable, Sequence

from .passes import Pass, entry, header, indented

Arguments = Sequence[tuple[str, str]]


def _module(dtype: str, arguments: Arguments, body: Sequence[str], each: Sequence[str]) -> str:
    """A kernel whose parts share the rows; `body` comes before the rows, `each` in every row."""
    arguments = [*arguments, ("rows", "int64"), ("columns", "int64")]
    lines = [
        header(dtype),
        "@inner",
        f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
        *indented(body),
        "    for row in range(part * rows // parts, (part + 1) * rows // parts):",
        *indented(each, 2),
    ]
    return "\n".join(lines) + "\n" + entry(arguments)


def _pass(body: Sequence[str], totals: Sequence[str] = (), maxima: Sequence[str] = ()) -> list[str]:
    return ["at = row * columns", *Pass(body, totals, maxima).along_run("columns")]


_MAXIMUM = [*_pass(["MAX(most, LOAD(x))"], maxima=["most"]), "most_v = splat(most, W)"]


def softmax(dtype: str) -> str:
    """`(x, out)`: the largest element, the exponentials and their sum, the quotients."""
    each = [
        *_MAXIMUM,
        *_pass(["e = exp(LOAD(x) - most_v)", "STORE(out, e)", "ADD(total, e)"], ["total"]),
        "factor = splat(T(1) / total, W)",
        *_pass(["STORE(out, LOAD(out) * factor)"]),
    ]
    return _module(dtype, [("x", "IN"), ("out", "OUT")], [], each)


def log_softmax(dtype: str) -> str:
    """`(x, out)`: the largest element, the sum of exponentials, the differences."""
    each = [
        *_MAXIMUM,
        *_pass(["ADD(total, exp(LOAD(x) - most_v))"], ["total"]),
        "rest_v = splat(T(math.log(total)), W)",
        *_pass(["STORE(out, LOAD(x) - most_v - rest_v)"]),
    ]
    return _module(dtype, [("x", "IN"), ("out", "OUT")], [], each)


def softmax_backward(dtype: str) -> str:
    """`(y, gradient, dx)`."""
    each = [
        *_pass(["ADD(total, LOAD(y) * LOAD(gradient))"], ["total"]),
        "total_v = splat(total, W)",
        *_pass(["STORE(dx, LOAD(y) * (LOAD(gradient) - total_v))"]),
    ]
    return _module(dtype, [("y", "IN"), ("gradient", "IN"), ("dx", "OUT")], [], each)


def log_softmax_backward(dtype: str) -> str:
    """`(y, gradient, dx)`."""
    each = [
        *_pass(["ADD(total, LOAD(gradient))"], ["total"]),
        "total_v = splat(total, W)",
        *_pass(["STORE(dx, LOAD(gradient) - exp(LOAD(y)) * total_v)"]),
    ]
    return _module(dtype, [("y", "IN"), ("gradient", "IN"), ("dx", "OUT")], [], each)


def layer_norm(dtype: str) -> str:
    """`(x, weight, bias, out, mean, inverse, eps)`: the mean, centred squares, then the rest."""
    each = [
        *_pass(["ADD(total, LOAD(x))"], ["total"]),
        "center = total / T(columns)",
        "center_v = splat(center, W)",
        *_pass(["d = LOAD(x) - center_v", "ADD(square, d * d)"], ["square"]),
        "scale = T(1.0 / math.sqrt(float64(square) / columns + eps))",
        "scale_v = splat(scale, W)",
        *_pass(
            ["STORE(out, (LOAD(x) - center_v) * scale_v * COLUMN(weight) + COLUMN(bias))"],
        ),
        "mean[row] = center",
        "inverse[row] = scale",
    ]
    arguments = [("x", "IN"), ("weight", "IN"), ("bias", "IN"), ("out", "OUT")]
    arguments += [("mean", "OUT"), ("inverse", "OUT"), ("eps", "float64")]
    return _module(dtype, arguments, [], each)


def layer_norm_backward(dtype: str) -> str:
    """`(x, gradient, weight, mean, inverse, dx, dweight, dbias)`; the last two are per part."""
    normal = "n = (LOAD(x) - center_v) * scale_v"
    each = [
        "center_v = splat(mean[row], W)",
        "scale_v = splat(inverse[row], W)",
        *_pass(
            [
                normal,
                "g = LOAD(gradient)",
                "h = g * COLUMN(weight)",
                "accumulate(dweight, slot + at - row * columns, KEEP(g * n))",
                "accumulate(dbias, slot + at - row * columns, KEEP(g))",
                "ADD(a, h)",
                "ADD(b, h * n)",
            ],
            ["a", "b"],
        ),
        "a_v = splat(a / T(columns), W)",
        "b_v = splat(b / T(columns), W)",
        *_pass(
            [
                normal,
                "h = LOAD(gradient) * COLUMN(weight)",
                "STORE(dx, (h - a_v - n * b_v) * scale_v)",
            ]
        ),
    ]
    arguments = [("x", "IN"), ("gradient", "IN"), ("weight", "IN"), ("mean", "IN")]
    arguments += [("inverse", "IN"), ("dx", "OUT"), ("dweight", "WIDE"), ("dbias", "WIDE")]
    return _module(dtype, arguments, ["slot = part * (columns + 32)"], each)


def cross_entropy(dtype: str) -> str:
    """`(x, labels, loss, dx, scale)`; rows with a label outside the columns give zero."""
    each = [
        "label = labels[row]",
        "if label < 0 or label >= columns:",
        "    loss[row] = 0",
        *indented(_pass(["STORE(dx, splat(T(0), W))"])),
        "    continue",
        *_MAXIMUM,
        "chosen = x[row * columns + label]",
        *_pass(["e = exp(LOAD(x) - most_v)", "STORE(dx, e)", "ADD(total, e)"], ["total"]),
        "factor = splat(T(scale / total), W)",
        *_pass(["STORE(dx, LOAD(dx) * factor)"]),
        "loss[row] = T(math.log(total)) - (chosen - most)",
        "dx[row * columns + label] -= T(scale)",
    ]
    labels = 'types.Array(int64, 1, "C", readonly=True)'
    arguments = [("x", "IN"), ("labels", labels), ("loss", "OUT"), ("dx", "OUT")]
    return _module(dtype, [*arguments, ("scale", "float64")], [], each)


SOURCES: dict[str, Callable[[str], str]] = {
    "softmax": softmax,
    "softmax_backward": softmax_backward,
    "log_softmax": log_softmax,
    "log_softmax_backward": log_softmax_backward,
    "layer_norm": layer_norm,
    "layer_norm_backward": layer_norm_backward,
    "cross_entropy": cross_entropy,
}
