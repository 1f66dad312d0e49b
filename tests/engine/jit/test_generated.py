"""Random programs give the same converted as eager, over several calls and inputs."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen.jit import trace

UNARY = (
    F.relu, F.tanh, F.sigmoid, F.exp, F.abs, F.square, lambda a: -a, lambda a: a * 0.5,
    lambda a: a + 1.5, lambda a: F.clip(a, -1, 1), lambda a: F.softmax(a, axis=-1),
    lambda a: a.transpose(1, 0).transpose(1, 0), lambda a: a.reshape(-1).reshape(a.shape),
    lambda a: F.dropout(a, 0.3), lambda a: a - a.mean(), lambda a: F.sort(a)[0],
    lambda a: F.concat([a[:, 1:], a[:, :1]], axis=1),
)  # fmt: skip
BINARY = (
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: F.maximum(a, b), lambda a, b: a - b,
    lambda a, b: F.where(a > b, a, b), lambda a, b: a / (1 + F.abs(b)),
)  # fmt: skip


def program(seed, keeps_rows=True):
    """A function of two (3, 4) tensors, or of (rows, 4) ones where it keeps no rows, with weights,
    branches, loops and writes of its own."""
    rng = np.random.default_rng(seed)
    length = int(rng.integers(3, 14))
    plan = [
        (int(rng.integers(0, 9)), int(rng.integers(0, 1000)), float(rng.random()))
        for _ in range(length)
    ]
    weight = tg.Parameter(rng.standard_normal((4, 4)).astype("float32") * 0.5)
    state = tg.tensor(np.zeros((3 if keeps_rows else 1, 4), "float32"))
    manager = tg.autodiff.GradManager().attach([weight])
    update = tg.optimizer.SGD([weight], lr=0.05, momentum=0.5)
    trains = bool(rng.random() < 0.5)

    def forward(a, b):
        for kind, which, share in plan:
            if kind <= 3:
                a = UNARY[which % len(UNARY)](a)
            elif kind <= 5:
                a, b = BINARY[which % len(BINARY)](a, b), a
            elif kind == 6:
                a = F.matmul(a, weight)
            elif kind == 7:
                if float(a.mean()) > share - 0.5:
                    a = a * 0.9
                else:
                    b = b + 0.1
            else:
                new = a.detach() if keeps_rows else a.detach().mean(0, keepdims=True)
                state[...] = state * 0.5 + F.clip(new, -2, 2)
                a = F.clip(a, -3, 3) + state
        return a, b

    def call(a, b):
        if not trains:
            return forward(a, b)
        with manager:
            a, b = forward(a, b)
            loss = F.clip(a, -10, 10).mean() + (weight * weight).mean()
            manager.backward(loss)
        update.step().clear_grad()
        return loss, b

    return call, (weight, state)


def inputs(seed, rows=3):
    rng = np.random.default_rng(seed)
    return [tg.tensor(rng.standard_normal((rows, 4)).astype("float32")) for _ in range(2)]


def run(seed, wrap):
    tg.random.seed(seed)
    call, states = program(seed)
    call = wrap(call)
    found = []
    for number in range(5):
        found += [t.numpy() for t in call(*inputs(seed + number % 3))]
    return found + [t.numpy() for t in states]


@pytest.mark.parametrize("without_host", [False, True])
@pytest.mark.parametrize(
    "batch", [0, *[pytest.param(n, marks=pytest.mark.long) for n in range(1, 10)]]
)
def test_generated_programs(batch, without_host):
    for seed in range(50 * batch, 50 * (batch + 1)):
        eager = run(seed, lambda f: f)
        static = run(seed, trace(without_host=without_host))
        for a, b in zip(eager, static, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4, err_msg=f"program {seed}")


@pytest.mark.parametrize(
    "batch", [0, *[pytest.param(n, marks=pytest.mark.long) for n in range(1, 10)]]
)
def test_generated_programs_at_many_batch_sizes(batch):
    def run(seed, wrap):
        tg.random.seed(seed)
        call, states = program(seed, keeps_rows=False)
        call = wrap(call)
        found = []
        for rows in (3, 4, 8, 1, 2, 3, 8, 5):
            found += [t.numpy() for t in call(*inputs(seed + rows, rows))]
        return found + [t.numpy() for t in states], call

    free = 0
    for seed in range(50 * batch, 50 * (batch + 1)):
        eager, _ = run(seed, lambda f: f)
        static, call = run(seed, trace(without_host=True))
        for a, b in zip(eager, static, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4, err_msg=f"program {seed}")
        free += call._replay.calls.batch == "any"
    assert free >= 10, "hardly a program is one graph for every batch"
    print(f"{free} of 50 programs are one graph for every batch")
