"""The benchmark networks in plain PyTorch: the standard four, a drawn one, and a small GPT."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from .networks import random_cnn


def conv(i: int, o: int, k: int, s: int = 1, g: int = 1) -> nn.Conv2d:
    """A convolution without bias, padded to keep the size at stride 1."""
    return nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False)


class Basic(nn.Module):
    """ResNet's block of two 3x3 convolutions."""

    expansion = 1

    def __init__(self, i: int, c: int, s: int):
        super().__init__()
        self.c1, self.b1 = conv(i, c, 3, s), nn.BatchNorm2d(c)
        self.c2, self.b2 = conv(c, c, 3), nn.BatchNorm2d(c)
        self.down = nn.Sequential(conv(i, c, 1, s), nn.BatchNorm2d(c)) if s != 1 or i != c else None

    def forward(self, x: Any) -> Any:
        skip = x if self.down is None else self.down(x)
        y = F.relu(self.b1(self.c1(x)))
        return F.relu(self.b2(self.c2(y)) + skip)


class Bottleneck(nn.Module):
    """ResNet's block of 1x1, 3x3 and 1x1 convolutions."""

    expansion = 4

    def __init__(self, i: int, c: int, s: int):
        super().__init__()
        o = 4 * c
        self.c1, self.b1 = conv(i, c, 1), nn.BatchNorm2d(c)
        self.c2, self.b2 = conv(c, c, 3, s), nn.BatchNorm2d(c)
        self.c3, self.b3 = conv(c, o, 1), nn.BatchNorm2d(o)
        self.down = nn.Sequential(conv(i, o, 1, s), nn.BatchNorm2d(o)) if s != 1 or i != o else None

    def forward(self, x: Any) -> Any:
        skip = x if self.down is None else self.down(x)
        y = F.relu(self.b1(self.c1(x)))
        y = F.relu(self.b2(self.c2(y)))
        return F.relu(self.b3(self.c3(y)) + skip)


class ResNet(nn.Module):
    """He et al., 2015."""

    def __init__(self, block: Any, counts: tuple[int, ...]):
        super().__init__()
        self.stem, self.norm = conv(3, 64, 7, 2), nn.BatchNorm2d(64)
        channels, blocks = 64, []
        for stage, (width, count) in enumerate(zip((64, 128, 256, 512), counts, strict=True)):
            for index in range(count):
                blocks.append(block(channels, width, 2 if index == 0 and stage else 1))
                channels = width * block.expansion
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, 1000)

    def forward(self, x: Any) -> Any:
        x = F.max_pool2d(F.relu(self.norm(self.stem(x))), 3, 2, 1)
        return self.head(self.body(x).mean((2, 3)))


class Inverted(nn.Module):
    """MobileNetV2's inverted residual."""

    def __init__(self, i: int, o: int, s: int, t: int):
        super().__init__()
        h = i * t
        self.expand = (
            nn.Sequential(conv(i, h, 1), nn.BatchNorm2d(h), nn.ReLU6()) if t != 1 else None
        )
        self.c2, self.b2 = conv(h, h, 3, s, h), nn.BatchNorm2d(h)
        self.c3, self.b3 = conv(h, o, 1), nn.BatchNorm2d(o)
        self.skip = s == 1 and i == o

    def forward(self, x: Any) -> Any:
        y = x if self.expand is None else self.expand(x)
        y = F.relu6(self.b2(self.c2(y)))
        y = self.b3(self.c3(y))
        return x + y if self.skip else y


class MobileNetV2(nn.Module):
    """Sandler et al., 2018."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = conv(3, 32, 3, 2), nn.BatchNorm2d(32)
        channels, blocks = 32, []
        for t, c, n, s in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                           (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):  # fmt: skip
            for index in range(n):
                blocks.append(Inverted(channels, c, s if index == 0 else 1, t))
                channels = c
        self.body = nn.Sequential(*blocks)
        self.last, self.last_norm = conv(320, 1280, 1), nn.BatchNorm2d(1280)
        self.head = nn.Linear(1280, 1000)

    def forward(self, x: Any) -> Any:
        x = self.body(F.relu6(self.norm(self.stem(x))))
        return self.head(F.relu6(self.last_norm(self.last(x))).mean((2, 3)))


class Shuffle(nn.Module):
    """ShuffleNetV2's unit."""

    def __init__(self, i: int, o: int, s: int):
        super().__init__()
        half, self.down = o // 2, s > 1
        if self.down:
            self.left = nn.Sequential(conv(i, i, 3, s, i), nn.BatchNorm2d(i), conv(i, half, 1),
                                      nn.BatchNorm2d(half), nn.ReLU())  # fmt: skip
        k = i if self.down else half
        self.right = nn.Sequential(
            conv(k, half, 1), nn.BatchNorm2d(half), nn.ReLU(), conv(half, half, 3, s, half),
            nn.BatchNorm2d(half), conv(half, half, 1), nn.BatchNorm2d(half), nn.ReLU(),
        )  # fmt: skip

    def forward(self, x: Any) -> Any:
        if self.down:
            left, right = self.left(x), x
        else:
            left, right = x.chunk(2, 1)
        x = torch.cat((left, self.right(right)), 1)
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleNetV2(nn.Module):
    """Ma et al., 2018, width 1.0."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = conv(3, 24, 3, 2), nn.BatchNorm2d(24)
        channels, blocks = 24, []
        for o, n in ((116, 4), (232, 8), (464, 4)):
            for index in range(n):
                blocks.append(Shuffle(channels, o, 2 if index == 0 else 1))
                channels = o
        self.body = nn.Sequential(*blocks)
        self.last, self.last_norm = conv(464, 1024, 1), nn.BatchNorm2d(1024)
        self.head = nn.Linear(1024, 1000)

    def forward(self, x: Any) -> Any:
        x = self.body(F.max_pool2d(F.relu(self.norm(self.stem(x))), 3, 2, 1))
        return self.head(F.relu(self.last_norm(self.last(x))).mean((2, 3)))


class Residual(nn.Module):
    """The drawn network's residual block."""

    def __init__(self, i: int, m: int):
        super().__init__()
        self.a, self.an = conv(i, m, 1), nn.BatchNorm2d(m)
        self.b, self.bn = conv(m, i, 3), nn.BatchNorm2d(i)

    def forward(self, x: Any) -> Any:
        return F.relu(self.bn(self.b(F.relu(self.an(self.a(x))))) + x)


class Drawn(nn.Module):
    """A network from `random_cnn`."""

    def __init__(self, seed: int):
        super().__init__()
        self.spec = random_cnn(seed)
        parts: list[nn.Module] = []
        for layer in self.spec:
            if layer["kind"] == "conv":
                i, o, k, s, g = (layer[key] for key in "ioksg")
                parts.append(nn.Sequential(conv(i, o, k, s, g), nn.BatchNorm2d(o)))
            elif layer["kind"] == "residual":
                parts.append(Residual(layer["i"], layer["m"]))
            elif layer["kind"] == "head":
                parts.append(nn.Linear(layer["i"], 1000))
            else:
                parts.append(nn.Identity())
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Any) -> Any:
        for layer, part in zip(self.spec, self.parts, strict=True):
            if layer["kind"] == "head":
                x = part(x.mean((2, 3)))
            elif layer["kind"] == "pool":
                x = (F.max_pool2d if layer["mode"] == "max" else F.avg_pool2d)(x, 2)
            else:
                x = part(x)
                if layer["kind"] == "conv" and layer["act"] != "none":
                    x = getattr(F, layer["act"])(x)
        return x


class GPTBlock(nn.Module):
    """Pre-norm attention and feed-forward."""

    def __init__(self, d: int, heads: int):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x: Any) -> Any:
        n, t, d = x.shape
        qkv = self.qkv(self.n1(x)).view(n, t, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(n, t, d))
        return x + self.down(F.gelu(self.up(self.n2(x)), approximate="tanh"))


class GPT(nn.Module):
    """Six layers, 384 wide, six heads, 256 tokens of 256 kinds; untied head, no dropout."""

    def __init__(self, layers: int = 6, d: int = 384, heads: int = 6, t: int = 256, v: int = 256):
        super().__init__()
        self.tokens, self.places = nn.Embedding(v, d), nn.Embedding(t, d)
        self.blocks = nn.Sequential(*[GPTBlock(d, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(d), nn.Linear(d, v, bias=False)

    def forward(self, index: Any) -> Any:
        x = self.tokens(index) + self.places.weight[: index.shape[1]]
        return self.head(self.norm(self.blocks(x)))


def build(name: str) -> tuple[nn.Module, int]:
    """The network and the side of its square input images."""
    if name == "random":
        return Drawn(1), 128
    made = {
        "resnet18": lambda: ResNet(Basic, (2, 2, 2, 2)),
        "resnet50": lambda: ResNet(Bottleneck, (3, 4, 6, 3)),
        "mobilenet_v2": MobileNetV2,
        "shufflenet_v2": ShuffleNetV2,
    }
    return made[name](), 224
