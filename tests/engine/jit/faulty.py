"""Programs with a planted fault that a replay without Python would answer stale, and clean ones.

Each entry makes a fresh function and its samples: `name -> () -> (function, samples)`.
"""

import random
from collections.abc import Callable
from typing import Any

import numpy as np

import tengen as tg
import tengen.functional as F
import tengen.module as M

Made = tuple[Callable[..., Any], tuple[Any, ...]]
FAULTY: dict[str, Callable[[], Made]] = {}
CLEAN: dict[str, Callable[[], Made]] = {}
COUNTER = 0
SCALE = 2.0
LOG: list[Any] = []


def faulty(make: Callable[[], Made]) -> Callable[[], Made]:
    FAULTY[make.__name__] = make
    return make


def clean(make: Callable[[], Made]) -> Callable[[], Made]:
    CLEAN[make.__name__] = make
    return make


def x(*shape: int, seed: int = 0) -> Any:
    return tg.tensor(np.random.default_rng(seed).standard_normal(shape or (4, 3)).astype("float32"))


# frozen branches


@faulty
def branch_on_item() -> Made:
    return lambda a: a * 2 if a.sum().item() > 0 else a * 3, (x(),)


@faulty
def branch_on_truth() -> Made:
    def f(a: Any) -> Any:
        if F.max(a) > 0.5:
            return a + 1
        return a - 1

    return f, (x(),)


@faulty
def loop_until_small() -> Made:
    def f(a: Any) -> Any:
        while F.abs(a).max() > 1:
            a = a / 2
        return a

    return f, (x(),)


@faulty
def branch_on_numpy() -> Made:
    return lambda a: a[: int(np.argmax(a.numpy()[:, 0])) + 1] * 1.0, (x(),)


@faulty
def early_stop() -> Made:
    def f(a: Any) -> Any:
        for _ in range(5):
            a = a * 0.5
            if float(a.max()) < 0.2:
                break
        return a

    return f, (x(),)


# frozen randomness


@faulty
def numpy_noise() -> Made:
    return lambda a: a + tg.tensor(np.random.standard_normal(a.shape).astype("float32")), (x(),)


@faulty
def python_random_scale() -> Made:
    return lambda a: a * random.random(), (x(),)


@faulty
def random_branch() -> Made:
    return lambda a: a * 2 if random.random() > 0.5 else a + 2, (x(),)


@faulty
def own_numpy_generator() -> Made:
    rng = np.random.default_rng(3)
    return lambda a: a * float(rng.standard_normal()), (x(),)


# side effects


@faulty
def appends_loss() -> Made:
    history: list[float] = []

    def f(a: Any) -> Any:
        loss = (a * a).mean()
        history.append(loss.item())
        return loss

    return f, (x(),)


@faulty
def appends_tensor() -> Made:
    kept: list[Any] = []

    def f(a: Any) -> Any:
        y = a * 2
        kept.append(y)
        return y + 1

    return f, (x(),)


@faulty
def prints() -> Made:
    def f(a: Any) -> Any:
        print("called")
        return a * 2

    return f, (x(),)


@faulty
def fills_a_dict() -> Made:
    table: dict[str, int] = {}

    def f(a: Any) -> Any:
        table["calls"] = table.get("calls", 0) + 1
        return a + 1

    return f, (x(),)


class Counting(M.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.fc = M.Linear(3, 2)

    def forward(self, a: Any) -> Any:
        self.calls += 1
        return self.fc(a) * self.calls


@faulty
def counting_module() -> Made:
    return Counting(), (x(),)


class Remembering(M.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last: Any = None
        self.fc = M.Linear(3, 3)

    def forward(self, a: Any) -> Any:
        y = self.fc(a)
        self.last = y
        return y * 2


@faulty
def remembering_module() -> Made:
    return Remembering(), (x(),)


# mutated globals


@faulty
def global_counter() -> Made:
    def f(a: Any) -> Any:
        global COUNTER
        COUNTER += 1
        return a * COUNTER

    return f, (x(),)


@faulty
def global_list() -> Made:
    def f(a: Any) -> Any:
        LOG.append(len(LOG))
        return a * len(LOG)

    return f, (x(),)


@faulty
def closure_variable() -> Made:
    calls = 0

    def f(a: Any) -> Any:
        nonlocal calls
        calls += 1
        return a + calls

    return f, (x(),)


# baked shapes and data


@faulty
def selects_by_mask() -> Made:
    return lambda a: a[a > 0].sum(), (x(),)


@faulty
def shape_from_data() -> Made:
    return lambda a: F.zeros((int(F.abs(a).sum()) % 3 + 1, 2)) + 1, (x(),)


@faulty
def caches_first_shape() -> Made:
    seen: dict[str, int] = {}

    def f(a: Any) -> Any:
        size = seen.setdefault("size", a.shape[0])
        return a.sum() / size

    return f, (x(),)


# aliasing


@faulty
def takes_its_own_weight_in_another_handle() -> Made:
    weight = x(4, 3, seed=5)

    def f(a: Any) -> Any:
        return a * weight

    return f, (weight.detach(),)


# clean programs


@clean
def arithmetic() -> Made:
    return lambda a: (a * 2 + 1).sum(), (x(),)


@clean
def global_scale() -> Made:
    return lambda a: a * SCALE, (x(),)


@clean
def linear_layer() -> Made:
    return M.Linear(3, 5), (x(),)


@clean
def convolution() -> Made:
    return M.Sequential(M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU()), (x(4, 3, 8, 8),)


@clean
def evaluated_norm() -> Made:
    net = M.Sequential(M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU())
    net.eval()
    return net, (x(4, 3, 8, 8),)


@clean
def engine_dropout() -> Made:
    return lambda a: F.dropout(a, 0.5) * 2, (x(40, 30),)


@clean
def engine_noise() -> Made:
    return lambda a: a + tg.random.normal(size=(4, 3)), (x(),)


@clean
def fixed_loop() -> Made:
    def f(a: Any) -> Any:
        for i in range(3):
            a = F.tanh(a) * (i + 1)
        return a

    return f, (x(),)


@clean
def list_of_layers() -> Made:
    layers = [M.Linear(3, 3) for _ in range(3)]

    def f(a: Any) -> Any:
        for layer in layers:
            a = F.relu(layer(a))
        return a

    return f, (x(),)


@clean
def dictionary_result() -> Made:
    return lambda a: {"sum": a.sum(), "parts": [a[0], a[1:]]}, (x(),)


@clean
def where_instead_of_if() -> Made:
    return lambda a: F.where(a.sum() > 0, a * 2, a * 3), (x(),)


@clean
def own_generator() -> Made:
    rng = tg.random.RNG(seed=11)
    return lambda a: a * rng.uniform(size=(4, 3)), (x(),)


@clean
def in_place_on_a_local() -> Made:
    def f(a: Any) -> Any:
        b = a * 1
        b[0] = 5
        b += 1
        return b

    return f, (x(),)


def _trained(optimizer: Callable[[Any], Any], steps: int = 1) -> Made:
    net = M.Sequential(M.Linear(3, 8), M.ReLU(), M.Linear(8, 2))
    manager = tg.autodiff.GradManager().attach(net.parameters())
    update = optimizer(net.parameters())

    def step(a: Any, target: Any) -> Any:
        for _ in range(steps):
            with manager:
                loss = F.nn.cross_entropy(net(a), target)
                manager.backward(loss)
            update.step().clear_grad()
        return loss

    return step, (x(), tg.tensor(np.array([0, 1, 1, 0], "int32")))


@clean
def sgd_step() -> Made:
    return _trained(lambda p: tg.optimizer.SGD(p, lr=0.1, momentum=0.9))


@clean
def adam_step() -> Made:
    return _trained(lambda p: tg.optimizer.Adam(p, lr=0.01))


@clean
def two_steps_in_one() -> Made:
    return _trained(lambda p: tg.optimizer.SGD(p, lr=0.1), steps=2)


@clean
def two_optimizers() -> Made:
    maker, judge = M.Linear(3, 3), M.Linear(3, 1)
    make_gm = tg.autodiff.GradManager().attach(maker.parameters())
    judge_gm = tg.autodiff.GradManager().attach(judge.parameters())
    first = tg.optimizer.Adam(maker.parameters(), lr=0.01)
    second = tg.optimizer.Adam(judge.parameters(), lr=0.01)

    def step(noise: Any, real: Any) -> Any:
        with judge_gm:
            wrong = F.softplus(judge(maker(noise))).mean() + F.softplus(-judge(real)).mean()
            judge_gm.backward(wrong)
        second.step().clear_grad()
        with make_gm:
            fooled = F.softplus(-judge(maker(noise))).mean()
            make_gm.backward(fooled)
        first.step().clear_grad()
        return wrong, fooled

    return step, (x(), x(seed=1))


@clean
def accumulated_gradients() -> Made:
    weight = tg.Parameter(np.ones((3, 2), "float32"))
    manager = tg.autodiff.GradManager().attach([weight])
    update = tg.optimizer.SGD([weight], lr=0.1)

    def step(a: Any) -> Any:
        for part in (a[:2], a[2:]):
            with manager:
                loss = (F.matmul(part, weight) ** 2).mean()
                manager.backward(loss)
        update.step().clear_grad()
        return loss

    return step, (x(),)


@clean
def attention() -> Made:
    def f(q: Any, k: Any) -> Any:
        return F.matmul(F.softmax(F.matmul(q, k.transpose(0, 2, 1)), axis=-1), k)

    return f, (x(4, 5, 3), x(4, 5, 3, seed=1))


@clean
def keyword_and_plain_arguments() -> Made:
    return lambda a, n: a * n + a[:, :n].sum(), (x(), 2)
