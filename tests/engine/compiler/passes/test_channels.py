"""Chains that only move channels become one call for each value that is read."""

# ruff: noqa: E501 - a call of a graph stands on one line

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.compiler.passes.channels import compose_channels
from tengen.compiler.pipeline import Pipeline
from tengen.jit import capture
from tengen.kernels.numba import library, service
from tengen.models.shufflenet import channel_shuffle
from tengen.runtime import plan

from ..interpreting import evaluate, judge, leaves_alone, same_values

pytestmark = pytest.mark.skipif(not library.available(), reason="the pass asks for Numba")

PAIR = "graph(v0: float32[2, 3, 5, 5], v1: float32[2, 3, 5, 5]):"
SHUFFLED = """
    v2: float32[2, 6, 5, 5] = concat(v0, v1, axis=1)
    v3: float32[2, 2, 3, 5, 5] = reshape(v2, shape=(2, 2, 3, 5, 5))
    v4: float32[2, 3, 2, 5, 5] = transpose(v3, pattern=(0, 2, 1, 3, 4))
    v5: float32[2, 6, 5, 5] = reshape(v4, shape=(2, 6, 5, 5))
"""
HALVES = "v6: float32[2, 3, 5, 5], v7: float32[2, 3, 5, 5] = split(v5, sizes=(3, 3), axis=1)"


@pytest.fixture
def compiled():
    before = service.mode()
    service.set_mode("now")
    plan.plans.clear()
    yield
    service.set_mode(before)
    plan.plans.clear()


def test_a_shuffle_and_its_halves(compiled):
    judge(
        compose_channels,
        f"{PAIR}\n{SHUFFLED}\n{HALVES}\nv8: float32[2, 3, 5, 5] = sub(v6, v7)\nreturn v8",
        f"""{PAIR}
            v6: float32[2, 3, 5, 5] = move_channels(v0, v1, channels=(0, 3, 1))
            v7: float32[2, 3, 5, 5] = move_channels(v0, v1, channels=(4, 2, 5))
            v8: float32[2, 3, 5, 5] = sub(v6, v7)
            return v8
        """,
    )


def test_a_half_that_goes_on_is_never_made():
    judge(
        compose_channels,
        f"""{PAIR}{SHUFFLED}
            {HALVES}
            v8: float32[2, 3, 5, 5] = exp(v7)
            v9: float32[2, 6, 5, 5] = concat(v6, v8, axis=1)
            v10: float32[2, 4, 5, 5] = slice(v9, index=((None, None, None), (5, 1, -1)))
            return v10
        """,
        f"""{PAIR}
            v7: float32[2, 3, 5, 5] = move_channels(v0, v1, channels=(4, 2, 5))
            v8: float32[2, 3, 5, 5] = exp(v7)
            v10: float32[2, 4, 5, 5] = move_channels(v0, v8, channels=(5, 4, 3, 1))
            return v10
        """,
    )


def test_what_is_read_on_the_way_is_made_and_read_again():
    judge(
        compose_channels,
        f"{PAIR}\n{SHUFFLED}\n{HALVES}\nreturn v5, v7",
        f"""{PAIR}
            v5: float32[2, 6, 5, 5] = move_channels(v0, v1, channels=(0, 3, 1, 4, 2, 5))
            v6: float32[2, 3, 5, 5], v7: float32[2, 3, 5, 5] = split(v5, sizes=(3, 3), axis=1)
            return v5, v7
        """,
    )


def test_a_joint_within_a_block():
    judge(
        compose_channels,
        "graph(v0: float32[2, 3, 2, 2], v1: float32[2, 2, 2, 2]):\n    v2: float32[2, 5, 2, 2] = concat(v0, v1, axis=-3)\n    return v2",
        "graph(v0: float32[2, 3, 2, 2], v1: float32[2, 2, 2, 2]):\n    v2: float32[2, 5, 2, 2] = move_channels(v0, v1, channels=(0, 1, 2, 3, 4))\n    return v2",
    )


@pytest.mark.parametrize(
    "text",
    [
        "graph(v0: float32[2, 16, 2, 2], v1: float32[2, 3, 2, 2]):\nv2: float32[2, 19, 2, 2] = concat(v0, v1, axis=1)\nreturn v2",
        "graph(v0: float32[2, 3, 4], v1: float32[2, 3, 4]):\nv2: float32[2, 6, 4] = concat(v0, v1, axis=1)\nreturn v2",
        "graph(v0: float32[2, 3, 2, 2], v1: float32[2, 3, 2, 2]):\nv2: float32[2, 3, 4, 2] = concat(v0, v1, axis=2)\nreturn v2",
        "graph(v0: float64[2, 3, 2, 2], v1: float64[2, 3, 2, 2]):\nv2: float64[2, 6, 2, 2] = concat(v0, v1, axis=1)\nreturn v2",
        "graph(v0: float32[2, 9, 2, 2]):\nv1: float32[2, 4, 2, 2] = slice(v0, index=((None, None, None), (3, 7, 1)))\nreturn v1",
        "graph(v0: float32[2, 8, 4]):\nv1: float32[2, 8, 2, 2] = reshape(v0, shape=(2, 8, 2, 2))\nv2: float32[2, 2, 8, 2] = transpose(v1, pattern=(0, 2, 1, 3))\nreturn v2",
        "graph(v0: float32[2, 6, 4]):\nv1: float32[2, 2, 3, 4] = reshape(v0, shape=(2, 2, 3, 4))\nv2: float32[2, 3, 2, 4] = transpose(v1, pattern=(0, 2, 1, 3))\nreturn v2",
        "graph(v0: bfloat16[2, 4, 3, 3]):\nv1: bfloat16[2, 2, 2, 3, 3] = reshape(v0, shape=(2, 2, 2, 3, 3))\nv2: bfloat16[2, 2, 2, 3, 3] = transpose(v1, pattern=(0, 2, 1, 3, 4))\nv3: bfloat16[2, 4, 3, 3] = reshape(v2, shape=(2, 4, 3, 3))\nreturn v3",
    ],
)
def test_what_is_cheap_or_something_else_stays(text):
    leaves_alone(compose_channels, text)


class Units(M.Module):
    """Two units that pass a third of their channels by and shuffle all."""

    def __init__(self, layer, kept, worked, groups):
        super().__init__()
        self.kept, self.groups = kept, groups
        self.stem = layer(2, kept + worked, 3, padding=1)
        self.layers = [layer(worked, worked, 1) for _ in range(2)]

    def forward(self, x):
        x = F.relu(self.stem(x))
        for layer in self.layers:
            y = F.relu(layer(x[:, self.kept :]))
            joined = F.concat([x[:, : self.kept], y], axis=1)
            n, c, *size = joined.shape
            groups = (n, self.groups, c // self.groups, *size)
            order = (0, 2, 1, *range(3, joined.ndim + 1))
            x = F.reshape(F.transpose(F.reshape(joined, groups), order), (n, c, *size))
        return x


@pytest.mark.parametrize(
    "layer, kept, worked, groups, size, dtype",
    [
        (M.Conv2d, 19, 19, 2, (6, 5), "float32"),
        (M.Conv2d, 10, 23, 3, (4, 4), "float32"),
        (M.Conv1d, 7, 29, 4, (9,), "float32"),
        (M.Conv3d, 5, 13, 2, (3, 2, 4), "float32"),
        (M.Conv2d, 10, 23, 3, (4, 4), "float64"),
    ],
)
def test_training_steps_compute_the_same(compiled, layer, kept, worked, groups, size, dtype):
    net = Units(layer, kept, worked, groups)
    for parameter in net.parameters():
        parameter[...] = parameter.astype(dtype)
    manager = tg.autodiff.GradManager().attach(net.parameters())
    rng = np.random.default_rng(4)
    x = tg.Tensor(rng.standard_normal((3, 2, *size)), dtype=dtype)

    def step(x):
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        grads = [p.grad for p in net.parameters()]
        for parameter in net.parameters():
            parameter.grad = None
        return [loss, *grads]

    graph = capture(step, x)
    made, notes = Pipeline(evaluate, check=True).run(graph)
    assert not [note for note in notes if note.error]
    names = [node.op.name for node in made.nodes]
    assert "move_channels" in names and "transpose" not in names
    want = [value.numpy() for value in step(x)]
    got = [value.numpy() for value in tg.jit.trace(step, without_host=True)(x)]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_a_stage_moves_each_half_once():
    def stage(x):
        for _ in range(3):
            kept, worked = F.split(x, 2, axis=1)
            x = channel_shuffle(F.concat([kept, F.exp(worked * 0.1)], axis=1), 2)
        return x

    graph = capture(stage, tg.Tensor(np.ones((2, 12, 3, 3), "float32")))
    made = compose_channels(graph)
    names = [node.op.name for node in made.nodes]
    assert names.count("move_channels") == 3 and "concat" not in names
    same_values(graph, made)


def test_a_shuffle_that_comes_to_nothing_is_a_slice():
    judge(
        compose_channels,
        f"{PAIR}{SHUFFLED}\n    v6: float32[2, 2, 5, 5] = slice(v5, index=((None, None, None), (2, 6, 2)))\n    return v6",
        f"{PAIR}\n    v6: float32[2, 2, 5, 5] = slice(v0, index=((None, None, None), (1, 3, 1)))\n    return v6",
    )
