"""A small network of the usual parts, trained on any device."""

import numpy as np

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import optimizer


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = M.BatchNorm2d(4)
        self.drop = M.Dropout(0.25)
        self.head = M.Linear(4 * 4 * 4, 3)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)))
        return self.head(self.drop(F.flatten(x, 1)))


def known_weights():
    """The same parameters for every training, made on the CPU."""
    tg.set_default_device("cpu0")
    rng = np.random.default_rng(3)
    net = Net()
    return {name: rng.standard_normal(p.shape).astype("float32") / 4
            for name, p in net.named_parameters()}  # fmt: skip


def trained(device, steps, weights, convert=None, optim=optimizer.SGD, **settings):
    """The losses and the parameters after some steps."""
    tg.set_default_device(device)
    tg.random.seed(7)
    net = Net()
    for name, p in net.named_parameters():
        p.set_value(weights[name])
    opt = optim(net.parameters(), lr=0.05, **settings)
    gm = tg.autodiff.GradManager().attach(net.parameters())

    def step(x, y):
        with gm:
            loss = F.nn.cross_entropy(net(x), y)
            gm.backward(loss)
        opt.step().clear_grad()
        return loss

    run = convert(step) if convert else step
    rng = np.random.default_rng(0)
    losses = []
    for _ in range(steps):
        x = tg.Tensor(rng.standard_normal((8, 2, 4, 4)), dtype="float32")
        y = tg.Tensor(rng.integers(0, 3, 8), dtype="int32")
        losses.append(run(x, y))
    return [float(v) for v in losses], [p.numpy() for p in net.parameters()]


def same(a, b):
    np.testing.assert_allclose(a[0], b[0], rtol=1e-4)
    for one, other in zip(a[1], b[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


OPTIMIZERS = {
    "sgd": (optimizer.SGD, {"momentum": 0.9, "weight_decay": 1e-3}),
    "adam": (optimizer.Adam, {}),
    "adamw": (optimizer.AdamW, {}),
}
