"""Data sets and transforms that the loader tests send to workers."""

import os
import random
import signal
import time

import numpy as np

from tengen.data import get_worker_info
from tengen.data.dataset import ArrayDataset, Dataset, StreamDataset
from tengen.data.transform import Transform


class Numbers(Dataset):
    """Sample i: an array of `shape` full of i, and i."""

    def __init__(self, count, shape=(3, 40, 40)):
        self.count = count
        self.shape = shape

    def __getitem__(self, index):
        return np.full(self.shape, index, np.float32), index

    def __len__(self):
        return self.count


class Growing(Numbers):
    """Sample i is bigger than the one before."""

    def __getitem__(self, index):
        return np.full((index + 1) * 5000, index, np.float32), index


class Counting(StreamDataset):
    """0, 1, 2, ... shared out among the workers that iterate."""

    def __init__(self, count, leak=False):
        self.count = count
        self.leak = leak

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.idx, info.worker)
        numbers = iter(range(first, self.count, step))
        while True:
            if self.leak:
                yield next(numbers), np.zeros(3)
            else:
                try:
                    yield next(numbers), np.zeros(3)
                except StopIteration:
                    return


class Noise(Transform):
    """Draws from the global generators, as users' transforms do."""

    def apply(self, input):
        return (input[0] + np.random.rand(), random.random(), *input[1:])


class At(Transform):
    """Does something drastic when it meets sample `index`."""

    def __init__(self, index, what):
        self.index = index
        self.what = what

    def apply(self, input):
        if input[1] == self.index:
            if self.what == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self.what == "segv":
                os.kill(os.getpid(), signal.SIGSEGV)
            elif self.what == "exit":
                os._exit(7)
            elif self.what == "sleep":
                time.sleep(60)
            elif self.what == "sysexit":
                raise SystemExit(3)
            elif self.what == "picky":
                raise Picky(1, 2)
            else:
                raise self.what
        return input


class Picky(Exception):
    """An exception that cannot be made from its own arguments."""

    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def images(count=64, size=16):
    """Random images and their numbers."""
    rng = np.random.RandomState(0)
    data = rng.randint(0, 256, (count, size, size, 3)).astype(np.uint8)
    return ArrayDataset(data, np.arange(count, dtype=np.int32))
