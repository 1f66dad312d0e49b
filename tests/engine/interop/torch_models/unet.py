"""U-Net in plain PyTorch, small: a transposed convolution and a resize on the way up."""

import torch
import torch.nn.functional as F
from torch import nn


class Double(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, padding=1, bias=False), nn.InstanceNorm2d(out, affine=True),
            nn.LeakyReLU(0.1, inplace=True),
        )  # fmt: skip

    def forward(self, x):
        return self.body(x)


class UNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.inc = Double(3, 6)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), Double(6, 8))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), Double(8, 12))
        self.up1 = nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.dec1 = Double(16, 8)
        self.up2 = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.dec2 = Double(14, 6)
        self.outc = nn.Conv2d(6, classes, 1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        y = self.up1(x3)
        dy, dx = x2.size(2) - y.size(2), x2.size(3) - y.size(3)
        y = F.pad(y, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        y = self.dec1(torch.cat([x2, y], dim=1))
        y = self.dec2(torch.cat([x1, self.up2(y)], dim=1))
        return self.outc(y)


def make():
    """The model and its sample inputs."""
    return UNet(), (torch.randn(2, 3, 12, 20),)
