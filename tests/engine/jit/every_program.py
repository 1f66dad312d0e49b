"""Training steps of every kind that people bring, each with fresh weights at every call."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.jit.reachable import reachable

CLASSES = 10


@dataclasses.dataclass
class Program:
    """A training step with its samples; `network` of it makes a prediction from `given`.

    `whole`: no value is read on the way, so it is one graph.
    """

    step: Callable[..., Any]
    samples: tuple[Any, ...]
    network: M.Module
    given: tg.Tensor
    modules: tuple[M.Module, ...] = ()
    whole: bool = True

    def tensors(self) -> list[tg.Tensor]:
        """Every parameter and buffer that the step may change."""
        return [t for m in (self.network, *self.modules) for _, t in m.named_tensors()]


def normal(*shape, seed=0):
    return tg.tensor(np.random.default_rng(seed).standard_normal(shape).astype("float32"))


def whole_numbers(high, *shape):
    return tg.tensor(np.random.default_rng(1).integers(0, high, shape).astype("int32"))


def trainer(network, loss, optimizer):
    """A step that trains a network by a loss of its own arguments."""
    manager = tg.autodiff.GradManager().attach(network.parameters())

    def step(*samples):
        with manager:
            value = loss(*samples)
            manager.backward(value)
        optimizer.step().clear_grad()
        return value

    return step


def classifier(network, images, update=None):
    """The step of a network that sorts images."""
    update = update or tg.optimizer.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    labels = whole_numbers(CLASSES, images.shape[0])
    step = trainer(network, lambda x, y: F.nn.cross_entropy(network(x), y), update)
    return Program(step, (images, labels), network, images)


def shipped(name):
    return classifier(getattr(tg.models, name)(num_classes=CLASSES), normal(8, 3, 32, 32))


class Branched(M.Module):
    """Two ways that meet again."""

    def __init__(self, one, two):
        super().__init__()
        self.one, self.two = one, two

    def forward(self, x):
        return self.one(x) + self.two(x)


class Flat(M.Module):
    """Everything of an image in a row."""

    def forward(self, x):
        return F.flatten(x, 1)


def generated(seed=7):
    """Layers drawn at random: widths, kernels, strides, groups, norms, branches."""
    rng = np.random.default_rng(seed)
    width, layers = 3, []
    for _ in range(7):
        wide = int(rng.choice([8, 12, 16]))
        kernel, stride = int(rng.choice([1, 3, 5])), int(rng.choice([1, 1, 2]))
        layers.append(
            M.Conv2d(width, wide, kernel, stride, kernel // 2, bias=bool(rng.random() < 0.5))
        )
        if rng.random() < 0.7:
            layers.append(M.BatchNorm2d(wide))
        layers.append([M.ReLU, M.Sigmoid, M.GELU, M.SiLU][rng.integers(4)]())
        if rng.random() < 0.5:
            groups = int(rng.choice([1, 2, 4]))
            side = M.Conv2d(wide, wide, 3, 1, 1, groups=groups)
            layers.append(Branched(M.Identity(), side))
        width = wide
    head = [M.AdaptiveAvgPool2d(1), Flat(), M.Dropout(0.1), M.Linear(width, CLASSES)]
    return classifier(M.Sequential(*layers, *head), normal(8, 3, 32, 32))


def gpt():
    network = tg.models.gpt(vocab_size=40, layers=2, width=32, heads=2, block_size=16)
    update = tg.optimizer.AdamW(network.parameters(), lr=1e-3)
    words = whole_numbers(40, 8, 16)
    step = trainer(
        network, lambda x, y: F.nn.cross_entropy(network(x).reshape(-1, 40), y.reshape(-1)), update
    )
    return Program(step, (words, whole_numbers(40, 8, 16)), network, words)


class Decoder(M.Module):
    """An LSTM that feeds itself until it is sure, or eight times."""

    def __init__(self):
        super().__init__()
        self.cell, self.stop = M.LSTMCell(16, 16), M.Linear(16, 1)

    def forward(self, x):
        state = None
        for _ in range(8):
            state = self.cell(x, state)
            x = state[0]
            if float(F.sigmoid(self.stop(x)).max()) > 0.55:
                break
        return x


def stopping_lstm():
    network = Decoder()
    x = normal(32, 16)
    update = tg.optimizer.Adam(network.parameters(), lr=1e-3)
    step = trainer(network, lambda x: ((network(x) - 1) ** 2).mean(), update)
    return Program(step, (x,), network, x, whole=False)


class Detector(M.Module):
    """A head that scores boxes and keeps those that survive suppression."""

    def __init__(self):
        super().__init__()
        self.body = M.Sequential(M.Conv2d(3, 8, 3, padding=1), M.BatchNorm2d(8), M.ReLU())
        self.scores, self.boxes = M.Conv2d(8, 1, 1), M.Conv2d(8, 4, 1)

    def forward(self, image):
        y = self.body(image)
        scores = F.sigmoid(self.scores(y)).reshape(-1)
        corners = F.abs(self.boxes(y)).transpose(0, 2, 3, 1).reshape(-1, 4)
        boxes = F.concat([corners[:, :2], corners[:, :2] + corners[:, 2:] + 1], axis=1)
        keep = F.vision.nms(boxes, scores, iou_thresh=0.3)
        return boxes[keep], scores[keep]


def detector():
    network = Detector()
    image = normal(1, 3, 16, 16)
    update = tg.optimizer.SGD(network.parameters(), lr=0.01)

    def loss(image):
        boxes, scores = network(image)
        return ((1 - scores) ** 2).mean() + 0.01 * (boxes**2).mean()

    return Program(trainer(network, loss, update), (image,), network, image, whole=False)


def gan():
    """Two networks against each other, an optimizer for each."""
    maker = M.Sequential(M.Linear(8, 64, bias=False), M.BatchNorm1d(64), M.ReLU(), M.Linear(64, 24))
    judge = M.Sequential(M.Linear(24, 64), M.LeakyReLU(0.2), M.Dropout(0.1), M.Linear(64, 1))
    judging = tg.optimizer.Adam(judge.parameters(), lr=2e-3)
    making = tg.optimizer.Adam(maker.parameters(), lr=1e-3)
    watch_judge = tg.autodiff.GradManager().attach(judge.parameters())
    watch_maker = tg.autodiff.GradManager().attach(maker.parameters())

    def step(real, noise):
        made = maker(noise)
        with watch_judge:
            wrong = F.softplus(-judge(real)).mean() + F.softplus(judge(made.detach())).mean()
            watch_judge.backward(wrong)
        judging.step().clear_grad()
        with watch_maker:
            caught = F.softplus(-judge(maker(noise))).mean()
            watch_maker.backward(caught)
        making.step().clear_grad()
        return wrong, caught

    noise = normal(64, 8, seed=1)
    return Program(step, (normal(64, 24), noise), maker, noise, modules=(judge,))


class Mixed(M.Module):
    """A backbone that stays in evaluation under a head that trains, with dropout in both."""

    def __init__(self):
        super().__init__()
        self.backbone = M.Sequential(
            M.Conv2d(3, 8, 3), M.BatchNorm2d(8), M.ReLU(), M.Dropout(0.5), M.Conv2d(8, 16, 3)
        )
        self.head = M.Sequential(M.BatchNorm1d(16), M.Dropout(0.2), M.Linear(16, CLASSES))

    def train(self, mode=True, recursive=True):
        super().train(mode, recursive)
        self.backbone.eval()

    def forward(self, x):
        return self.head(F.mean(self.backbone(x), (2, 3)))


def mixed_modes():
    network = Mixed()
    network.backbone.train()
    network.backbone(normal(8, 3, 16, 16))
    network.train()
    update = tg.optimizer.AdamW(network.head.parameters(), lr=0.01)
    made = classifier(network, normal(32, 3, 16, 16), update)
    manager = tg.autodiff.GradManager().attach(network.head.parameters())

    def step(x, y):
        with manager:
            loss = F.nn.cross_entropy(network(x), y)
            manager.backward(loss)
        update.step().clear_grad()
        return loss

    return dataclasses.replace(made, step=step)


def from_pytorch(name):
    """A model of plain PyTorch, imported, trained by an optimizer of ours."""
    pytest.importorskip("torch")
    from tests.engine.interop.beside_torch import imported
    from tests.engine.interop.torch_models import MODELS

    _, network, samples = imported(MODELS[name])
    network.train()
    if name == "resnet":
        return classifier(network, normal(8, 3, 32, 32))
    words = tg.tensor(samples[0].numpy().astype("int32"))
    update = tg.optimizer.Adam(network.parameters(), lr=1e-3)
    step = trainer(network, lambda x: (network(x) ** 2).mean(), update)
    return Program(step, (words,), network, words)


PROGRAMS: dict[str, Callable[[], Program]] = {
    "resnet18": lambda: shipped("resnet18"),
    "resnet50": lambda: shipped("resnet50"),
    "mobilenet_v2": lambda: shipped("mobilenet_v2"),
    "shufflenet_v2": lambda: shipped("shufflenet_v2"),
    "a generated network": generated,
    "gpt": gpt,
    "an LSTM that stops by itself": stopping_lstm,
    "a detector with suppression": detector,
    "two networks against each other": gan,
    "dropout and mixed modes": mixed_modes,
    "a residual network from PyTorch": lambda: from_pytorch("resnet"),
    "an LSTM classifier from PyTorch": lambda: from_pytorch("lstm_classifier"),
}


def fresh(name: str) -> Program:
    """The program, with the weights that it has at every start."""
    tg.random.seed(11)
    return PROGRAMS[name]()


def floats(program: Program) -> list[tg.Tensor]:
    """Every float32 tensor that the step can reach."""
    found = [*program.samples, *reachable(program.step, program.samples).tensors]
    return [tensor for tensor in found if tensor.dtype == np.float32]


def widen(program: Program) -> None:
    """Every float that the step can reach, in float64."""
    for tensor in floats(program):
        tensor._buffer = tg.Tensor(tensor.numpy().astype(np.float64), dtype=np.float64)._buffer


def move(program: Program, seed: int) -> None:
    """Every array of floats that the step can reach, up or down by one or two of its last bits."""
    rng = np.random.default_rng(seed)
    for tensor in floats(program):
        if tensor.size > 1:
            signs = rng.choice([-1.0, 1.0], tensor.shape)
            tensor.set_value((tensor.numpy() * (1 + 2.0**-23 * signs)).astype(np.float32))
