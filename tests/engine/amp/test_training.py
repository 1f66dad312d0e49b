"""A network learns in bfloat16 what it learns in float32."""

from pathlib import Path

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import amp
from tengen.data.dataset import FashionMNIST
from tengen.jit import trace

TRAINED, BATCH, EPOCHS, TESTED = 9_600, 128, 2, 10_000


def pictures(train, count):
    images, labels = FashionMNIST(train=train, download=False).arrays
    images = images[:count].reshape(-1, 1, 28, 28).astype(np.float32) / 127.5 - 1
    return images, labels[:count].astype(np.int32)


class Net(M.Module):
    """Three convolutions with batch norm, and two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = M.Conv2d(1, 32, 3, padding=1), M.BatchNorm2d(32)
        self.conv2, self.norm2 = M.Conv2d(32, 64, 3, padding=1), M.BatchNorm2d(64)
        self.conv3, self.norm3 = M.Conv2d(64, 128, 3, padding=1), M.BatchNorm2d(128)
        self.pool = M.MaxPool2d(2)
        self.hidden = M.Linear(128 * 3 * 3, 128)
        self.scores = M.Linear(128, 10)

    def forward(self, x):
        for conv, norm in (
            (self.conv1, self.norm1), (self.conv2, self.norm2), (self.conv3, self.norm3),
        ):  # fmt: skip
            x = self.pool(F.relu(norm(conv(x))))
        return self.scores(F.relu(self.hidden(F.flatten(x, 1))))


def learned(enabled):
    """The share of unseen pictures told right, and the data type of the scores."""
    tg.random.seed(1)
    images, labels = pictures(True, TRAINED)
    order = np.random.default_rng(1)
    net = Net()
    gm = tg.autodiff.GradManager().attach(net.parameters())
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    @trace
    @amp.autocast(enabled=enabled)
    def step(x, y):
        with gm:
            loss = F.nn.cross_entropy(net(x), y)
            gm.backward(loss)
        optimizer.step().clear_grad()

    total, done = EPOCHS * TRAINED // BATCH, 0
    for _ in range(EPOCHS):
        for chosen in order.permutation(TRAINED).reshape(-1, BATCH):
            for group in optimizer.param_groups:
                group["lr"] = 0.05 * (1 - done / total)
            step(tg.Tensor(images[chosen]), tg.Tensor(labels[chosen]))
            done += 1
    net.eval()
    right = 0
    images, labels = pictures(False, TESTED)
    with amp.autocast(enabled=enabled):
        for start in range(0, TESTED, 1000):
            scores = net(tg.Tensor(images[start : start + 1000]))
            right += int((scores.numpy().argmax(1) == labels[start : start + 1000]).sum())
    return right / TESTED, scores.dtype.name


@pytest.mark.long
@pytest.mark.skipif(
    not Path("/usr/share/datasets/fashion-mnist").is_dir(), reason="the Debian package is absent"
)
def test_bfloat16_learns_what_float32_learns(tell):
    wide, wide_type = learned(False)
    low, low_type = learned(True)
    tell(f"told right: {wide:.2%} in float32, {low:.2%} in bfloat16")
    assert (wide_type, low_type) == ("float32", "bfloat16")
    assert wide > 0.8 and abs(wide - low) < 0.01
