"""An LSTM that tells whether a sequence went up or down between two marked moments."""

import json

import megengine as mge
import megengine.functional as F
import megengine.module as M
import numpy as np
from megengine.autodiff import GradManager
from megengine.data import Collator, DataLoader, RandomSampler, SequentialSampler
from megengine.data.dataset import Dataset
from megengine.data.transform import Transform
from megengine.optimizer import AdamW, MultiStepLR, clip_grad_norm

LENGTH = 10


class Moments(Dataset):
    """A value at each moment and a mark at two of them; label 1 if the value rose between."""

    def __init__(self, count, seed):
        super().__init__()
        rng = np.random.RandomState(seed)
        self.values = rng.uniform(-1, 1, (count, LENGTH)).astype("float32")
        self.marks = np.stack([np.sort(rng.permutation(LENGTH)[:2]) for _ in range(count)])

    def __getitem__(self, index):
        values, (a, b) = self.values[index], self.marks[index]
        mark = np.zeros(LENGTH, dtype="float32")
        mark[[a, b]] = 1
        return np.stack([values, mark], axis=-1), int(values[b] > values[a])

    def __len__(self):
        return len(self.values)


class Centre(Transform):
    def apply(self, input):
        sequence, label = input
        return sequence - np.array([0.0, 0.2], dtype="float32"), np.int32(label)


class Classifier(M.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.lstm = M.LSTM(2, hidden, num_layers=1, batch_first=True)
        self.norm = M.LayerNorm(hidden)
        self.head = M.Linear(hidden, 2)

    def forward(self, x):
        output, (h, _) = self.lstm(x)  # (B, T, hidden), (1, B, hidden)
        return self.head(self.norm(output[:, -1] + h[0]))


def accuracy(net, loader):
    net.eval()
    right = total = 0
    for x, y in loader:
        guess = F.argmax(net(mge.Tensor(x)), axis=1).numpy()
        right += (guess == y).sum()
        total += len(y)
    net.train()
    return right / total


def main():
    mge.random.seed(3)
    train, test = Moments(1024, 0), Moments(256, 1)
    train_loader = DataLoader(
        train,
        sampler=RandomSampler(train, batch_size=32, drop_last=True, seed=5),
        transform=Centre(),
        collator=Collator(),
    )
    test_loader = DataLoader(test, SequentialSampler(test, batch_size=64), transform=Centre())
    net = Classifier()
    before = {name: p.numpy() for name, p in net.named_parameters()}
    gm = GradManager()
    gm.attach(net.parameters())
    opt = AdamW(net.parameters(), lr=1e-2, weight_decay=1e-3)
    scheduler = MultiStepLR(opt, milestones=[8], gamma=0.3)
    losses = []
    for _ in range(10):
        for x, y in train_loader:
            with gm:
                logits = net(mge.Tensor(x))
                loss = F.nn.cross_entropy(logits, mge.Tensor(y), label_smooth=0.05)
                gm.backward(loss)
            clip_grad_norm(net.parameters(), max_norm=1.0, ord=2)
            opt.step()
            opt.clear_grad()
            losses.append(loss.item())
        scheduler.step()
    moved = [n for n, p in net.named_parameters() if not np.array_equal(before[n], p.numpy())]
    assert len(moved) == len(before), "a parameter was not trained"
    print(json.dumps({
        "first": float(np.mean(losses[:8])), "last": float(np.mean(losses[-8:])),
        "score": float(accuracy(net, test_loader)),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
