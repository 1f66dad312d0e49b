"""MobileNetV3-like in plain PyTorch: inverted residuals, squeeze and excitation."""

import torch
import torch.nn.functional as F
from torch import nn


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 4, 1)
        self.fc2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        scale = F.adaptive_avg_pool2d(x, 1)
        # Written out: PyTorch's hardsigmoid takes 1/6 in float32 even for float64 gradients.
        scale = F.relu6(self.fc2(F.relu(self.fc1(scale))) + 3) / 6
        return x * scale


class InvertedResidual(nn.Module):
    def __init__(self, channels, out, stride, expand, excite):
        super().__init__()
        hidden = channels * expand
        self.residual = stride == 1 and channels == out
        act = nn.SiLU if excite else nn.ReLU6
        parts = [
            nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden), act(),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden), act(),
        ]  # fmt: skip
        if excite:
            parts.append(SqueezeExcite(hidden))
        parts += [nn.Conv2d(hidden, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.body = nn.Sequential(*parts)

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


class MobileNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(inplace=True),
            InvertedResidual(8, 8, 1, 2, False),
            InvertedResidual(8, 12, 2, 4, True),
            InvertedResidual(12, 12, 1, 4, True),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(12, classes))

    def forward(self, x):
        x = self.features(x)
        return self.classifier(x.mean([2, 3]))


def make():
    """The model and its sample inputs."""
    return MobileNet(), (torch.randn(2, 3, 32, 32),)
