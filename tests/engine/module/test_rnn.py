"""Recurrent cells and networks against PyTorch in float64."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature
from tests.engine.module.comparing import adopt, close, compare, widened

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import ArgumentError

COVERS = tuple(
    f"tengen.module.{name}"
    for name in (
        "RNNCell", "RNNCell.forward", "LSTMCell", "LSTMCell.forward",
        *(
            f"{kind}{part}"
            for kind in ("RNN", "LSTM")
            for part in ("", ".apply_op", ".create_cell", ".get_output_from_hidden", ".init_hidden")
        ),
    )
)  # fmt: skip
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def data(*shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape)


def cell_names(bias):
    return {name: name for name in PARTS[: 4 if bias else 2]}


@pytest.mark.parametrize("kind", ["tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False])
def test_rnn_cell(kind, bias):
    names = cell_names(bias)
    cell = M.RNNCell(3, 4, bias=bias, nonlinearity=kind)
    widened(cell)
    if not bias:
        cell.bias_ih, cell.bias_hh = tg.Tensor(np.zeros(4)), tg.Tensor(np.zeros(4))
    theirs = adopt(torch.nn.RNNCell(3, 4, bias, kind), cell, names)
    compare(cell, theirs, [data(5, 3), data(5, 4)], names)


@pytest.mark.parametrize("bias", [True, False])
def test_lstm_cell(bias):
    names = cell_names(bias)
    cell = M.LSTMCell(3, 4, bias=bias)
    widened(cell)

    class Beside(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = torch.nn.LSTMCell(3, 4, bias)

        def forward(self, x, h, c):
            h, c = self.cell(x, (h, c))
            return h + 2 * c

    def run(x, h, c):
        h, c = cell(x, (h, c))
        return h + 2 * c

    kept = {f"cell.{k}": v for k, v in names.items()}
    compare(cell, adopt(Beside(), cell, kept), [data(5, 3), data(5, 4), data(5, 4)], kept, run)


def test_cells_start_from_zeros_and_even_weights():
    tg.random.seed(0)
    x = tg.Tensor(data(5, 3))
    for cell in (M.RNNCell(3, 4), M.LSTMCell(3, 4)):
        zeros = F.zeros((5, 4))
        first = cell(x)
        second = cell(x, zeros if isinstance(cell, M.RNNCell) else (zeros, zeros))
        for a, b in zip(*(((r,) if not isinstance(r, tuple) else r) for r in (first, second)),
                        strict=True):  # fmt: skip
            np.testing.assert_array_equal(a.numpy(), b.numpy())
        wide = type(cell)(30, 400)
        assert np.abs(wide.weight_hh.numpy()).max() <= 0.05
        assert np.abs(wide.weight_hh.numpy()).max() > 0.049
    with pytest.raises(ArgumentError, match="tanh or relu"):
        M.RNNCell(3, 4, nonlinearity="sigmoid")


def network_names(layers, directions, bias, projected=False):
    names = {}
    for layer in range(layers):
        for direction in range(directions):
            tail = f"_l{layer}" + ("_reverse" if direction else "")
            parts = [*PARTS[: 4 if bias else 2], *(["weight_hr"] if projected else [])]
            for part in parts:
                names[f"net.{part}{tail}"] = f"cells.{layer}.{direction}.{part}"
    return names


class Whole(torch.nn.Module):
    """A network whose outputs and states are joined into one vector."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, *state):
        out, last = self.net(x, state[0] if len(state) == 1 else tuple(state))
        rest = last if isinstance(last, tuple) else (last,)
        return torch.cat([t.reshape(-1) for t in (out, *rest)])


def joined(net):
    def run(x, *state):
        out, last = net(x, state[0] if len(state) == 1 else tuple(state))
        rest = last if isinstance(last, tuple) else (last,)
        return F.concat([t.reshape(-1) for t in (out, *rest)])

    return run


CASES = (
    {"num_layers": 1, "bidirectional": False, "batch_first": False, "bias": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": True},
    {"num_layers": 3, "bidirectional": False, "batch_first": True, "bias": False},
)


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("kind", ["tanh", "relu"])
def test_rnn(settings, kind):
    net = M.RNN(3, 4, nonlinearity=kind, **settings)
    check_network(net, torch.nn.RNN(3, 4, nonlinearity=kind, **settings), settings, states=1)


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("projected", [0, 2])
def test_lstm(settings, projected):
    net = M.LSTM(3, 4, proj_size=projected, **settings)
    theirs = torch.nn.LSTM(3, 4, proj_size=projected, **settings)
    check_network(net, theirs, settings, states=2, projected=projected)


def check_network(net, theirs, settings, states, projected=0):
    directions = 2 if settings["bidirectional"] else 1
    names = network_names(settings["num_layers"], directions, settings["bias"], bool(projected))
    widened(net)
    for layer in net.cells:
        for cell in layer:
            if not settings["bias"]:
                cell.bias_ih = cell.bias_hh = tg.Tensor(np.zeros(cell.gate_hidden_size))
    x = data(5, 6, 3) if settings["batch_first"] else data(6, 5, 3)
    count = directions * settings["num_layers"]
    sizes = [projected or 4, 4][:states]
    start = [data(count, 5, size, seed=7 + i) for i, size in enumerate(sizes)]
    whole = adopt(Whole(theirs), net, names)
    compare(net, whole, [x, *start], names, joined(net), 1e-8)
    fresh = [tg.Tensor(np.zeros(s.shape), dtype="float64") for s in start]
    wide = tg.Tensor(x, dtype="float64")
    with_zeros = net(wide, fresh[0] if states == 1 else tuple(fresh))[0].numpy()
    close(net(wide)[0].numpy(), with_zeros)


def test_the_pieces_of_a_network():
    net = M.LSTM(3, 4, num_layers=2, bidirectional=True)
    h, c = net.init_hidden(5)
    assert h.shape == c.shape == (4, 5, 4)
    assert net.get_output_from_hidden((h, c)) is h
    assert net.create_cell(0).weight_ih.shape == (16, 3)
    assert net.create_cell(1).weight_ih.shape == (16, 8)
    x = tg.Tensor(data(6, 5, 3))
    out, _ = net.apply_op(x, (h, c))
    np.testing.assert_array_equal(out.numpy(), net(x)[0].numpy())
    plain = M.RNN(3, 4)
    start = plain.init_hidden(5)
    assert start.shape == (1, 5, 4)
    assert plain.get_output_from_hidden(start) is start
    assert plain.create_cell(0).weight_ih.shape == (4, 3)
    out, last = plain.apply_op(x, start)
    np.testing.assert_array_equal(out.numpy()[-1], last.numpy()[0])
    assert "num_layers=2, bidirectional=True" in repr(net)


def test_dropout_acts_between_layers_in_training():
    tg.random.seed(3)
    net = M.RNN(3, 16, num_layers=2, dropout=0.5)
    x = tg.Tensor(data(6, 5, 3))
    assert (net(x)[0].numpy() != net(x)[0].numpy()).any()
    net.eval()
    np.testing.assert_array_equal(net(x)[0].numpy(), net(x)[0].numpy())
    single = M.RNN(3, 16, dropout=0.5)
    np.testing.assert_array_equal(single(x)[0].numpy(), single(x)[0].numpy())


def test_what_is_out_of_range_is_refused():
    for make, message in (
        (lambda: M.RNN(3, 4, dropout=2), "dropout"),
        (lambda: M.LSTM(3, 4, dropout=True), "dropout"),
        (lambda: M.LSTM(3, 4, proj_size=4), "proj_size"),
        (lambda: M.RNN(3, 4, proj_size=2), "LSTM only"),
        (lambda: M.RNN(3, 4)(tg.Tensor(data(5, 3))), "3 axes"),
        (lambda: M.RNN(3, 4)(tg.Tensor(data(0, 5, 3))), "at least one step"),
    ):
        with pytest.raises(ArgumentError, match=message):
            make()


def test_weights_are_drawn_anew():
    net = M.LSTM(3, 4)
    before = net.cells[0][0].weight_hh.numpy()
    net.reset_parameters()
    assert (before != net.cells[0][0].weight_hh.numpy()).any()
