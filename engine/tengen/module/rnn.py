"""Recurrent networks over whole sequences: layers, directions, dropout between layers."""

from abc import abstractmethod
from typing import Any

from .. import functional as F
from ..base.errors import ArgumentError
from ..functional import nn
from .module import Module
from .rnn_cell import LSTMCell, RNNCell, RNNCellBase


class RNNBase(Module):
    """`cells[layer][direction]` holds the weights; see RNN for the shapes."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0,
        bidirectional: bool = False,
        proj_size: int = 0,
    ):
        super().__init__()
        name = type(self).__name__
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ArgumentError(f"[{name}] dropout is a number in [0, 1]; got {dropout!r}")
        if not 0 <= proj_size < hidden_size:
            raise ArgumentError(
                f"[{name}] proj_size is at least 0 and below hidden_size; got {proj_size}"
            )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.num_directions = 2 if bidirectional else 1
        self.proj_size = proj_size
        self.cells = [
            [self.create_cell(layer) for _ in range(self.num_directions)]
            for layer in range(num_layers)
        ]

    @property
    def output_size(self) -> int:
        """The features of one direction's output."""
        return self.proj_size or self.hidden_size

    def reset_parameters(self) -> None:
        """Draw the weights of every cell anew."""
        for layer in self.cells:
            for cell in layer:
                cell.reset_parameters()

    @abstractmethod
    def create_cell(self, layer: int) -> RNNCellBase:
        """A new cell for a layer."""

    @abstractmethod
    def init_hidden(self, batch_size: int) -> Any:
        """The zero state of all layers and directions."""

    @abstractmethod
    def get_output_from_hidden(self, hx: Any) -> Any:
        """The part of a state that is the output of its step."""

    @abstractmethod
    def _pick(self, hx: Any, index: int) -> Any:
        """The state of one layer and direction."""

    @abstractmethod
    def _join(self, states: list[Any]) -> Any:
        """The state of all layers and directions."""

    def _input_features(self, layer: int) -> int:
        return self.input_size if layer == 0 else self.num_directions * self.output_size

    def apply_op(self, input: Any, hx: Any) -> tuple[Any, Any]:
        """The outputs (T, N, directions * features) and last states for (T, N, input_size)."""
        states = []
        for layer, cells in enumerate(self.cells):
            if layer and self.dropout and self.training:
                input = nn.dropout(input, self.dropout, training=True)
            directions = []
            for direction, cell in enumerate(cells):
                state = self._pick(hx, layer * self.num_directions + direction)
                outputs, state = self._run(cell, input, state, backwards=direction == 1)
                directions.append(outputs)
                states.append(state)
            input = directions[0] if len(directions) == 1 else F.concat(directions, axis=2)
        return input, self._join(states)

    def _run(self, cell: RNNCellBase, x: Any, state: Any, backwards: bool) -> tuple[Any, Any]:
        parts = cell.from_input(x)  # (T, N, gates): one product for all steps
        outputs = []
        steps = range(x.shape[0])
        for step in reversed(steps) if backwards else steps:
            state = cell.advance(parts[step], state)
            outputs.append(self.get_output_from_hidden(state))
        return F.stack(outputs[::-1] if backwards else outputs, axis=0), state

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if input.ndim != 3 or input.shape[0 if not self.batch_first else 1] == 0:
            raise ArgumentError(
                f"[{type(self).__name__}] the input has 3 axes and at least one step; got shape"
                f" {input.shape}"
            )
        if self.batch_first:
            input = F.transpose(input, (1, 0, 2))
        if hx is None:
            hx = self.init_hidden(input.shape[1])
        output, state = self.apply_op(input, hx)
        return (F.transpose(output, (1, 0, 2)) if self.batch_first else output), state

    def _module_info_string(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"]
        for name, plain in (
            ("bias", True), ("batch_first", False), ("dropout", 0.0), ("bidirectional", False),
            ("proj_size", 0),
        ):  # fmt: skip
            if getattr(self, name) != plain:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)


class RNN(RNNBase):
    """An Elman network of one or more layers.

    RNN(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0,
    bidirectional=False, nonlinearity="tanh"). `input` is (T, N, input_size), or (N, T,
    input_size) with `batch_first`; `hx` (layers * directions, N, hidden_size) or None for zeros.
    Gives the outputs (T, N, directions * hidden_size) and the last states like `hx`. Dropout
    acts between layers in training.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        super().__init__(*args, **kwargs)
        if self.proj_size:
            raise ArgumentError("[RNN] proj_size is for LSTM only")

    def create_cell(self, layer: int) -> RNNCell:
        features = self._input_features(layer)
        return RNNCell(features, self.hidden_size, self.bias, self.nonlinearity)

    def init_hidden(self, batch_size: int) -> Any:
        return F.zeros((self.num_directions * self.num_layers, batch_size, self.hidden_size))

    def get_output_from_hidden(self, hx: Any) -> Any:
        return hx

    def _pick(self, hx: Any, index: int) -> Any:
        return hx[index]

    def _join(self, states: list[Any]) -> Any:
        return F.stack(states, axis=0)


class LSTM(RNNBase):
    """A long short-term memory network of one or more layers.

    LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0,
    bidirectional=False, proj_size=0). Shapes as in RNN; `hx` is the pair (h, c) or None for
    zeros. With `proj_size` h is projected to that many features (Sak et al., 2014).
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)

    def create_cell(self, layer: int) -> LSTMCell:
        features = self._input_features(layer)
        return LSTMCell(features, self.hidden_size, self.bias, proj_size=self.proj_size)

    def init_hidden(self, batch_size: int) -> Any:
        count = self.num_directions * self.num_layers
        return (
            F.zeros((count, batch_size, self.output_size)),
            F.zeros((count, batch_size, self.hidden_size)),
        )

    def get_output_from_hidden(self, hx: Any) -> Any:
        return hx[0]

    def _pick(self, hx: Any, index: int) -> Any:
        return hx[0][index], hx[1][index]

    def _join(self, states: list[Any]) -> Any:
        return F.stack([h for h, _ in states], axis=0), F.stack([c for _, c in states], axis=0)
