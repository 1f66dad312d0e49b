"""Swin in plain PyTorch, small: shifted windows with a relative position bias, patch merging."""

import torch
import torch.nn.functional as F
from torch import nn


def relative_index(window):
    place = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij"))
    flat = place.flatten(1)
    offset = (flat[:, :, None] - flat[:, None, :]).permute(1, 2, 0) + window - 1
    return offset[..., 0] * (2 * window - 1) + offset[..., 1]


class WindowAttention(nn.Module):
    def __init__(self, width, window, heads):
        super().__init__()
        self.window, self.heads = window, heads
        self.table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) * 0.02)
        self.register_buffer("index", relative_index(window))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x, mask):
        windows, count, width = x.shape
        qkv = self.qkv(x).reshape(windows, count, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-2, -1)
        bias = self.table[self.index.view(-1)].view(count, count, -1).permute(2, 0, 1).contiguous()
        scores = scores + bias.unsqueeze(0)
        if mask is not None:
            kinds = mask.shape[0]
            scores = scores.view(windows // kinds, kinds, self.heads, count, count)
            scores = scores + mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, self.heads, count, count)
        y = (scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(windows, count, width)
        return self.proj(y)


class SwinBlock(nn.Module):
    def __init__(self, width, size, window, shift, heads):
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = WindowAttention(width, window, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        mask = None
        if shift:
            image = torch.zeros(1, size, size, 1)
            parts = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
            for number, (h, w) in enumerate((h, w) for h in parts for w in parts):
                image[:, h, w, :] = number
            flat = self.cut(image).view(-1, window * window)
            apart = flat.unsqueeze(1) - flat.unsqueeze(2)
            mask = apart.masked_fill(apart != 0, -100.0).masked_fill(apart == 0, 0.0)
        self.register_buffer("mask", mask, persistent=False)

    def cut(self, x):
        batch, height, width, channels = x.shape
        n = self.window
        x = x.view(batch, height // n, n, width // n, n, channels)
        return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, n * n, channels)

    def forward(self, x):
        batch, height, width, channels = x.shape
        n = self.window
        y = self.norm1(x)
        if self.shift:
            y = torch.roll(y, shifts=(-self.shift, -self.shift), dims=(1, 2))
        y = self.attn(self.cut(y), self.mask)
        y = y.view(batch, height // n, width // n, n, n, channels)
        y = y.permute(0, 1, 3, 2, 4, 5).contiguous().view(batch, height, width, channels)
        if self.shift:
            y = torch.roll(y, shifts=(self.shift, self.shift), dims=(1, 2))
        x = x + y
        return x + self.mlp(self.norm2(x))


class Merge(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x):
        height, width = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        corners = [x[:, i::2, j::2, :] for j in (0, 1) for i in (0, 1)]
        return self.reduction(self.norm(torch.cat(corners, -1)))


class Swin(nn.Module):
    def __init__(self, classes=10, width=8):
        super().__init__()
        self.embed = nn.Conv2d(3, width, 2, 2)
        self.norm0 = nn.LayerNorm(width)
        self.stage1 = nn.Sequential(SwinBlock(width, 8, 4, 0, 2), SwinBlock(width, 8, 4, 2, 2))
        self.merge = Merge(width)
        self.stage2 = nn.Sequential(SwinBlock(2 * width, 4, 4, 0, 2))
        self.norm = nn.LayerNorm(2 * width)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.norm0(self.embed(x).permute(0, 2, 3, 1))
        x = self.stage2(self.merge(self.stage1(x)))
        return self.head(self.norm(x).mean(dim=(1, 2)))


def make():
    """The model and its sample inputs."""
    return Swin(), (torch.randn(2, 3, 16, 16),)
