"""MobileNetV2 (Sandler et al., 2018)."""

from typing import Any

from .. import functional as F
from .. import module as M
from ..module import init


class ReLU6(M.Module):
    """min(max(x, 0), 6)."""

    def forward(self, x: Any) -> Any:
        return F.relu6(x)


def _unit(channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> M.Sequential:
    """Convolution, batch norm, ReLU6."""
    return M.Sequential(
        M.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        M.BatchNorm2d(out),
        ReLU6(),
    )


class InvertedResidual(M.Module):
    """Widen by 1x1, filter each channel by 3x3, narrow by 1x1; the input is added where the shape
    stays."""

    def __init__(self, channels: int, out: int, stride: int, widen: int):
        super().__init__()
        width = channels * widen
        parts: list[M.Module] = [_unit(channels, width, 1)] if widen != 1 else []
        parts += [
            _unit(width, width, 3, stride, groups=width),
            M.Conv2d(width, out, 1, bias=False),
            M.BatchNorm2d(out),
        ]
        self.conv = M.Sequential(*parts)
        self.keeps_shape = stride == 1 and channels == out

    def forward(self, x: Any) -> Any:
        y = self.conv(x)
        return x + y if self.keeps_shape else y


STAGES = (
    # widen, channels, blocks, stride
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip


class MobileNetV2(M.Module):
    """MobileNetV2 of width 1: images (N, 3, H, W) to logits (N, num_classes)."""

    def __init__(self, num_classes: int = 1000, drop_prob: float = 0.2):
        super().__init__()
        channels = 32
        parts: list[M.Module] = [_unit(3, channels, 3, 2)]
        for widen, out, count, stride in STAGES:
            for number in range(count):
                parts.append(InvertedResidual(channels, out, 1 if number else stride, widen))
                channels = out
        parts.append(_unit(channels, 1280, 1))
        self.features = M.Sequential(*parts)
        self.pool = M.AdaptiveAvgPool2d(1)
        self.classifier = M.Sequential(M.Dropout(drop_prob), M.Linear(1280, num_classes))
        for part in self.modules():
            if isinstance(part, M.Conv2d):
                init.msra_normal_(part.weight, mode="fan_out")
        init.normal_(self.classifier[1].weight, 0, 0.01)

    def forward(self, x: Any) -> Any:
        x = self.pool(self.features(x))  # (N, 1280, 1, 1)
        return self.classifier(F.flatten(x, 1))


def mobilenet_v2(num_classes: int = 1000) -> MobileNetV2:
    """MobileNetV2: 3.5 million parameters with 1000 classes."""
    return MobileNetV2(num_classes)
