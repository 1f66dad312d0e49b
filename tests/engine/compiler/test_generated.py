"""Random graphs compute the same after all passes, and each pass keeps the invariants."""

import numpy as np
import pytest

import tengen as tg
from tengen.compiler.pipeline import Pipeline
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.text import to_text
from tengen.graph.types import TensorType
from tengen.runtime.buffer import from_host

from .interpreting import evaluate, inputs_for, run

IMAGE, PART, ROWS = (2, 4, 5, 5), (1, 4, 1, 1), (6, 4)
UNARY = ("relu", "relu6", "tanh", "sigmoid", "neg", "abs", "square", "gelu", "hswish", "silu")
BINARY = ("add", "accumulate", "sub", "mul", "maximum", "relu_backward", "relu6_backward")


class Maker:
    """Appends random calls on what is there; recent values are read more often."""

    def __init__(self, seed, dtype):
        self.rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.graph = Graph()
        self.values = {}
        for shape in (IMAGE, IMAGE, PART, PART, ROWS, ROWS, (), (4,)):
            self.keep(self.graph.add_input(TensorType.of(shape, dtype)))
        self.kernels = [self.taken(s) for s in ((4, 4, 3, 3), (4, 4, 1, 1), (4, 1, 1, 3, 3))]
        self.matrix = self.taken((4, 4))
        self.hyper = self.graph.add_input(TensorType.of((2,), "float64"))
        for number in (0.0, 1.0, 0.5):
            buffer = from_host(np.asarray(number, dtype), None)
            self.keep(self.graph.add_constant(buffer))

    def taken(self, shape):
        return self.graph.add_input(TensorType.of(shape, self.dtype))

    def keep(self, *vars):
        for var in vars:
            self.values.setdefault(var.type.shape, []).append(var)

    def pick(self, shape):
        found = self.values[shape]
        return found[-1 - min(int(self.rng.exponential(1.5)), len(found) - 1)]

    def call(self, name, *inputs, **attrs):
        op = registry[name]
        outs = self.graph.add_node(op, op.pack(attrs), inputs)
        self.keep(*outs)
        return outs

    def grow(self):
        """One more call, or a few that belong together."""
        rng = self.rng
        shape = [IMAGE, ROWS, PART, ()][rng.choice(4, p=[0.55, 0.3, 0.1, 0.05])]
        kind = rng.integers(0, 12)
        if kind < 3:
            self.call(rng.choice(UNARY), self.pick(shape))
        elif kind < 6:
            smaller = [shape, shape, shape, ()] + ([PART] if shape == IMAGE else [])
            other = self.pick(smaller[rng.integers(len(smaller))])
            self.call(rng.choice(BINARY[:5]) if other.type.shape != shape else rng.choice(BINARY),
                      self.pick(shape), other)  # fmt: skip
        elif kind == 6:
            self.shape_change(shape)
        elif kind == 7:
            self.reduction(shape)
        elif kind == 8:
            self.product()
        elif kind < 11:
            self.normalisation()
        else:
            scale, shift = rng.choice([0.0, 1.0, -0.5, 2.0], 2)
            self.call("affine", self.pick(shape), scale=float(scale), shift=float(shift))

    def shape_change(self, shape):
        value = self.pick(shape)
        if shape == ROWS and self.rng.random() < 0.5:
            (made,) = self.call("reshape", value, shape=(2, 3, 4))
            (made,) = self.call(self.rng.choice(UNARY), made)
            self.call("reshape", made, shape=ROWS)
        elif shape in (IMAGE, ROWS):
            axes = tuple(int(a) for a in self.rng.permutation(len(shape)))
            (made,) = self.call("transpose", value, pattern=axes)
            back = tuple(int(a) for a in np.argsort(axes))
            self.call("transpose", made, pattern=back)
        else:
            self.call("broadcast_to", value, shape=IMAGE)

    def reduction(self, shape):
        axes = (None, (1,), (0, 1), (-1,))[self.rng.integers(4)] if shape else None
        name = ("sum", "mean", "max")[self.rng.integers(3)]
        (made,) = self.call(name, self.pick(shape), axis=axes, keepdims=True)
        if shape:
            (made,) = self.call("broadcast_to", made, shape=shape)
        self.call("tanh", made)

    def product(self):
        if self.rng.random() < 0.5:
            self.call("matmul", self.pick(ROWS), self.matrix, self.pick((4,)))
            return
        kernel = self.kernels[self.rng.integers(3)]
        edge = kernel.type.shape[-1] // 2
        bias = (self.pick((4,)),) if self.rng.random() < 0.3 else ()
        self.call("convolution", self.pick(IMAGE), kernel, *bias, padding=(edge, edge))

    def normalisation(self):
        x, weight, bias = self.pick(IMAGE), self.pick(PART), self.pick(PART)
        if self.rng.random() < 0.3:
            (spread,) = self.call("sigmoid", self.pick(PART))
            norm = (self.pick(PART), spread, weight, bias)
            (made,) = self.call("convolution", x, self.kernels[1])
            self.call("batch_norm_inference", made, *norm)
            return
        y, mean, variance = self.call("batch_norm", x, weight, bias)
        if self.rng.random() < 0.3:
            self.call("running_statistics", weight, bias, mean, variance, count=50)
        value = y
        if self.rng.random() < 0.4:
            (value,) = self.call("add", y, self.pick(IMAGE))
        act = ("relu", "relu6")[self.rng.integers(2)]
        (value,) = self.call(act, value)
        kernel = self.kernels[2]
        if self.rng.random() < 0.4:
            self.call("convolution", value, kernel, padding=(1, 1))
        if self.rng.random() < 0.7:
            dy = self.pick(IMAGE)
            if self.rng.random() < 0.5:
                (dy,) = self.call(
                    "convolution_backward_data", dy, kernel, size=(5, 5), padding=(1, 1)
                )
            if self.rng.random() < 0.4:
                (dy,) = self.call("accumulate", dy, self.pick(IMAGE))
            (dy,) = self.call(f"{act}_backward", dy, value)
            self.call("batch_norm_backward", x, dy, mean, variance, weight)
            if self.rng.random() < 0.3:
                self.call("sgd_update", weight, self.pick(PART), self.hyper)

    def finish(self):
        every = [var for node in self.graph.nodes for var in node.outputs]
        count = min(len(every), 1 + int(self.rng.integers(4)))
        chosen = self.rng.choice(len(every), count, replace=False)
        self.graph.outputs = [every[i] for i in chosen] + [self.graph.nodes[-1].outputs[0]]
        return self.graph


def made(seed, dtype="float64", most=40):
    maker = Maker(seed, dtype)
    for _ in range(int(maker.rng.integers(3, most))):
        maker.grow()
    return maker.finish()


def shaken(graph, arrays, results):
    """How far results move when inputs move by a rounding error: some graphs magnify it."""
    moved = [0.0] * len(results)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        near = [a * (1 + 1e-14 * rng.standard_normal(a.shape)) for a in arrays]
        for place, (want, got) in enumerate(zip(results, run(graph, near), strict=True)):
            moved[place] = max(moved[place], float(np.max(np.abs(want - got), initial=0)))
    return moved


def check(seed):
    graph = made(seed)
    text = to_text(graph)
    after, _ = Pipeline(evaluate, check=True).run(graph)
    assert to_text(graph) == text, "a pass changed the graph it was given"
    arrays = inputs_for(graph, seed)
    with tg.config.override(backends="numpy"), np.errstate(all="ignore"):
        results = run(graph, arrays)
        moved = shaken(graph, arrays, results)
        for want, got, far in zip(results, run(after, arrays), moved, strict=True):
            assert got.dtype == want.dtype and got.shape == want.shape
            scale = float(np.max(np.abs(want), initial=1.0))
            limit = 1e-9 * scale + 100 * far
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=limit, err_msg=text)


@pytest.mark.parametrize("seed", range(60))
def test_a_random_graph_computes_the_same(seed):
    check(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(60, 1000))
def test_many_random_graphs_compute_the_same(seed):
    check(seed)
