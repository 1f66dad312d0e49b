"""Errors name the function, method or layer that the user called, and where it stands."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import TengenError
from tengen.ops.convolution import convolution

X = tg.Tensor(np.ones((2, 3, 8, 8), np.float32))
W = tg.Tensor(np.ones((4, 4, 3, 3), np.float32))


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.stem = M.Sequential(M.Conv2d(3, 4, 3), M.Conv2d(5, 4, 3))

    def forward(self, x):
        return self.stem(x)


class Own(M.Module):
    def __init__(self):
        super().__init__()
        self.inner = Direct()

    def forward(self, x):
        return self.inner(x)


class Direct(M.Module):
    def forward(self, x):
        return F.conv2d(x, W)


CALLS = {
    "a function": (lambda: F.conv2d(X, W), "[conv2d] weight of shape (4, 4, 3, 3) takes", ""),
    "a layer": (lambda: M.Conv2d(4, 4, 3)(X), "[Conv2d] weight of shape", ""),
    "a layer in a model": (lambda: Net()(X), "[Conv2d] weight of shape", " in stem.1"),
    "a function in a model": (lambda: Own()(X), "[conv2d] weight of shape", " in inner"),
    "pooling": (lambda: F.max_pool2d(X[0], 2), "[max_pool2d] a kernel (2, 2) needs", ""),
    "a part of a layer": (
        lambda: M.BatchNorm2d(4)(X), "[BatchNorm2d] reshape: 4 elements of shape", ""
    ),
    "a method": (lambda: X.reshape(5), "[reshape] 384 elements", ""),
    "an operator sign": (lambda: X + tg.Tensor(np.ones(3)), "[add] shapes (2, 3, 8, 8)", ""),
    "an index": (lambda: X[9], "[getitem] index 9 is out of range for axis 0", ""),
    "an operator itself": (lambda: convolution(X, W), "[convolution] weight of shape", ""),
}  # fmt: skip


@pytest.mark.parametrize("what", CALLS)
def test_what_was_called_is_named_with_the_line_and_the_module(what):
    call, start, end = CALLS[what]
    with pytest.raises(TengenError) as caught:
        call()
    first, _, place = str(caught.value).partition("\n  at ")
    assert first.startswith(start)
    assert place.startswith(f"{__file__}:") and place.endswith(end)
    assert (" in " in place) == bool(end)


def test_recording_a_program_words_it_the_same():
    with pytest.raises(TengenError, match=r"\[conv2d\] weight of shape .*\n  at .* in inner"):
        tg.jit.trace(lambda x: Own()(x))(X)
