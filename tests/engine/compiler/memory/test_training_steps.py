"""Real training steps: their arenas, and the steps run with kernels that compute nothing."""

import functools
import gc

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen import models
from tengen.autodiff import GradManager
from tengen.compiler.memory import plan_memory
from tengen.jit.capture import captured
from tengen.optimizer import SGD, Adam
from tengen.runtime import memory
from tengen.runtime.executor import Program
from tengen.runtime.forms import preferred_forms
from tengen.runtime.plan import convert
from tengen.tensor import Tensor

from .test_planner import check

IMAGES = ("resnet18", "resnet50", "mobilenet_v2", "shufflenet_v2")


def captured_step(name, batch, optimizer=SGD):
    """The captured training step of a model, with the inputs that its updates may overwrite."""
    if name == "gpt":
        model = models.gpt(vocab_size=256)
        x = np.zeros((batch, 256), np.int32)
        y = Tensor(np.zeros(batch * 256, np.int32))
    else:
        model = getattr(models, name)()
        x, y = np.zeros((batch, 3, 224, 224), np.float32), Tensor(np.zeros(batch, np.int32))
    manager = GradManager().attach(model.parameters())
    settings = {"momentum": 0.9} if optimizer is SGD else {}
    updates = optimizer(model.parameters(), lr=0.1, **settings)

    def step(x, y):
        with manager:
            out = model(x)
            manager.backward(F.nn.cross_entropy(out.reshape(-1, out.shape[-1]), y))
        updates.step().clear_grad()

    found = captured(step, Tensor(x), y)
    found.results = None
    handles = {id(s) for s in found.kept}
    donated = frozenset(i for i, s in enumerate(found.sources) if id(s) in handles)
    assert len(donated) >= 2 * len(list(model.parameters()))
    return found, donated


@functools.cache
def program(name, batch=8, optimizer=SGD):
    """The program of a model's training step, its parameters in the layouts it wants."""
    found, donated = captured_step(name, batch, optimizer)
    forms = [s._buffer.type for s in found.sources]
    best = preferred_forms(found.graph, forms, donated, donated)
    for source, form in zip(found.sources, best, strict=True):
        if source._buffer.type is not form:
            source._buffer = convert(source._buffer, form.layout, None)
    return found, Program(found.graph, best, donated, planner=plan_memory)


@pytest.fixture(scope="module", autouse=True)
def _no_model_stays():
    yield
    program.cache_clear()


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.long) if n == "resnet50" else n for n in (*IMAGES, "gpt")],
)
def test_the_arena_is_within_three_percent_of_what_must_live(name):
    plan = program(name)[1].plan
    assert plan.live > 100_000_000
    assert plan.live <= plan.size <= 1.03 * plan.live


def test_the_arena_of_adam():
    plan = program("resnet18", 8, Adam)[1].plan
    assert plan.size <= 1.03 * plan.live


def test_no_two_living_values_share_bytes():
    made = program("resnet18")[1]
    lives = [tg.graph.lifetimes.Lifetime(s.nbytes, s.birth, s.death) for s in made.planned]
    check(lives, made.plan, tg.graph.lifetimes.HOST_ALIGN)


def test_every_parameter_is_updated_in_its_own_memory():
    made = program("resnet18")[1]
    taken = [s for s in made.lowered.inputs if s.overwritten]
    weights = [s for s in taken if s.nbytes > 100_000]
    assert len(weights) >= 2 * 17
    fresh = [p for p in made.lowered.outputs if p.storage.index < 0]
    assert sum(p.type.nbytes for p in fresh) < 1_000_000


def test_a_large_step_runs_without_kernels():
    with tg.config.override(backends="null"):
        found, donated = captured_step("resnet18", 40)
        forms = [s._buffer.type for s in found.sources]
        made = Program(found.graph, forms, donated, planner=plan_memory)
        assert {s.what for s in made.steps} <= {"null", "numpy"}
        given = [s._buffer for s in found.sources]
        gc.collect()
        start = memory.used_bytes()
        memory.reset_peak()
        made.run(given)
        assert made.plan.size <= 1.03 * made.plan.live
        assert memory.peak_bytes() - start == made.peak_bytes
        assert made.nbytes > 500_000_000
        made.release()
