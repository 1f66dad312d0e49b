"""EfficientNet in plain PyTorch, small: MBConv with SiLU, excitation and stochastic depth."""

import torch
from torch import nn


class DropPath(nn.Module):
    """Stochastic depth by row."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        noise = torch.empty([x.shape[0], 1, 1, 1], dtype=x.dtype, device=x.device)
        noise = noise.bernoulli_(keep).div_(keep)
        return x * noise


class Excite(nn.Module):
    def __init__(self, channels, squeeze):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze, 1)
        self.fc2 = nn.Conv2d(squeeze, channels, 1)
        self.activation = nn.SiLU(inplace=True)

    def forward(self, x):
        scale = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return torch.sigmoid(scale) * x


class MBConv(nn.Module):
    def __init__(self, channels, out, expand, kernel, stride, drop):
        super().__init__()
        hidden = channels * expand
        layers = []
        if expand != 1:
            layers += [nn.Conv2d(channels, hidden, 1, bias=False), nn.BatchNorm2d(hidden, 1e-3)]
            layers += [nn.SiLU(inplace=True)]
        layers += [
            nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden, 1e-3, 0.01), nn.SiLU(inplace=True),
            Excite(hidden, max(1, channels // 4)),
            nn.Conv2d(hidden, out, 1, bias=False), nn.BatchNorm2d(out, 1e-3),
        ]  # fmt: skip
        self.block = nn.Sequential(*layers)
        self.drop_path = DropPath(drop)
        self.skip = stride == 1 and channels == out

    def forward(self, x):
        y = self.block(x)
        return self.drop_path(y) + x if self.skip else y


class EfficientNet(nn.Module):
    def __init__(self, classes=10, drop=0.0):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8, 1e-3), nn.SiLU(inplace=True),
            MBConv(8, 8, 1, 3, 1, drop), MBConv(8, 12, 4, 5, 2, drop),
            MBConv(12, 12, 4, 5, 1, drop),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Dropout(0.2, inplace=True), nn.Linear(12, classes))

    def forward(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.features(x), 1)
        return self.classifier(x.flatten(1))


def make():
    """The model and its sample inputs."""
    return EfficientNet(), (torch.randn(2, 3, 32, 32),)
