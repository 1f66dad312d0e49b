"""PyTorch in eager mode, plain or channels-last memory. Used for comparison only."""

from collections.abc import Callable
from typing import Any

import torch

from . import torch_networks as networks


def prepare(
    options: dict[str, Any], compiled: Callable[[Any], Any] = lambda net: net
) -> tuple[Callable[[], Any], dict[str, Any]]:
    """One step (a whole training step, or one forward pass) and facts about the model."""
    import machine

    torch.set_num_threads(machine.THREADS)
    torch.manual_seed(0)
    batch = options["batch"]
    if options["model"] == "gpt":
        net = networks.GPT()
        x = torch.randint(0, 256, (batch, 256))
        y = torch.randint(0, 256, (batch, 256))

        def loss_of(out: Any) -> Any:
            return torch.nn.functional.cross_entropy(out.reshape(-1, 256), y.reshape(-1))
    else:
        net, size = networks.build(options["model"])
        x = torch.randn(batch, 3, size, size)
        y = torch.randint(0, 1000, (batch,))

        def loss_of(out: Any) -> Any:
            return torch.nn.functional.cross_entropy(out, y)

        if options.get("layout") == "channels_last":
            net = net.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
    facts = {"parameters": sum(p.numel() for p in net.parameters())}
    net = compiled(net)
    if options["mode"] == "infer":
        net.eval()

        def infer() -> Any:
            with torch.inference_mode():
                return net(x)

        return infer, facts
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)

    def train() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(net(x))
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return train, facts
