"""Tengen in dynamic mode, or static: checked or frozen replay; on any device, in any precision."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import amp
from tengen.compiler import cost
from tengen.jit.capture import captured
from tengen.jit.estimate import room
from tengen.jit.samples import with_batch

from .networks import gpt_sizes, random_cnn

REST = 0.9
"""Of the memory that parameters, states and the batch leave, what results may take: there are gaps
between them."""


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
    cast = place_and_precision(options)
    rng = np.random.default_rng(0)
    batch = options["batch"]
    if options["model"] == "gpt":
        return _gpt(options, rng, cast)
    net, size = _build(options["model"])
    x = tg.Tensor(rng.standard_normal((batch, 3, size, size)).astype(np.float32))
    y = tg.Tensor(rng.integers(0, 1000, batch).astype(np.int32))
    facts = {"parameters": sum(p.size for p in net.parameters())}
    if options["mode"] == "infer":
        net.eval()
        facts["flops"] = _operations(net, x)
        return _inference(net, x, options, cast), facts
    net.train()
    return _trained(net, F.cross_entropy, (x, y), options, cast, facts)


def place_and_precision(options: dict[str, Any]) -> Callable[[], Any]:
    """Make the row's device the default; gives what its products are to run within."""
    if "device" in options:
        tg.set_default_device(options["device"])
    if options.get("limit_mb"):
        host = options.get("device", "cpu0").startswith("cpu")
        limit = "memory_limit" if host else "gpu_memory_limit"
        setattr(tg.config, limit, options["limit_mb"] << 20)
    precision = options.get("precision", "float32")
    tg.config.tf32 = precision == "tf32"
    if precision not in ("bfloat16", "float16"):
        return nullcontext
    return lambda: amp.autocast(low_prec_dtype=precision)


def peak_bytes(options: dict[str, Any]) -> int:
    """The most bytes that tensors have held on the row's device."""
    return tg.get_max_allocated_memory(options["device"])


def _inference(
    net: Any, x: Any, options: dict[str, Any], cast: Callable[[], Any]
) -> Callable[[], Any]:
    """A forward pass, until its result is there."""

    def forward(x: Any) -> Any:
        with cast():
            return net(x)

    run = _static(net if cast is nullcontext else forward, options)

    def infer() -> Any:
        made = run(x)
        if x.device.host:
            return made.numpy()
        return tg.device.synchronize(x.device)

    return infer


def _training(
    net: Any, loss_of: Callable[..., Any], cast: Callable[[], Any], scaler: Any
) -> Callable[..., Any]:
    """A whole training step by SGD with momentum."""
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.01, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(net.parameters())

    def step(x: Any, y: Any) -> Any:
        with gm:
            with cast():
                loss = loss_of(net(x), y)
            if scaler is None:
                gm.backward(loss)
            else:
                scaler.backward(gm, loss)
        optimizer.step().clear_grad()
        return loss

    return step


def _trained(
    net: Any, loss_of: Callable[..., Any], samples: tuple[Any, Any], options: dict[str, Any],
    cast: Callable[[], Any], facts: dict[str, Any],
) -> tuple[Callable[[], Any], dict[str, Any]]:  # fmt: skip
    """The step on one batch, until its loss is known, and the facts with its operations."""
    scaler = amp.GradScaler(2.0**10) if options.get("precision") == "float16" else None
    step = counted = _training(net, loss_of, cast, scaler)
    if scaler is not None:  # what looks at its gradients cannot be captured
        counted = _training(net, loss_of, cast, None)
    facts["flops"] = _operations(counted, *samples)
    if options.get("memory_budget") == "rest":
        left = tg.get_mem_status_bytes(options["device"])[1] - 4 * facts["parameters"]
        options = {**options, "memory_budget": max(int(REST * left), 1)}
    run = _static(step, options)

    def train() -> float:
        return float(run(*samples).item())

    return train, facts


def _operations(function: Callable[..., Any], *samples: Any) -> int:
    """Floating-point operations of a call, a multiply and an add counted as two."""
    return sum(cost.flops(node) for node in tg.jit.capture(function, *samples).nodes)


def _gpt(
    options: dict[str, Any], rng: Any, cast: Callable[[], Any]
) -> tuple[Callable[[], Any], dict[str, Any]]:
    import tengen.models as models

    sizes = gpt_sizes(options)
    net = models.gpt(**sizes)
    words, shape = sizes["vocab_size"], (options["batch"], sizes["block_size"])
    x = tg.Tensor(rng.integers(0, words, shape).astype(np.int32))
    y = tg.Tensor(rng.integers(0, words, shape).astype(np.int32))
    facts = {"parameters": sum(p.size for p in net.parameters())}

    def loss_of(out: Any, y: Any) -> Any:
        return F.cross_entropy(out.reshape(-1, words), y.reshape(-1))

    if options["mode"] == "infer":
        net.eval()
        facts["flops"] = _operations(net, x)
        return _inference(net, x, options, cast), facts
    return _trained(net, loss_of, (x, y), options, cast, facts)


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


def largest(
    model: str, budget: int, recompute: bool, batch: int | None = None
) -> tuple[int, int | None]:
    """The largest batch of a training step that fits into a budget of bytes, unless one is given,
    and with recompute the bytes that its results may take."""
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
    if batch is None:
        batch = tg.jit.max_batch(step, budget, x, y, memory_budget="fit")
    return batch, room(captured(step, *with_batch((x, y), max(batch, 1))), budget)
