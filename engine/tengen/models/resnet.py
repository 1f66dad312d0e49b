"""ResNet (He et al., 2016), with the stride of a bottleneck in its 3x3 convolution."""

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from .. import module as M
from ..module import init


class BasicBlock(M.Module):
    """Two 3x3 convolutions and the input added: (N, C, H, W) to (N, width, H', W')."""

    expansion = 1

    def __init__(self, channels: int, width: int, stride: int = 1):
        super().__init__()
        self.conv1 = M.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = M.BatchNorm2d(width)
        self.conv2 = M.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = M.BatchNorm2d(width)
        self.downsample = _shortcut(channels, width, stride)

    def forward(self, x: Any) -> Any:
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(M.Module):
    """1x1, 3x3 and 1x1 convolutions and the input added: (N, C, H, W) to (N, 4 width, H', W')."""

    expansion = 4

    def __init__(self, channels: int, width: int, stride: int = 1):
        super().__init__()
        self.conv1 = M.Conv2d(channels, width, 1, bias=False)
        self.bn1 = M.BatchNorm2d(width)
        self.conv2 = M.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = M.BatchNorm2d(width)
        self.conv3 = M.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = M.BatchNorm2d(4 * width)
        self.downsample = _shortcut(channels, 4 * width, stride)

    def forward(self, x: Any) -> Any:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def _shortcut(channels: int, out: int, stride: int) -> M.Sequential | None:
    """What brings the input to the block's shape, None where it has it already."""
    if stride == 1 and channels == out:
        return None
    return M.Sequential(M.Conv2d(channels, out, 1, stride, bias=False), M.BatchNorm2d(out))


class ResNet(M.Module):
    """A ResNet with `layers[i]` of `block` in stage i (four stages in the standard ones): images
    (N, 3, H, W) to logits (N, num_classes)."""

    def __init__(
        self, block: type[BasicBlock | Bottleneck], layers: Sequence[int], num_classes: int = 1000
    ):
        super().__init__()
        self.conv1 = M.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = M.BatchNorm2d(64)
        self.maxpool = M.MaxPool2d(3, 2, 1)
        self.stages = len(layers)
        channels = 64
        for stage, count in enumerate(layers):
            width = 64 * 2**stage
            blocks = []
            for number in range(count):
                blocks.append(block(channels, width, 2 if stage and not number else 1))
                channels = width * block.expansion
            setattr(self, f"layer{stage + 1}", M.Sequential(*blocks))
        self.avgpool = M.AdaptiveAvgPool2d(1)
        self.fc = M.Linear(channels, num_classes)
        for part in self.modules():
            if isinstance(part, M.Conv2d):
                init.msra_normal_(part.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Any) -> Any:
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))  # (N, 64, H / 4, W / 4)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)  # (N, C, H / 32, W / 32) at the end
        return self.fc(F.flatten(self.avgpool(x), 1))


def resnet18(num_classes: int = 1000) -> ResNet:
    """ResNet-18: 11.7 million parameters with 1000 classes."""
    return ResNet(BasicBlock, (2, 2, 2, 2), num_classes)


def resnet34(num_classes: int = 1000) -> ResNet:
    """ResNet-34: 21.8 million parameters with 1000 classes."""
    return ResNet(BasicBlock, (3, 4, 6, 3), num_classes)


def resnet50(num_classes: int = 1000) -> ResNet:
    """ResNet-50: 25.6 million parameters with 1000 classes."""
    return ResNet(Bottleneck, (3, 4, 6, 3), num_classes)


def resnet101(num_classes: int = 1000) -> ResNet:
    """ResNet-101: 44.5 million parameters with 1000 classes."""
    return ResNet(Bottleneck, (3, 4, 23, 3), num_classes)
