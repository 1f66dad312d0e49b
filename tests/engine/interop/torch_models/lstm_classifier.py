"""An LSTM text classifier in plain PyTorch: two layers, both directions, dropout between."""

import torch
from torch import nn


class LSTMClassifier(nn.Module):
    def __init__(self, vocabulary=30, width=6, hidden=5, classes=4, drop=0.1):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, hidden, 2, batch_first=True, bidirectional=True, dropout=drop)
        self.gru = nn.GRU(2 * hidden, hidden)
        self.fc = nn.Linear(4 * hidden, classes)

    def forward(self, ids):
        x = self.embedding(ids)
        x, (h, _) = self.lstm(x)
        y, last = self.gru(x.transpose(0, 1))
        both = torch.cat([h[-2], h[-1], y.max(0).values, last[0]], dim=1)
        return self.fc(both)


def make():
    """The model and its sample inputs."""
    return LSTMClassifier(), (torch.randint(0, 30, (2, 7)),)
