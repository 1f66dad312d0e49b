"""A convolution's statistics: from a library's sums, and by a pass over the result."""

import ctypes

import numpy as np
import pytest

from tengen.base import dtype as dt
from tengen.base.layout import channels_last
from tengen.graph.types import TensorType
from tengen.kernels.cuda.program import using
from tengen.ops import convolution_statistics_cudnn as statistics
from tengen.ops.convolution_statistics import convolution_statistics
from tengen.ops.norm_cuda import Channels
from tengen.ops.sampling import draw

from .emulator import COMPILER, Emulator
from .guarded import guarded, guarded_copy

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")

LAST = channels_last(4)
X, WEIGHT = (2, 8, 5, 6), (16, 8, 1, 1)
Y = (2, 16, 5, 6)


def _at(address, shape, dtype):
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_ubyte * count).from_address(address), dtype).reshape(shape)


class Library:
    """Does what cuDNN is asked for: a product by 1 x 1 filters, and sums if there is room."""

    workspace = 512

    def __init__(self, dtype, sums):
        self.dtype, self.sums = dtype, sums

    def run(self, addresses, workspace, stream):
        assert workspace % 256 == 0
        _at(workspace, (self.workspace,), "uint8").fill(0xEE)
        x = _at(addresses[0], (2, 5, 6, 8), self.dtype).astype("float32")
        weight = _at(addresses[1], (16, 8), self.dtype).astype("float32")
        y = x @ weight.T
        _at(addresses[2], y.shape, self.dtype)[...] = y
        if self.sums:
            _at(addresses[3], (16,), "float32")[...] = y.sum((0, 1, 2))
            _at(addresses[4], (16,), "float32")[...] = (y * y).sum((0, 1, 2))


@pytest.mark.parametrize("how", ["sums", "pass"])
@pytest.mark.parametrize("dtype", [dt.float16, dt.bfloat16], ids=str)
def test_mean_and_variance_of_the_result(how, dtype):
    rng = np.random.default_rng(0)
    x, weight = draw(rng, X, dtype), draw(rng, WEIGHT, dtype)
    types = (
        TensorType.of(Y, dtype).with_layout(LAST),
        *[TensorType.of((1, 16, 1, 1), "float32")] * 2,
    )
    known = Channels(types[0])
    make = {"sums": statistics._summed, "pass": statistics._after}[how]
    bound = make(Library(dtype, how == "sums"), known, (LAST, LAST), types, True)
    outs = [guarded((2, 5, 6, 16), dtype)]
    outs += [guarded((1, 16, 1, 1), np.dtype("float32")) for _ in range(2)]
    # cuDNN wants its memory aligned, as the arena's is
    space = guarded((bound.workspace + 256,), np.dtype("uint8"), 256)
    space = space[-space.ctypes.data % 256 :][: bound.workspace]
    with using(Emulator()):
        bound.run(
            (*outs, space), (guarded_copy(LAST.pack(x), 16), guarded_copy(LAST.pack(weight), 16))
        )
    want = convolution_statistics.kernel(
        np, x, weight, stride=(1, 1), padding=(0, 0), dilation=(1, 1)
    )
    rough = 1e-2 if dtype is dt.float16 else 3e-2
    for got, value in zip((LAST.unpack(outs[0], Y), *outs[1:]), want, strict=True):
        np.testing.assert_allclose(got.astype("f8"), value.astype("f8"), rough, rough)
