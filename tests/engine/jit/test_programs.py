"""The programs behind a traced function: how many there are, and what they keep between calls."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.autodiff import GradManager
from tengen.base.errors import StateError
from tengen.jit import trace
from tengen.kernels.onednn import library
from tengen.optimizer import SGD
from tengen.tensor import Tensor

RNG = np.random.default_rng(2)


def normal(*shape):
    return Tensor(RNG.standard_normal(shape).astype(np.float32))


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm = M.Conv2d(3, 16, 3, padding=1), M.BatchNorm2d(16)
        self.second, self.fc = M.Conv2d(16, 16, 3, padding=1), M.Linear(16, 10)

    def forward(self, x):
        x = self.second(F.relu(self.norm(self.first(x))))
        return self.fc(F.flatten(F.avg_pool2d(x, 16), 1))


def trainer():
    tg.random.seed(5)
    net = Net()
    manager = GradManager().attach(net.parameters())
    optimizer = SGD(net.parameters(), lr=0.05, momentum=0.9)

    def step(x, y):
        net.train()
        with manager:
            loss = F.nn.cross_entropy(net(x), y)
            manager.backward(loss)
        optimizer.step().clear_grad()
        return loss

    return net, step


def programs_of(traced):
    found = {}
    for stretch in traced.runner.tree.programs.values():
        found |= {id(program): program for program in stretch.programs.values()}
    return list(found.values())


def labels():
    return Tensor(RNG.integers(0, 10, 8).astype(np.int32))


def test_a_training_step_is_one_program_and_its_parameters_are_converted_once():
    net, step = trainer()
    other, eager = trainer()
    traced = trace(step)
    for _ in range(4):
        x, y = normal(8, 3, 16, 16), labels()
        np.testing.assert_allclose(traced(x, y).item(), eager(x, y).item(), rtol=1e-4)
    (program,) = programs_of(traced)
    if library.available():
        assert net.second.weight._buffer.type.layout is not None
    updated = [s for s in program.lowered.inputs if s.overwritten]
    assert len(updated) >= 2 * len(list(net.parameters()))
    for (name, got), (_, want) in zip(net.named_tensors(), other.named_tensors(), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_new_arguments_in_another_layout_make_no_new_program():
    net, step = trainer()
    traced = trace(step)
    shift = trace(lambda x: F.relu(net.second(x)))
    for _ in range(3):
        traced(normal(8, 3, 16, 16), labels())
        shift(normal(2, 16, 8, 8))
        shift(net.second(normal(2, 16, 8, 8)))
    assert len(programs_of(traced)) == 1
    assert len(programs_of(shift)) <= 2


def test_inference_sees_what_training_changed():
    net, step = trainer()
    evaluated = trace(lambda x: net(x))
    x = normal(4, 3, 16, 16)
    for train in (step, trace(step), step):
        for _ in range(3):
            net.eval()
            np.testing.assert_allclose(evaluated(x).numpy(), net(x).numpy(), rtol=1e-4, atol=1e-5)
            train(normal(8, 3, 16, 16), labels())


def test_weights_are_prepared_once_for_inference():
    net, _ = trainer()
    net.eval()
    evaluated = trace(lambda x: net(x), profiling=True)
    for _ in range(3):
        evaluated(normal(4, 3, 16, 16))
    (program,) = programs_of(evaluated)
    if library.available():
        assert program.lowered.steady > 0
    found = evaluated.get_profile()
    assert found["runs"] == 3 and len(found["steps"]) == len(program.steps)
    assert {"op", "ms", "bytes", "source", "module"} <= found["steps"][0].keys()
    assert sum(ms for _, ms, _ in found["operators"]) > 0


def test_a_profile_is_there_only_when_asked_for():
    traced = trace(lambda x: F.exp(x))
    traced(normal(3))
    with pytest.raises(StateError, match="give profiling=True"):
        traced.get_profile()


def test_other_kernels_mean_another_program():
    traced = trace(lambda x: F.relu(F.matmul(x, x)))
    x = normal(128, 128)
    want = traced(x).numpy()
    with tg.config.override(backends="numpy"):
        np.testing.assert_allclose(traced(x).numpy(), want, rtol=1e-3, atol=1e-4)
    traced(x)
    kinds = [{step.what for step in program.steps} for program in programs_of(traced)]
    assert len(kinds) == 2 and {"numpy"} in kinds
