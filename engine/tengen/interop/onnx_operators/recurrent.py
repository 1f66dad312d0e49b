"""ONNX's recurrent layers, unrolled over the sequence."""

from typing import Any

import numpy as np

from ... import functional as F
from ...base.errors import UnsupportedError
from ..aten import activation
from .elementwise import hard_sigmoid
from .table import as_tensor, operator

ATTRIBUTES = (
    "hidden_size", "direction", "activations", "activation_alpha", "activation_beta", "clip",
    "layout", "linear_before_reset", "input_forget", "output_sequence",
)  # fmt: skip
_DEFAULTS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}


def _activation(name: str, alpha: Any, beta: Any) -> Any:
    """An activation by ONNX's name."""
    a = alpha
    known = {
        "Relu": F.relu, "Tanh": F.tanh, "Sigmoid": F.sigmoid, "Softsign": activation.softsign,
        "Softplus": F.softplus, "Affine": lambda x: F.add(F.mul(x, a or 1.0), beta or 0.0),
        "LeakyRelu": lambda x: F.leaky_relu(x, 0.01 if a is None else a),
        "Elu": lambda x: activation.elu(x, 1.0 if a is None else a),
        "HardSigmoid": lambda x: hard_sigmoid(
            x, alpha=0.2 if a is None else a, beta=0.5 if beta is None else beta
        ),
        "ScaledTanh": lambda x: F.mul(F.tanh(F.mul(x, beta or 1.0)), a or 1.0),
        "ThresholdedRelu": lambda x: activation.threshold(x, 1.0 if a is None else a, 0.0),
    }  # fmt: skip
    if name not in known:
        raise UnsupportedError(f"[from_onnx] a recurrent layer with the activation {name}")
    return known[name]


class _Layer:
    """What the three share: directions, activations, weights, sequence lengths."""

    def __init__(self, kind: str, inputs: Any, given: dict[str, Any]):
        filled: list[Any] = [*inputs, *[None] * (8 - len(inputs))]
        x, weight, recurrent, bias, lengths, hidden, *rest = filled
        self.batch_first = bool(given.get("layout", 0))
        self.x = F.swapaxes(x, 0, 1) if self.batch_first else x
        self.weight, self.recurrent, self.bias = weight, recurrent, bias
        self.lengths = lengths
        self.width = int(given["hidden_size"])
        self.given = given
        direction = given.get("direction", "forward")
        self.ways = 2 if direction == "bidirectional" else 1
        self.backwards = [direction == "reverse", True][: self.ways]
        names = given.get("activations") or _DEFAULTS[kind] * self.ways
        alphas, betas = (
            list(given.get("activation_alpha", [])),
            list(given.get("activation_beta", [])),
        )
        self.functions = []
        for name in names:
            takes_alpha = name in ("LeakyRelu", "Elu", "HardSigmoid", "ScaledTanh", "Affine",
                                   "ThresholdedRelu")  # fmt: skip
            takes_beta = name in ("HardSigmoid", "ScaledTanh", "Affine")
            alpha = alphas.pop(0) if takes_alpha and alphas else None
            beta = betas.pop(0) if takes_beta and betas else None
            self.functions.append(_activation(name, alpha, beta))
        self.per = len(_DEFAULTS[kind])
        self.states = [self._start(hidden)]
        self.rest = rest

    def _start(self, value: Any) -> Any:
        if value is None:
            return F.zeros((self.ways, self.x.shape[1], self.width), dtype=self.x.dtype)
        return F.swapaxes(value, 0, 1) if self.batch_first else value

    def clipped(self, value: Any) -> Any:
        """A gate's input within the bounds of `clip`."""
        bound = self.given.get("clip")
        return F.clip(value, -bound, bound) if bound else value

    def run(self, step: Any) -> tuple[Any, ...]:
        """All directions: Y (T, ways, N, H) and the last states."""
        outputs: list[Any] = []
        lasts: list[list[Any]] = [[] for _ in self.states]
        steps = self.x.shape[0]
        for way in range(self.ways):
            functions = self.functions[way * self.per : (way + 1) * self.per]
            state = tuple(s[way] for s in self.states)
            bias = None if self.bias is None else self.bias[way]
            found: list[Any] = [None] * steps
            for number in range(steps):
                place = steps - 1 - number if self.backwards[way] else number
                new = step(self.x[place], state, self.weight[way], self.recurrent[way], bias,
                           functions, way)  # fmt: skip
                shown = new[0]
                if self.lengths is not None:
                    alive = as_tensor((place < np.asarray(self.lengths))[:, None])
                    new = tuple(F.where(alive, n, s) for n, s in zip(new, state, strict=True))
                    shown = F.where(alive, shown, F.zeros_like(shown))
                state = new
                found[place] = shown
            outputs.append(F.stack(found, 0))
            for kept, value in zip(lasts, state, strict=True):
                kept.append(value)
        y = F.stack(outputs, 1)
        ends = [F.stack(kept, 0) for kept in lasts]
        if self.batch_first:
            y = F.transpose(y, (2, 0, 1, 3))
            ends = [F.swapaxes(e, 0, 1) for e in ends]
        return y, *ends


def _parts(bias: Any, gates: int, width: int) -> list[Any]:
    """The biases of the input's and of the hidden state's gates."""
    if bias is None:
        return [None] * (2 * gates)
    return F.split(bias, 2 * gates, 0)


def _gates(x: Any, weight: Any, gates: int) -> list[Any]:
    return F.split(F.matmul(x, weight, transpose_b=True), gates, 1)


def _plus(*values: Any) -> Any:
    present = [v for v in values if v is not None]
    made = present[0]
    for value in present[1:]:
        made = F.add(made, value)
    return made


@operator("RNN", host=(4,), attributes=ATTRIBUTES)
def rnn(*inputs: Any, **given: Any) -> Any:
    """A plain recurrent layer."""
    layer = _Layer("RNN", inputs, given)

    def step(x: Any, state: Any, w: Any, r: Any, bias: Any, functions: Any, way: int) -> Any:
        b = _parts(bias, 1, layer.width)
        made = _plus(_gates(x, w, 1)[0], _gates(state[0], r, 1)[0], b[0], b[1])
        return (functions[0](layer.clipped(made)),)

    return layer.run(step)


@operator("GRU", host=(4,), attributes=ATTRIBUTES)
def gru(*inputs: Any, **given: Any) -> Any:
    """A GRU with the gates z, r, h."""
    layer = _Layer("GRU", inputs, given)
    after = bool(given.get("linear_before_reset", 0))

    def step(x: Any, state: Any, w: Any, r: Any, bias: Any, functions: Any, way: int) -> Any:
        hidden = state[0]
        f, g = functions
        b = _parts(bias, 3, layer.width)
        xs = _gates(x, w, 3)
        weights = F.split(r, 3, 0)
        moved = [F.matmul(hidden, m, transpose_b=True) for m in weights[:2]]
        update = f(layer.clipped(_plus(xs[0], moved[0], b[0], b[3])))
        reset = f(layer.clipped(_plus(xs[1], moved[1], b[1], b[4])))
        if after:
            inner = F.mul(reset, _plus(F.matmul(hidden, weights[2], transpose_b=True), b[5]))
            new = g(layer.clipped(_plus(xs[2], inner, b[2])))
        else:
            inner = F.matmul(F.mul(reset, hidden), weights[2], transpose_b=True)
            new = g(layer.clipped(_plus(xs[2], inner, b[2], b[5])))
        return (F.add(new, F.mul(update, F.sub(hidden, new))),)

    return layer.run(step)


@operator("LSTM", host=(4,), attributes=ATTRIBUTES)
def lstm(*inputs: Any, **given: Any) -> Any:
    """An LSTM with the gates i, o, f, c, and peepholes if given."""
    layer = _Layer("LSTM", inputs, given)
    cell, peephole = (*layer.rest, None, None)[:2]
    layer.states.append(layer._start(cell))
    coupled = bool(given.get("input_forget", 0))

    def step(x: Any, state: Any, w: Any, r: Any, bias: Any, functions: Any, way: int) -> Any:
        hidden, memory = state
        f, g, h = functions
        b = _parts(bias, 4, layer.width)
        eyes = [None] * 3 if peephole is None else F.split(peephole[way], 3, 0)
        drives = [
            _plus(a, c, b[i], b[4 + i])
            for i, (a, c) in enumerate(zip(_gates(x, w, 4), _gates(hidden, r, 4), strict=True))
        ]

        def seen(eye: Any, value: Any) -> Any:
            return None if eye is None else F.mul(eye, value)

        enter = f(layer.clipped(_plus(drives[0], seen(eyes[0], memory))))
        keep = (
            F.sub(1.0, enter)
            if coupled
            else f(layer.clipped(_plus(drives[2], seen(eyes[2], memory))))
        )
        new = g(layer.clipped(drives[3]))
        after = F.add(F.mul(keep, memory), F.mul(enter, new))
        leave = f(layer.clipped(_plus(drives[1], seen(eyes[1], after))))
        return F.mul(leave, h(after)), after

    return layer.run(step)
