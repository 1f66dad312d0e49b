"""Images go channels-last where most of a network's work is in convolutions that gain by it."""

# ruff: noqa: E501 - a call of a graph stands on one line

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.compiler.passes.channels_last import lay_channels_last
from tengen.jit import capture, trace
from tengen.ops.channels_last_onednn import favoured

from ...runtime.programs import buffers_of, plain, program_of, tensors
from ..interpreting import inputs_for, judge, leaves_alone, read, run

pytestmark = pytest.mark.skipif(not favoured(), reason="this processor gains nothing by the order")

HEAD = "graph(v0: float32[2, 16, 9, 9], v1: float32[16, 16, 3, 3], v2: float32[1, 16, 1, 1]):"
BODY = """
            {x}v4: float32[2, 16, 9, 9] = fused_convolution({v0}, v1, v2, padding=(1, 1), activation='relu')
            v5: float32[2, 16, 9, 9] = fused_convolution(v4, v1, v2, None, v4, padding=(1, 1))
            v6: float32[2, 16, 1, 1] = average_pool(v5, kernel=(9, 9), stride=(9, 9), padding=(0, 0))
            return v6
"""


def test_the_images_are_laid_once_and_what_follows_comes_in_that_order():
    after = BODY.format(x="v3: float32[2, 16, 9, 9] = channels_last(v0)\n            ", v0="v3")
    judge(lay_channels_last, HEAD + BODY.format(x="", v0="v0"), HEAD + after)
    graph = lay_channels_last(read(HEAD + BODY.format(x="", v0="v0")))
    arrays = inputs_for(graph)
    program = program_of(graph, buffers_of(tensors(arrays)))
    orders = [step.outs[0].type.layout for step in program.steps if step.what != "layout"]
    assert [o and o.name for o in orders] == ["acdb", "acdb", "acdb", None]
    (made,), (want,) = plain(program.run(buffers_of(tensors(arrays)))), run(graph, arrays)
    np.testing.assert_allclose(made, want, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        # windows of one place, channels that do not mix, and other types gain nothing
        """
        graph(v0: float32[2, 16, 9, 9], v1: float32[16, 16, 1, 1]):
            v2: float32[2, 16, 9, 9] = convolution(v0, v1)
            return v2
        """,
        """
        graph(v0: float32[2, 16, 9, 9], v1: float32[16, 1, 1, 3, 3]):
            v2: float32[2, 16, 7, 7] = convolution(v0, v1)
            return v2
        """,
        """
        graph(v0: float64[2, 16, 9, 9], v1: float64[16, 16, 3, 3]):
            v2: float64[2, 16, 7, 7] = convolution(v0, v1)
            return v2
        """,
        """
        graph(v0: float32[2, 16, 9], v1: float32[16, 16, 3]):
            v2: float32[2, 16, 7] = convolution(v0, v1, stride=(1,), padding=(0,), dilation=(1,))
            return v2
        """,
        # what would need the images plain again
        """
        graph(v0: float32[2, 16, 9, 9], v1: float32[16, 16, 3, 3]):
            v2: float32[2, 16, 7, 7] = convolution(v0, v1)
            v3: float32[2, 16, 7, 7] = sin(v2)
            return v3
        """,
        # gradients
        """
        graph(v0: float32[2, 16, 9, 9], v1: float32[16, 16, 3, 3], v2: float32[2, 16, 7, 7]):
            v3: float32[2, 16, 7, 7] = convolution(v0, v1)
            v4: float32[16, 16, 3, 3] = convolution_backward_weight(v0, v2, shape=(16, 16, 3, 3))
            return v3, v4
        """,
    ],
)
def test_others_stay(text):
    leaves_alone(lay_channels_last, text)


class Block(M.Module):
    """Convolutions of odd sizes with everything around them that networks have."""

    def __init__(self, channels, groups=1, dilation=1):
        super().__init__()
        self.first = M.Conv2d(channels, channels, 3, 1, dilation, dilation, bias=False)
        self.norm = M.BatchNorm2d(channels)
        self.second = M.Conv2d(channels, channels, 3, 1, 1, groups=groups)

    def forward(self, x):
        return F.relu(self.second(F.relu(self.norm(self.first(x)))) + x)


class Net(M.Module):
    def __init__(self, channels=20, size=5, **options):
        super().__init__()
        self.stem = M.Conv2d(3, channels, size, 2, size // 2)
        self.pool = M.MaxPool2d(3, 2, 1)
        self.blocks = M.Sequential(Block(channels, **options), Block(channels, **options))
        self.down = M.Conv2d(channels, 32, 3, 2)
        self.last = M.Linear(32, 7)

    def forward(self, x):
        x = self.down(self.blocks(self.pool(F.relu(self.stem(x)))))
        return x, self.last(F.flatten(F.avg_pool2d(x, x.shape[-1]), 1))


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(
    "options",
    [{}, {"channels": 33}, {"size": 3, "channels": 64}, {"groups": 4}, {"dilation": 2}],
    ids=str,
)
def test_networks_give_the_same(options, batch):
    tg.random.seed(0)
    net = Net(**options)
    for module in net.modules():
        if isinstance(module, M.BatchNorm2d):
            module.running_mean = tg.random.normal(size=module.running_mean.shape)
            module.running_var = tg.random.uniform(0.5, 2, module.running_var.shape)
    net.eval()
    rng = np.random.default_rng(batch)
    static = trace(lambda x: net(x), without_host=True)
    for _ in range(2):
        x = tg.tensor(rng.standard_normal((batch, 3, 37, 37)).astype("float32"))
        with tg.config.override(backends="numpy"):
            wanted = [t.numpy() for t in net(x)]
        for _ in range(2):
            for got, want in zip(static(x), wanted, strict=True):
                limit = 2e-5 * np.abs(want).max()
                np.testing.assert_allclose(got.numpy(), want, rtol=1e-3, atol=limit)
        net.down.weight.set_value(net.down.weight * 2)
        net.blocks[0].norm.weight.set_value(net.blocks[0].norm.weight * 0.5)


@pytest.mark.parametrize("value", [1e30, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("size", [(3, 3), (9, 7)])
@pytest.mark.parametrize("pool", ["max_pool", "average_pool"])
def test_pooling_in_that_order(pool, size, value):
    # A maximum also tells where in its window it stood.
    rows, columns = 9 // size[0], 7 // size[1]
    kind = f"float32[2, 5, {rows}, {columns}]"
    place = f", v3: uint8[2, 5, {rows}, {columns}]" if pool == "max_pool" else ""
    graph = read(f"""
        graph(v0: float32[2, 5, 9, 7]):
            v1: float32[2, 5, 9, 7] = channels_last(v0)
            v2: {kind}{place} = {pool}(v1, kernel={size}, stride={size}, padding=(0, 0))
            return v2
    """)
    x = np.random.default_rng(0).standard_normal((2, 5, 9, 7)).astype("float32")
    x[1, 2, 4, 4] = value
    (want,) = run(graph, [x])
    given = buffers_of(tensors([x]))
    program = program_of(graph, given)
    (made,) = plain(program.run(given))
    assert any("jit" in step.what for step in program.steps)
    np.testing.assert_allclose(made, want, rtol=1e-5, atol=1e-6)


CONV, NORM = M.Conv2d(20, 20, 3, padding=1), M.BatchNorm2d(20)
USES = {
    "convolution and batch norm": lambda f: F.relu(NORM(CONV(f))),
    "batch norm": lambda f: F.relu(NORM(f)),
    "elementwise": lambda f: F.relu(f + f * 2 + 1),
    "with a plain one": lambda f: f + F.ones(f.shape),
    "mean": lambda f: F.mean(f, (2, 3)),
    "max pooling": lambda f: F.max_pool2d(f, 3, 2),
    "average pooling": lambda f: F.avg_pool2d(f, 9),
    "concat": lambda f: F.concat([f, f], 1),
    "split": lambda f: F.split(f, 2, 1)[1],
    "slice": lambda f: f[:, 3:7, ::2],
    "interpolation": lambda f: F.vision.interpolate(f, scale_factor=2.0),
    "softmax": lambda f: F.softmax(f, 1),
    "reshape": lambda f: f.reshape(4, -1),
    "transposed": lambda f: F.transpose(f, (0, 2, 3, 1)),
    "transposed convolution": lambda f: F.conv_transpose2d(f, F.ones((20, 3, 2, 2)), stride=2),
    "padding": lambda f: F.pad(f, ((0, 0), (0, 0), (1, 1), (2, 2))),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", USES)
def test_what_comes_out_in_that_order_is_of_use_to_all(name, training):
    tg.random.seed(0)
    first = M.Sequential(M.Conv2d(16, 20, 3, padding=1), M.ReLU(), M.Conv2d(20, 20, 3, padding=1))
    first.eval()
    given = tg.tensor(np.random.default_rng(0).standard_normal((4, 16, 9, 9)).astype("float32"))
    made = trace(lambda x: first(x), without_host=True)(given)
    assert made._buffer.type.layout.name == "acdb"

    def results(features):
        for module in (CONV, NORM):
            module.train(training)
        state = [t.numpy() for t in (NORM.running_mean, NORM.running_var)]
        manager = tg.autodiff.GradManager().attach([features])
        features.grad = None
        with manager:
            y = USES[name](features)
            manager.backward((y * F.sin(y)).sum())
        for tensor, value in zip((NORM.running_mean, NORM.running_var), state, strict=True):
            tensor.set_value(value)
        return [USES[name](features).numpy() if not training else y.numpy(), features.grad.numpy()]

    with tg.config.override(backends="numpy"):
        wanted = results(tg.tensor(made.numpy()))
    for got, want in zip(results(made), wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4 * np.abs(want).max())


def test_a_network_of_wide_windows_is_laid_so():
    net = Net(channels=64)
    net.eval()
    graph = capture(net, F.zeros((1, 3, 37, 37)))
    made, notes = tg.compiler.pipeline.Pipeline().run(graph)
    assert [n.op.name for n in made.nodes].count("channels_last") == 1
    assert any(note.name == "lay_channels_last" and note.changes for note in notes)
