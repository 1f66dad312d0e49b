"""BERT in plain PyTorch, small: three embeddings, post-norm encoder, a pooled classifier."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Embeddings(nn.Module):
    def __init__(self, vocabulary, width, length, drop):
        super().__init__()
        self.word = nn.Embedding(vocabulary, width, padding_idx=0)
        self.position = nn.Embedding(length, width)
        self.kind = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(drop)
        self.register_buffer("places", torch.arange(length).expand((1, -1)), persistent=False)

    def forward(self, ids, kinds):
        places = self.places[:, : ids.size(1)]
        x = self.word(ids) + self.kind(kinds) + self.position(places)
        return self.dropout(self.norm(x))


class SelfAttention(nn.Module):
    def __init__(self, width, heads, drop):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dense = nn.Linear(width, width)
        self.dropout = nn.Dropout(drop)

    def split(self, x):
        return x.view(*x.size()[:-1], self.heads, self.size).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.size) + mask
        y = torch.matmul(self.dropout(F.softmax(scores, dim=-1)), v)
        y = y.permute(0, 2, 1, 3).contiguous()
        return self.dense(y.view(*y.size()[:-2], self.heads * self.size))


class Layer(nn.Module):
    def __init__(self, width, heads, drop):
        super().__init__()
        self.attention = SelfAttention(width, heads, drop)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.inner = nn.Linear(width, 4 * width)
        self.outer = nn.Linear(4 * width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(drop)

    def forward(self, x, mask):
        x = self.norm1(x + self.dropout(self.attention(x, mask)))
        return self.norm2(x + self.dropout(self.outer(F.gelu(self.inner(x)))))


class Bert(nn.Module):
    def __init__(self, vocabulary=50, width=16, depth=2, heads=2, classes=3, drop=0.1):
        super().__init__()
        self.embeddings = Embeddings(vocabulary, width, 32, drop)
        self.layer = nn.ModuleList([Layer(width, heads, drop) for _ in range(depth)])
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, classes)

    def forward(self, ids, attention_mask, kinds):
        extended = attention_mask[:, None, None, :].to(dtype=self.pooler.weight.dtype)
        mask = (1.0 - extended) * torch.finfo(torch.float32).min
        x = self.embeddings(ids, kinds)
        for layer in self.layer:
            x = layer(x, mask)
        pooled = torch.tanh(self.pooler(x[:, 0]))
        return self.classifier(pooled)


def make():
    """The model and its sample inputs."""
    mask = torch.ones(2, 9, dtype=torch.int64)
    mask[1, 6:] = 0
    return Bert(), (torch.randint(1, 50, (2, 9)), mask, torch.randint(0, 2, (2, 9)))
