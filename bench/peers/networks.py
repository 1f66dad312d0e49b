"""A randomly generated CNN as plain data, so that every contender builds the same one."""

import random
from typing import Any


def random_cnn(seed: int) -> list[dict[str, Any]]:
    """Layers of a network for 3x128x128 images and 1000 classes, drawn from `seed`.

    Kinds: conv (with batch norm and activation), residual (two convs and a skip), pool.
    """
    rng = random.Random(seed)
    layers: list[dict[str, Any]] = []
    channels, size = 3, 128
    layers.append(dict(kind="conv", i=3, o=rng.choice([24, 32, 48]), k=3, s=2, g=1, act="relu"))
    channels, size = layers[-1]["o"], 64
    while size > 7:
        for _ in range(rng.randint(1, 3)):
            kind = rng.choice(["conv", "residual", "depthwise"])
            act = rng.choice(["relu", "relu6", "none"])
            if kind == "conv":
                out = rng.choice([channels, channels + 16, channels + 40])
                k = rng.choice([1, 3, 5])
                layers.append(dict(kind="conv", i=channels, o=out, k=k, s=1, g=1, act=act))
                channels = out
            elif kind == "depthwise":
                layers.append(dict(kind="conv", i=channels, o=channels, k=3, s=1, g=channels, act=act))
            else:
                layers.append(dict(kind="residual", i=channels, m=max(8, channels // 2), act="relu"))
        if rng.random() < 0.5:
            layers.append(dict(kind="pool", mode=rng.choice(["max", "avg"])))
        else:
            out = channels * 2
            layers.append(dict(kind="conv", i=channels, o=out, k=3, s=2, g=1, act="relu"))
            channels = out
        size //= 2
    layers.append(dict(kind="head", i=channels))
    return layers
