"""Cells of recurrent networks: one step of an Elman RNN and of an LSTM."""

import math
from abc import abstractmethod
from typing import Any

import numpy as np

from .. import functional as F
from ..base.errors import ArgumentError
from ..functional import nn
from ..tensor import Parameter
from . import init
from .module import Module

_NONLINEARITIES = ("tanh", "relu")


class RNNCellBase(Module):
    """Weights `weight_ih` (gates * hidden, input) and `weight_hh` (gates * hidden, hidden) and
    their biases, all drawn evenly from +-1 / sqrt(hidden_size). Without `bias` the biases stay
    zero and are no parameters."""

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool, projected: int = 0):
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        self.gate_hidden_size = rows = self.gates * hidden_size
        self.weight_ih = Parameter(np.zeros((rows, input_size), np.float32))
        self.weight_hh = Parameter(np.zeros((rows, projected or hidden_size), np.float32))
        if bias:
            self.bias_ih: Any = Parameter(np.zeros(rows, np.float32))
            self.bias_hh: Any = Parameter(np.zeros(rows, np.float32))
        else:
            self.bias_ih = F.zeros(rows)
            self.bias_hh = F.zeros(rows)
        self.weight_hr = None
        if projected:
            self.weight_hr = Parameter(np.zeros((projected, hidden_size), np.float32))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases anew."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def from_input(self, x: Any) -> Any:
        """The input's part of the gates, for one step or for all steps at once."""
        return nn.linear(x, self.weight_ih, self.bias_ih + self.bias_hh if self.bias else None)

    @abstractmethod
    def advance(self, part: Any, hx: Any) -> Any:
        """The next state from the input's part of the gates and the state before."""

    @abstractmethod
    def blank(self, batch_size: int) -> Any:
        """The zero state."""

    def _state(self, x: Any, hx: Any) -> Any:
        return self.blank(x.shape[0]) if hx is None else hx

    def _module_info_string(self) -> str:
        return f"{self.input_size}, {self.hidden_size}, bias={self.bias}"


class RNNCell(RNNCellBase):
    """One step of an Elman network: h' = f(W_ih x + b_ih + W_hh h + b_hh), f tanh or relu.

    `input` (N, input_size), `hx` (N, hidden_size) or None for zeros.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh"
    ):
        if nonlinearity not in _NONLINEARITIES:
            raise ArgumentError(f"[RNNCell] nonlinearity is tanh or relu; got {nonlinearity!r}")
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias)

    def blank(self, batch_size: int) -> Any:
        return F.zeros((batch_size, self.hidden_size))

    def advance(self, part: Any, hx: Any) -> Any:
        total = part + nn.linear(hx, self.weight_hh)
        return F.tanh(total) if self.nonlinearity == "tanh" else nn.relu(total)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self.advance(self.from_input(input), self._state(input, hx))


class LSTMCell(RNNCellBase):
    """One step of a long short-term memory (Hochreiter and Schmidhuber, 1997).

    i, f, o = sigmoid and g = tanh of their shares of W_ih x + b_ih + W_hh h + b_hh, in the order
    i, f, g, o; c' = f c + i g; h' = o tanh(c'). `input` (N, input_size), `hx` the pair (h, c),
    each (N, hidden_size), or None for zeros. Gives (h', c').
    """

    gates = 4

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, *, proj_size: int = 0):
        self.proj_size = proj_size
        super().__init__(input_size, hidden_size, bias, proj_size)

    def blank(self, batch_size: int) -> Any:
        return (
            F.zeros((batch_size, self.proj_size or self.hidden_size)),
            F.zeros((batch_size, self.hidden_size)),
        )

    def advance(self, part: Any, hx: Any) -> Any:
        h, c = hx
        gates = part + nn.linear(h, self.weight_hh)
        i, f, g, o = F.split(gates, 4, axis=1)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * F.tanh(g)
        h = nn.sigmoid(o) * F.tanh(c)
        return (h if self.weight_hr is None else nn.linear(h, self.weight_hr)), c

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self.advance(self.from_input(input), self._state(input, hx))
