"""ShuffleNetV2 (Ma et al., 2018)."""

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from .. import module as M


def _unit(channels: int, out: int, kernel: int = 1, stride: int = 1) -> list[M.Module]:
    """Convolution, batch norm, ReLU."""
    return [
        M.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False),
        M.BatchNorm2d(out),
        M.ReLU(),
    ]


def _depthwise(channels: int, stride: int) -> list[M.Module]:
    """A 3x3 filter for each channel, batch norm."""
    return [
        M.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
        M.BatchNorm2d(channels),
    ]


def channel_shuffle(x: Any, groups: int) -> Any:
    """(N, C, H, W) with the channels of `groups` groups dealt out in turn."""
    n, c, h, w = x.shape
    x = F.reshape(x, (n, groups, c // groups, h, w))
    return F.reshape(F.transpose(x, (0, 2, 1, 3, 4)), (n, c, h, w))


class ShuffleUnit(M.Module):
    """Half of the channels pass, half are filtered, then all are shuffled; with stride 2 both
    halves come from all channels."""

    def __init__(self, channels: int, out: int, stride: int):
        super().__init__()
        half = out // 2
        self.stride = stride
        self.branch1 = None
        if stride > 1:
            self.branch1 = M.Sequential(*_depthwise(channels, stride), *_unit(channels, half))
        self.branch2 = M.Sequential(
            *_unit(channels if stride > 1 else half, half),
            *_depthwise(half, stride),
            *_unit(half, half),
        )

    def forward(self, x: Any) -> Any:
        if self.branch1 is None:
            kept, worked = F.split(x, 2, axis=1)
            joined = F.concat([kept, self.branch2(worked)], axis=1)
        else:
            joined = F.concat([self.branch1(x), self.branch2(x)], axis=1)
        return channel_shuffle(joined, 2)


class ShuffleNetV2(M.Module):
    """ShuffleNetV2: images (N, 3, H, W) to logits (N, num_classes).

    `widths`: the channels of the first convolution, of the three stages and of the last.
    """

    stage2: M.Sequential
    stage3: M.Sequential
    stage4: M.Sequential

    def __init__(self, widths: Sequence[int], num_classes: int = 1000):
        super().__init__()
        first, *stages, last = widths
        self.conv1 = M.Sequential(*_unit(3, first, 3, 2))
        self.maxpool = M.MaxPool2d(3, 2, 1)
        channels = first
        for name, out, count in zip(("stage2", "stage3", "stage4"), stages, (4, 8, 4), strict=True):
            units = [ShuffleUnit(channels, out, 2)]
            units += [ShuffleUnit(out, out, 1) for _ in range(count - 1)]
            setattr(self, name, M.Sequential(*units))
            channels = out
        self.conv5 = M.Sequential(*_unit(channels, last))
        self.pool = M.AdaptiveAvgPool2d(1)
        self.fc = M.Linear(last, num_classes)

    def forward(self, x: Any) -> Any:
        x = self.maxpool(self.conv1(x))
        x = self.stage4(self.stage3(self.stage2(x)))
        x = self.pool(self.conv5(x))  # (N, 1024, 1, 1)
        return self.fc(F.flatten(x, 1))


def shufflenet_v2(num_classes: int = 1000) -> ShuffleNetV2:
    """ShuffleNetV2 of width 1: 2.3 million parameters with 1000 classes."""
    return ShuffleNetV2((24, 116, 232, 464, 1024), num_classes)
