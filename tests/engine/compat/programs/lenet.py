"""A small LeNet that learns to read digits which the program itself draws."""

import json
import sys

import megengine as mge
import megengine.functional as F
import megengine.module as M
import megengine.optimizer as optim
import numpy as np
from megengine.autodiff import GradManager

# Which of the seven segments each digit lights: top, two upper, middle, two lower, bottom.
SEGMENTS = ("1110111", "0010010", "1011101", "1011011", "0111010",
            "1101011", "1101111", "1010010", "1111111", "1111011")  # fmt: skip
BARS = ((slice(0, 2), slice(1, 7)), (slice(1, 6), slice(0, 2)), (slice(1, 6), slice(6, 8)),
        (slice(5, 7), slice(1, 7)), (slice(6, 11), slice(0, 2)), (slice(6, 11), slice(6, 8)),
        (slice(10, 12), slice(1, 7)))  # fmt: skip


def draw(count, rng):
    labels = rng.randint(0, 10, count).astype("int32")
    images = rng.normal(0, 0.3, (count, 1, 16, 16)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        top, left = rng.randint(0, 5), rng.randint(0, 9)
        digit = image[0, top : top + 12, left : left + 8]
        for lit, bar in zip(SEGMENTS[label], BARS, strict=True):
            digit[bar] += float(lit)
    return images, labels


class LeNet(M.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = M.Conv2d(1, 6, 5, padding=2)
        self.bn1 = M.BatchNorm2d(6)
        self.relu1 = M.ReLU()
        self.pool1 = M.MaxPool2d(2, 2)
        self.conv2 = M.Conv2d(6, 16, 3, bias=False)
        self.relu2 = M.ReLU()
        self.pool2 = M.MaxPool2d(2, 2)
        self.fc1 = M.Linear(16 * 3 * 3, 64)
        self.relu3 = M.ReLU()
        self.fc2 = M.Linear(64, 10)
        for m in self.modules():
            if isinstance(m, M.Conv2d):
                M.init.msra_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.pool1(self.relu1(self.bn1(self.conv1(x))))
        x = self.pool2(self.relu2(self.conv2(x)))
        x = F.flatten(x, 1)
        return self.fc2(self.relu3(self.fc1(x)))


def main(path):
    mge.random.seed(2)
    mge.set_default_device("cpux")
    logger = mge.get_logger(__name__)
    rng = np.random.RandomState(0)
    train_x, train_y = draw(1024, rng)
    test_x, test_y = draw(256, rng)

    net = LeNet()
    net.train()
    gm = GradManager().attach(net.parameters())
    optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    losses = []
    for epoch in range(8):
        order = rng.permutation(len(train_x))
        for i in range(0, len(order), 64):
            data = mge.tensor(train_x[order[i : i + 64]])
            label = mge.tensor(train_y[order[i : i + 64]], dtype="int32")
            with gm:
                logits = net(data)
                loss = F.loss.cross_entropy(logits, label)
                gm.backward(loss)
            optimizer.step().clear_grad()
            losses.append(loss.item())
        logger.info("epoch %d loss %.3f", epoch, losses[-1])

    mge.save({"epoch": 8, "state_dict": net.state_dict()}, path)
    again = LeNet()
    again.load_state_dict(mge.load(path, map_location="cpu0")["state_dict"])
    again.eval()
    logits = again(mge.Tensor(test_x))
    top1, top3 = F.topk_accuracy(logits, mge.Tensor(test_y), topk=(1, 3))
    print(json.dumps({
        "first": losses[0], "last": float(np.mean(losses[-4:])),
        "score": float(top1), "top3": float(top3.numpy()),
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
