"""ATen's recurrent layers, unrolled over the sequence."""

from collections.abc import Callable
from typing import Any

from ... import functional as F
from .randomness import dropout
from .table import aten

Step = Callable[[Any, tuple[Any, ...], Any, Any], tuple[Any, ...]]


def _lstm_step(drive: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
    """One step of an LSTM with the gates i, f, g, o (Hochreiter and Schmidhuber, 1997)."""
    hidden, cell = state
    gates = F.add(drive, F.nn.linear(hidden, weight, bias))
    i, f, g, o = F.split(gates, 4, 1)
    cell = F.add(F.mul(F.sigmoid(f), cell), F.mul(F.sigmoid(i), F.tanh(g)))
    return F.mul(F.sigmoid(o), F.tanh(cell)), cell


def _gru_step(drive: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
    """One step of a GRU with the gates r, z, n (Cho et al., 2014)."""
    (hidden,) = state
    moved = F.split(F.nn.linear(hidden, weight, bias), 3, 1)
    r, z, n = F.split(drive, 3, 1)
    reset, update = F.sigmoid(F.add(r, moved[0])), F.sigmoid(F.add(z, moved[1]))
    new = F.tanh(F.add(n, F.mul(reset, moved[2])))
    return (F.add(new, F.mul(update, F.sub(hidden, new))),)


def _plain_step(activation: Any) -> Step:
    def step(drive: Any, state: tuple[Any, ...], weight: Any, bias: Any) -> tuple[Any, ...]:
        return (activation(F.add(drive, F.nn.linear(state[0], weight, bias))),)

    return step


def _one_way(
    step: Step, x: Any, state: tuple[Any, ...], weights: list[Any], backwards: bool
) -> tuple[Any, tuple[Any, ...]]:
    """One direction of one layer over x (T, N, C): outputs (T, N, H) and the last state."""
    from_input, from_hidden, *biases = weights
    first, second = biases if biases else (None, None)
    drives = F.nn.linear(x, from_input, first)
    length = x.shape[0]
    outputs = []
    for number in range(length):
        place = length - 1 - number if backwards else number
        state = step(drives[place], state, from_hidden, second)
        outputs.append(state[0])
    return F.stack(outputs[::-1] if backwards else outputs, 0), state


def _run(
    step: Step, x: Any, states: list[Any], params: list[Any], has_biases: bool, layers: int,
    drop: float, train: bool, both: bool, batch_first: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """All layers: the outputs, then the last states stacked."""
    per = 4 if has_biases else 2
    directions = 2 if both else 1
    if batch_first:
        x = F.swapaxes(x, 0, 1)
    lasts: list[list[Any]] = [[] for _ in states]
    for layer in range(layers):
        ways = []
        for way in range(directions):
            number = layer * directions + way
            start = tuple(s[number] for s in states)
            weights = params[number * per : (number + 1) * per]
            y, last = _one_way(step, x, start, weights, way == 1)
            ways.append(y)
            for kept, value in zip(lasts, last, strict=True):
                kept.append(value)
        x = ways[0] if len(ways) == 1 else F.concat(ways, 2)
        if layer + 1 < layers:
            x = dropout(x, drop, train)
    out = F.swapaxes(x, 0, 1) if batch_first else x
    return out, *[F.stack(kept, 0) for kept in lasts]


@aten("lstm.input", training=True)
def lstm(
    x: Any, states: Any, params: Any, has_biases: bool, layers: int, drop: float, train: bool,
    both: bool, batch_first: bool, training: bool = True,
) -> Any:  # fmt: skip
    """LSTM layers: outputs, last hidden and cell states."""
    train = train and training
    if len(params) % (4 if has_biases else 2) == 0 and len(states) == 2:
        width, hidden = states[1].shape[-1], states[0].shape[-1]
        if width != hidden:
            return _projected(x, states, params, has_biases, layers, drop, train, both, batch_first)
    return _run(_lstm_step, x, states, params, has_biases, layers, drop, train, both, batch_first)


def _projected(
    x: Any, states: Any, params: Any, has_biases: bool, layers: int, drop: float, train: bool,
    both: bool, batch_first: bool,
) -> Any:  # fmt: skip
    """LSTM layers whose hidden state is projected: one more weight for each direction."""
    per = 5 if has_biases else 3
    flat: list[Any] = []
    for number in range(len(params) // per):
        part = list(params[number * per : (number + 1) * per])
        flat += [part[0], (part[1], part[-1]), *part[2:-1]]

    def step(drive: Any, state: tuple[Any, ...], weights: Any, bias: Any) -> tuple[Any, ...]:
        weight, projection = weights
        hidden, cell = _lstm_step(drive, state, weight, bias)
        return F.nn.linear(hidden, projection), cell

    return _run(step, x, states, flat, has_biases, layers, drop, train, both, batch_first)


@aten("gru.input", training=True)
def gru(
    x: Any, state: Any, params: Any, has_biases: bool, layers: int, drop: float, train: bool,
    both: bool, batch_first: bool, training: bool = True,
) -> Any:  # fmt: skip
    """GRU layers: outputs and last states."""
    train = train and training
    return _run(_gru_step, x, [state], params, has_biases, layers, drop, train, both, batch_first)


def _plain(name: str, activation: Any) -> None:
    @aten(f"{name}.input", training=True)
    def rnn(
        x: Any, state: Any, params: Any, has_biases: bool, layers: int, drop: float, train: bool,
        both: bool, batch_first: bool, training: bool = True,
    ) -> Any:  # fmt: skip
        step = _plain_step(activation)
        train = train and training
        return _run(step, x, [state], params, has_biases, layers, drop, train, both, batch_first)


_plain("rnn_tanh", F.tanh)
_plain("rnn_relu", F.relu)
