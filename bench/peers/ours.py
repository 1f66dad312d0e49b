"""Tengen in dynamic mode, or static: checked or frozen replay."""

from collections.abc import Callable
from typing import Any

import numpy as np

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.compiler import cost
from tengen.jit.capture import captured
from tengen.jit.estimate import room
from tengen.jit.samples import with_batch

from .networks import random_cnn


class _Residual(M.Module):
    def __init__(self, i: int, m: int):
        super().__init__()
        self.a = M.Conv2d(i, m, 1, bias=False)
        self.an = M.BatchNorm2d(m)
        self.b = M.Conv2d(m, i, 3, padding=1, bias=False)
        self.bn = M.BatchNorm2d(i)

    def forward(self, x: Any) -> Any:
        y = F.relu(self.an(self.a(x)))
        return F.relu(self.bn(self.b(y)) + x)


class _Drawn(M.Module):
    def __init__(self, seed: int):
        super().__init__()
        self.spec = random_cnn(seed)
        self.parts = []
        for layer in self.spec:
            if layer["kind"] == "conv":
                i, o, k, s, g = (layer[key] for key in "ioksg")
                conv = M.Conv2d(i, o, k, s, k // 2, groups=g, bias=False)
                self.parts.append([conv, M.BatchNorm2d(o)])
            elif layer["kind"] == "residual":
                self.parts.append([_Residual(layer["i"], layer["m"])])
            elif layer["kind"] == "head":
                self.parts.append([M.Linear(layer["i"], 1000)])
            else:
                self.parts.append([])

    def forward(self, x: Any) -> Any:
        for layer, parts in zip(self.spec, self.parts, strict=True):
            if layer["kind"] == "conv":
                x = parts[1](parts[0](x))
                if layer["act"] != "none":
                    x = getattr(F, layer["act"])(x)
            elif layer["kind"] == "residual":
                x = parts[0](x)
            elif layer["kind"] == "head":
                x = parts[0](F.mean(x, (2, 3)))
            else:
                x = (F.max_pool2d if layer["mode"] == "max" else F.avg_pool2d)(x, 2)
        return x


def _build(name: str) -> tuple[Any, int]:
    if name == "random":
        return _Drawn(1), 128
    if name.startswith("deep"):
        return _Deep(int(name[4:])), 32
    if name.startswith("imported:"):
        return _imported(name.partition(":")[2])
    import tengen.models as models

    return getattr(models, name)(), 224


def _imported(name: str) -> tuple[Any, int]:
    """The PyTorch definition of the same network, taken in."""
    import torch

    from tengen.interop import from_torch

    from .torch_networks import build

    net, size = build(name)
    return from_torch(net, torch.zeros(2, 3, size, size)), size


def _static(function: Callable[..., Any], options: dict[str, Any]) -> Callable[..., Any]:
    """The function as `options["exec"]` says: dynamic, checked or frozen."""
    if options.get("exec", "dynamic") == "dynamic":
        return function
    return tg.jit.trace(
        function,
        without_host=options["exec"] == "frozen",
        memory_budget=options.get("memory_budget"),
    )


def prepare(options: dict[str, Any]) -> tuple[Callable[[], Any], dict[str, Any]]:
    """One step (a whole training step, or one forward pass) and facts about the model."""
    tg.random.seed(0)
    tg.config.compile_kernels = options.get("compile", "background")
    rng = np.random.default_rng(0)
    batch = options["batch"]
    if options["model"] == "gpt":
        return _gpt(options, rng)
    net, size = _build(options["model"])
    x = tg.Tensor(rng.standard_normal((batch, 3, size, size)).astype(np.float32))
    y = tg.Tensor(rng.integers(0, 1000, batch).astype(np.int32))
    facts = {"parameters": sum(p.size for p in net.parameters())}
    if options["mode"] == "infer":
        net.eval()
        facts["flops"] = _operations(net, x)
        forward = _static(net, options)

        def infer() -> Any:
            return forward(x).numpy()

        return infer, facts
    net.train()
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.01, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(net.parameters())

    def step(x: Any, y: Any) -> Any:
        with gm:
            loss = F.cross_entropy(net(x), y)
            gm.backward(loss)
        optimizer.step().clear_grad()
        return loss

    facts["flops"] = _operations(step, x, y)
    run = _static(step, options)

    def train() -> float:
        return float(run(x, y).item())

    return train, facts


def _operations(function: Callable[..., Any], *samples: Any) -> int:
    """Floating-point operations of a call, a multiply and an add counted as two."""
    return sum(cost.flops(node) for node in tg.jit.capture(function, *samples).nodes)


def _gpt(options: dict[str, Any], rng: Any) -> tuple[Callable[[], Any], dict[str, Any]]:
    import tengen.models as models

    net = models.gpt(vocab_size=256)
    x = tg.Tensor(rng.integers(0, 256, (options["batch"], 256)).astype(np.int32))
    y = tg.Tensor(rng.integers(0, 256, (options["batch"], 256)).astype(np.int32))
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.01, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(net.parameters())

    def step(x: Any, y: Any) -> Any:
        with gm:
            out = net(x)
            loss = F.cross_entropy(out.reshape(-1, 256), y.reshape(-1))
            gm.backward(loss)
        optimizer.step().clear_grad()
        return loss

    run = _static(step if options["mode"] == "train" else net, options)

    def train() -> float:
        return float(run(x, y).item())

    def infer() -> Any:
        return run(x).numpy()

    if options["mode"] == "infer":
        net.eval()
    training = options["mode"] == "train"
    facts = {
        "parameters": sum(p.size for p in net.parameters()),
        "flops": _operations(step, x, y) if training else _operations(net, x),
    }
    return (train if training else infer), facts


class _Deep(M.Module):
    """A residual network of 2 + 6n layers for 32 x 32 pictures, three stages of n blocks."""

    def __init__(self, layers: int):
        super().__init__()
        count = (layers - 2) // 6
        self.stem, self.norm = M.Conv2d(3, 16, 3, padding=1, bias=False), M.BatchNorm2d(16)
        widths = [16] * count + [32] * count + [64] * count
        self.blocks, before = [], 16
        for index, width in enumerate(widths):
            stride = 2 if index in (count, 2 * count) else 1
            self.blocks.append(_Block(before, width, stride))
            before = width
        self.head = M.Linear(64, 1000)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(F.mean(x, (2, 3)))


class _Block(M.Module):
    def __init__(self, before: int, width: int, stride: int):
        super().__init__()
        self.a, self.an = M.Conv2d(before, width, 3, stride, 1, bias=False), M.BatchNorm2d(width)
        self.b, self.bn = M.Conv2d(width, width, 3, padding=1, bias=False), M.BatchNorm2d(width)
        self.side = M.Conv2d(before, width, 1, stride, bias=False) if before != width else None

    def forward(self, x: Any) -> Any:
        y = self.bn(self.b(F.relu(self.an(self.a(x)))))
        return F.relu(y + (x if self.side is None else self.side(x)))


def largest(model: str, budget: int, recompute: bool) -> tuple[int, int | None]:
    """The largest batch of a training step that fits into a budget of bytes, and with recompute the
    bytes that its results may take."""
    net, size = _build(model)
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.01, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(net.parameters())

    def step(x: Any, y: Any) -> Any:
        with gm:
            loss = F.cross_entropy(net(x), y)
            gm.backward(loss)
        optimizer.step().clear_grad()
        return loss

    x = tg.Tensor(np.zeros((8, 3, size, size), np.float32))
    y = tg.Tensor(np.zeros(8, np.int32))
    if not recompute:
        return tg.jit.max_batch(step, budget, x, y), None
    batch = tg.jit.max_batch(step, budget, x, y, memory_budget="fit")
    return batch, room(captured(step, *with_batch((x, y), max(batch, 1))), budget)
