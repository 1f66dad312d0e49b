"""Writes the Numba source of the optimizer steps: one pass over a parameter, gradient and state.

Each rule is the text of its vector arithmetic, in the element type; numbers that do not depend on
the element are computed by the caller and come in as float64 scalars.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .passes import Pass, entry, header, indented


@dataclass(frozen=True)
class Rule:
    """An update rule: its state arrays, its scalars, and its lines; `p` and `g` are loaded."""

    states: Sequence[str]
    scalars: Sequence[str]
    lines: Sequence[str]


_DECAY = "g = g + p * decay"
_MOMENTS = [
    "m = LOAD(mean) * beta0 + g * fresh0",
    "s = LOAD(square) * beta1 + g * g * fresh1",
]
_KEEP_MOMENTS = ["STORE(mean, m)", "STORE(square, s)"]
_ADAM_DELTA = "u = (m / correction0) / (square_root(s / correction1) + eps)"
_ADAM_SCALARS = ["beta0", "fresh0", "beta1", "fresh1", "correction0", "correction1", "eps"]

RULES = {
    "sgd": Rule([], ["lr", "decay"], [_DECAY, "STORE(param, p - g * lr)"]),
    "momentum": Rule(
        ["velocity"],
        ["lr", "decay", "momentum"],
        [
            _DECAY,
            "v = LOAD(velocity) * momentum + g",
            "STORE(velocity, v)",
            "STORE(param, p - v * lr)",
        ],
    ),
    "nesterov": Rule(
        ["velocity"],
        ["lr", "decay", "momentum"],
        [
            _DECAY,
            "v = LOAD(velocity) * momentum + g",
            "STORE(velocity, v)",
            "STORE(param, p - (g + v * momentum) * lr)",
        ],
    ),
    "adam": Rule(
        ["mean", "square"],
        ["lr", "decay", *_ADAM_SCALARS],
        [_DECAY, *_MOMENTS, *_KEEP_MOMENTS, _ADAM_DELTA, "STORE(param, p - u * lr)"],
    ),
    "adamw": Rule(
        ["mean", "square"],
        ["lr", "decay", *_ADAM_SCALARS],
        [*_MOMENTS, *_KEEP_MOMENTS, _ADAM_DELTA, "STORE(param, p - (u + p * decay) * lr)"],
    ),
    "adagrad": Rule(
        ["square"],
        ["lr", "decay", "eps"],
        [
            _DECAY,
            "s = LOAD(square) + g * g",
            "STORE(square, s)",
            "STORE(param, p - g / square_root(s + eps) * lr)",
        ],
    ),
    "adadelta": Rule(
        ["square", "step"],
        ["lr", "decay", "rho", "fresh", "eps"],
        [
            _DECAY,
            "s = LOAD(square) * rho + g * g * fresh",
            "a = LOAD(step)",
            "u = square_root(a + eps) / square_root(s + eps) * g",
            "STORE(square, s)",
            "STORE(step, a * rho + u * u * fresh)",
            "STORE(param, p - u * lr)",
        ],
    ),
    "lamb_norms": Rule(
        ["mean", "square"],
        ["decay", *_ADAM_SCALARS],
        [
            *_MOMENTS,
            *_KEEP_MOMENTS,
            _ADAM_DELTA,
            "u = u + p * decay",
            "ADD(a, p * p)",
            "ADD(b, u * u)",
        ],
    ),
    "lamb_apply": Rule(
        ["mean", "square"],
        ["lr", "decay", *_ADAM_SCALARS],
        [
            "m = LOAD(mean)",
            "s = LOAD(square)",
            _ADAM_DELTA,
            "STORE(param, p - (u + p * decay) * lr)",
        ],
    ),
}


def step(rule_name: str, dtype: str) -> str:
    """The source of a kernel `(param, gradient, *states, [sums,] *scalars, parts)`.

    `lamb_norms` also takes `sums`, 16 float64 numbers a part, and adds the squared norms of the
    parameter and of the update to its first two.
    """
    rule = RULES[rule_name]
    totals = ("a", "b") if rule_name == "lamb_norms" else ()
    body = ["p = LOAD(param)", "g = LOAD(gradient)", *rule.lines]
    arrays = [("param", "OUT"), ("gradient", "IN"), *[(state, "OUT") for state in rule.states]]
    arrays += [("sums", "WIDE")] if totals else []
    arguments = arrays + [(f"{name}_", "float64") for name in rule.scalars]
    summed = []
    if totals:  # float32 sums stay short, since each run of 4096 is added up in float64
        summed = ["sums[part * 16] += float64(a)", "sums[part * 16 + 1] += float64(b)"]
    lines = [
        header(dtype),
        "@inner",
        f"def work(part, parts, {', '.join(name for name, _ in arguments)}):",
        *indented([f"{name} = T({name}_)" for name in rule.scalars]),
        "    vectors = (param.size + W - 1) // W",
        "    first = part * vectors // parts * W",
        "    last = min((part + 1) * vectors // parts * W, param.size)",
    ]
    run = Pass(body, totals)
    if totals:
        lines += ["    for at in range(first, last, 4096):", "        some = min(4096, last - at)"]
        lines += indented([*run.along_run("some"), *summed], 2)
    else:
        lines += ["    at = first", *indented(run.along_run("(last - first)"))]
    return "\n".join(lines) + "\n" + entry(arguments)
