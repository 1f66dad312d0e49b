"""The tour of the engine in one file runs and learns, and its gradients are right."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[3] / "docs" / "engine_from_scratch.py"


@pytest.fixture
def tour():
    spec = importlib.util.spec_from_file_location("engine_from_scratch", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_learns_two_spirals(tour):
    first, last, accuracy = tour.train(steps=400)
    assert last < first / 2 and accuracy > 0.8


def test_its_gradients_equal_numeric_ones(tour):
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(3, 2)), rng.normal(size=2)
    x = rng.normal(size=(4, 3))

    def loss(w, b):
        h = tour.tanh(tour.Tensor(x) @ w + b)
        return tour.sum_to(h * h, shape=())

    tw, tb = tour.Tensor(w, watched=True), tour.Tensor(b, watched=True)
    tour.backward(loss(tw, tb))
    step = 1e-6
    for value, grad, other in (
        (w, tw.grad, lambda v: loss(tour.Tensor(v), tour.Tensor(b))),
        (b, tb.grad, lambda v: loss(tour.Tensor(w), tour.Tensor(v))),
    ):
        direction = rng.normal(size=value.shape)
        up, down = other(value + step * direction), other(value - step * direction)
        numeric = (up.data - down.data) / (2 * step)
        assert abs(numeric - np.sum(grad * direction)) < 1e-5
