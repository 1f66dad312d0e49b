"""Networks as plain data, so that every contender builds the same: a drawn CNN, sizes of GPTs."""

import random
from typing import Any

Layer = dict[str, Any]


SIZES = {
    "small": {"layers": 6, "width": 384, "heads": 6, "block_size": 256, "vocab_size": 256},
    # GPT-2's smallest, with a head of its own: 124M parameters beside the head's 39M
    "124m": {"layers": 12, "width": 768, "heads": 12, "block_size": 1024, "vocab_size": 50304},
}


def gpt_sizes(options: dict[str, Any]) -> dict[str, int]:
    """The sizes of the GPT that a row asks for."""
    return SIZES[options.get("size", "small")]


def _conv(i: int, o: int, k: int, s: int, g: int, act: str) -> Layer:
    return {"kind": "conv", "i": i, "o": o, "k": k, "s": s, "g": g, "act": act}


def random_cnn(seed: int) -> list[Layer]:
    """Layers of a network for 3x128x128 images and 1000 classes, drawn from `seed`.

    Kinds: conv (with batch norm and activation), residual (two convs and a skip), pool.
    """
    rng = random.Random(seed)
    layers: list[Layer] = []
    channels, size = 3, 128
    layers.append(_conv(3, rng.choice([24, 32, 48]), 3, 2, 1, "relu"))
    channels, size = layers[-1]["o"], 64
    while size > 7:
        for _ in range(rng.randint(1, 3)):
            kind = rng.choice(["conv", "residual", "depthwise"])
            act = rng.choice(["relu", "relu6", "none"])
            if kind == "conv":
                out = rng.choice([channels, channels + 16, channels + 40])
                k = rng.choice([1, 3, 5])
                layers.append(_conv(channels, out, k, 1, 1, act))
                channels = out
            elif kind == "depthwise":
                layers.append(_conv(channels, channels, 3, 1, channels, act))
            else:
                layers.append(
                    {"kind": "residual", "i": channels, "m": max(8, channels // 2), "act": "relu"}
                )
        if rng.random() < 0.5:
            layers.append({"kind": "pool", "mode": rng.choice(["max", "avg"])})
        else:
            out = channels * 2
            layers.append(_conv(channels, out, 3, 2, 1, "relu"))
            channels = out
        size //= 2
    layers.append({"kind": "head", "i": channels})
    return layers
