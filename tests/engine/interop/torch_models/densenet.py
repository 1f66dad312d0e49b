"""DenseNet in plain PyTorch, small: layers on the concatenation of all before, transitions."""

import torch
import torch.nn.functional as F
from torch import nn


class DenseLayer(nn.Module):
    def __init__(self, channels, growth, drop):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, 2 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(2 * growth)
        self.conv2 = nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)
        self.drop = drop

    def forward(self, features):
        x = torch.cat(features, 1)
        x = self.conv1(F.relu(self.norm1(x)))
        x = self.conv2(F.relu(self.norm2(x)))
        if self.drop > 0:
            x = F.dropout(x, p=self.drop, training=self.training)
        return x


class DenseBlock(nn.ModuleDict):
    def __init__(self, count, channels, growth, drop):
        super().__init__()
        for i in range(count):
            self[f"denselayer{i + 1}"] = DenseLayer(channels + i * growth, growth, drop)

    def forward(self, x):
        features = [x]
        for layer in self.values():
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    def __init__(self, classes=10, drop=0.1):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.block1 = DenseBlock(3, 8, 4, drop)
        self.transition = nn.Sequential(
            nn.BatchNorm2d(20), nn.ReLU(inplace=True), nn.Conv2d(20, 10, 1, bias=False),
            nn.AvgPool2d(2, 2),
        )  # fmt: skip
        self.block2 = DenseBlock(2, 10, 4, drop)
        self.norm = nn.BatchNorm2d(18)
        self.classifier = nn.Linear(18, classes)

    def forward(self, x):
        x = self.block2(self.transition(self.block1(self.stem(x))))
        x = F.adaptive_avg_pool2d(F.relu(self.norm(x), inplace=True), (1, 1))
        return self.classifier(torch.flatten(x, 1))


def make():
    """The model and its sample inputs."""
    return DenseNet(), (torch.randn(2, 3, 12, 12),)
