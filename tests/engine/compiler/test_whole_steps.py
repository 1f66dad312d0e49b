"""Whole training and inference steps compute the same before and after all passes."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.compiler.pipeline import Pipeline
from tengen.graph.parse import from_text
from tengen.graph.text import to_text
from tengen.jit import captured
from tengen.kernels.numba import library, service
from tengen.runtime import plan

from .interpreting import constant, evaluate, run


class Residual(M.Module):
    """Two convolutions with batch norm and a shortcut; depthwise in between."""

    def __init__(self, channels):
        super().__init__()
        self.first = M.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = M.BatchNorm2d(channels)
        self.second = M.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.norm2 = M.BatchNorm2d(channels)

    def forward(self, x):
        y = F.nn.relu6(self.norm1(self.first(x)))
        return F.nn.relu(self.norm2(self.second(y)) + x)


class ConvNet(M.Module):
    """A stem, two residual blocks, a linear bottleneck and a classifier with a hidden layer."""

    def __init__(self):
        super().__init__()
        self.stem = M.ConvBnRelu2d(3, 16, 3, stride=2, padding=1)
        self.blocks = M.Sequential(Residual(16), Residual(16))
        self.narrow = M.ConvBn2d(16, 8, 1)
        self.hidden = M.Linear(8, 20)
        self.out = M.Linear(20, 5)

    def forward(self, x):
        y = self.narrow(self.blocks(self.stem(x)))
        y = F.flatten(F.nn.adaptive_avg_pool2d(y, 1), 1)
        return self.out(F.nn.gelu(self.hidden(y)))


class Tokens(M.Module):
    """Embedding, a gated recurrent step and layer norm written by hand."""

    def __init__(self):
        super().__init__()
        self.words = M.Embedding(30, 24)
        self.cell = M.LSTMCell(24, 24)
        self.scale = M.Linear(24, 24)
        self.out = M.Linear(24, 5)

    def forward(self, tokens):
        x = self.words(tokens)
        state = None
        for place in range(tokens.shape[1]):
            state = self.cell(x[:, place], state)
        h = state[0]
        centred = h - F.mean(h, axis=1, keepdims=True)
        h = centred / F.sqrt(F.mean(centred**2, axis=1, keepdims=True) + 1e-5)
        return self.out(h * F.sigmoid(self.scale(h)) + F.maximum(h, 0.1) * 0.5)


def training(net, optimizer):
    manager = tg.autodiff.GradManager().attach(net.parameters())

    def step(x, y):
        with manager:
            loss = F.nn.cross_entropy(net(x), y)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    return step


def images():
    rng = np.random.default_rng(1)
    return rng.standard_normal((6, 3, 16, 16)), rng.integers(0, 5, 6)


def words():
    rng = np.random.default_rng(2)
    return rng.integers(0, 30, (6, 3)), rng.integers(0, 5, 6)


OPTIMIZERS = {
    "sgd": lambda p: tg.optimizer.SGD(p, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "adam": lambda p: tg.optimizer.AdamW(p, lr=0.01, weight_decay=0.1),
}


def recorded(model, data, optimizer=None):
    """The graph of a call, and arrays for its inputs."""
    tg.random.seed(5)
    net = model()
    x, y = (tg.Tensor(a, dtype="float32" if a.dtype.kind == "f" else "int32") for a in data())
    if optimizer is None:
        net.eval()
        found = captured(net, x)
    else:
        found = captured(training(net, OPTIMIZERS[optimizer](net.parameters())), x, y)
    return found.graph, [np.array(source.numpy()) for source in found.sources]


def widened(graph, arrays):
    """The same in float64, where rounding does not hide mistakes."""
    wide = from_text(to_text(graph).replace("float32", "float64"), constant)
    return wide, [a.astype("float64") if a.dtype == np.float32 else a for a in arrays]


def compare(graph, made, arrays, limit):
    for want, got in zip(run(graph, arrays), run(made, arrays), strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        scale = max(1.0, float(np.max(np.abs(want), initial=0)))
        np.testing.assert_allclose(got, want, rtol=limit, atol=limit * scale)


CASES = [(ConvNet, images), (Tokens, words)]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", None])
@pytest.mark.parametrize("model, data", CASES)
def test_a_step_is_the_same_in_float64(model, data, optimizer):
    graph, arrays = widened(*recorded(model, data, optimizer))
    made, notes = Pipeline(evaluate, check=True).run(graph)
    assert len(made.nodes) < len(graph.nodes), [str(note) for note in notes]
    compare(graph, made, arrays, 1e-9)


@pytest.mark.skipif(not library.available(), reason="Numba is not here")
@pytest.mark.parametrize("optimizer", ["sgd", None])
@pytest.mark.parametrize("model, data", CASES)
def test_a_step_is_the_same_with_compiled_kernels(model, data, optimizer):
    graph, arrays = recorded(model, data, optimizer)
    made, _ = Pipeline(evaluate, check=True).run(graph)
    before = service.mode()
    service.set_mode("now")
    plan.plans.clear()
    try:
        compare(graph, made, arrays, 2e-4)
    finally:
        service.set_mode(before)
        plan.plans.clear()


def test_what_the_passes_find():
    graph, _ = recorded(ConvNet, images, "sgd")
    made, _ = Pipeline(evaluate).run(graph)
    names = [node.op.name for node in made.nodes]
    assert names.count("fused_batch_norm") == names.count("fused_batch_norm_backward") == 3
    assert names.count("fused_depthwise") == names.count("fused_depthwise_backward") == 2
    assert not {"relu", "relu6", "add", "relu_backward", "relu6_backward"} & set(names)
    assert names.count("fused_update") == names.count("fused_running_statistics") == 1
    graph, _ = recorded(ConvNet, images)
    made, _ = Pipeline(evaluate).run(graph)
    names = [node.op.name for node in made.nodes]
    assert names.count("fused_convolution") == 6 and "batch_norm_inference" not in names
    graph, _ = recorded(Tokens, words)
    made, _ = Pipeline(evaluate).run(graph)
    assert sum(node.op.name == "fused_elementwise" for node in made.nodes) >= 4
