"""PyTorch in eager mode, plain or channels-last memory, on any device. For comparison only."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch

from . import torch_networks as networks
from .networks import gpt_sizes

HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def prepare(
    options: dict[str, Any], compiled: Callable[[Any], Any] = lambda net: net
) -> tuple[Callable[[], Any], dict[str, Any]]:
    """One step (a whole training step, or one forward pass) and facts about the model."""
    import machine

    torch.set_num_threads(machine.THREADS)
    torch.manual_seed(0)
    device, cast = _place_and_precision(options)
    net, x, y, loss_of = _model(options, device)
    facts = {"parameters": sum(p.numel() for p in net.parameters())}
    net = compiled(net)
    if options["mode"] == "infer":
        net.eval()

        def infer() -> Any:
            with torch.inference_mode(), cast():
                made = net(x)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            return made

        return infer, facts
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    scaler = torch.amp.GradScaler(
        device.type, 2.0**10, enabled=options.get("precision") == "float16"
    )

    def train() -> float:
        optimizer.zero_grad(set_to_none=True)
        with cast():
            loss = loss_of(net(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return float(loss.item())

    return train, facts


def peak_bytes(options: dict[str, Any]) -> int:
    """The most bytes that tensors have held on the row's device."""
    return torch.cuda.max_memory_allocated(_device(options))


def _device(options: dict[str, Any]) -> torch.device:
    name = options.get("device", "cpu0")
    return torch.device(f"cuda:{name[3:]}" if name.startswith("gpu") else "cpu")


def _place_and_precision(options: dict[str, Any]) -> tuple[torch.device, Callable[[], Any]]:
    """The row's device, and what its products are to run within."""
    device, precision = _device(options), options.get("precision", "float32")
    if device.type == "cuda" and options.get("limit_mb"):
        card = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction((options["limit_mb"] << 20) / card, device)
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.benchmark = True
    if precision not in HALVES:
        return device, nullcontext
    return device, lambda: torch.autocast(device.type, HALVES[precision])


def _model(options: dict[str, Any], device: torch.device) -> tuple[Any, Any, Any, Any]:
    """The network, a batch and its labels on the device, and the loss."""
    batch = options["batch"]
    if options["model"] == "gpt":
        sizes = gpt_sizes(options)
        words, length = sizes["vocab_size"], sizes["block_size"]
        net: Any = networks.GPT(sizes["layers"], sizes["width"], sizes["heads"], length, words)
        x = torch.randint(0, words, (batch, length))
        y = torch.randint(0, words, (batch, length))

        def loss_of(out: Any, y: Any) -> Any:
            return torch.nn.functional.cross_entropy(out.reshape(-1, words), y.reshape(-1))

        return net.to(device), x.to(device), y.to(device), loss_of
    net, size = networks.build(options["model"])
    x = torch.randn(batch, 3, size, size)
    y = torch.randint(0, 1000, (batch,))
    if options.get("layout") == "channels_last":
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    return net.to(device), x.to(device), y.to(device), torch.nn.functional.cross_entropy
