"""Channels-last names: marked, with shapes and results as they were."""

import numpy as np
import pytest

import tengen as tg
import tengen.module as M
from tengen import amp
from tengen.base.errors import ArgumentError, ShapeError

COVERS = ("tengen.amp.convert_module_format", "tengen.amp.convert_tensor_format")


def test_a_tensor_keeps_shape_and_values():
    x = tg.Tensor(np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5))
    copy = amp.convert_tensor_format(x, inplace=False)
    assert (x.format, copy.format, copy.shape) == ("default", "nhwc", (2, 3, 4, 5))
    np.testing.assert_array_equal(copy.numpy(), x.numpy())
    assert amp.convert_tensor_format(x) is x and x.format == "nhwc"


def test_a_module_computes_what_it_did():
    net = M.Sequential(M.Conv2d(4, 8, 3), M.BatchNorm2d(8), M.Conv2d(8, 8, 3, groups=2))
    x = tg.Tensor(np.random.default_rng(0).standard_normal((2, 4, 8, 8), np.float32))
    net.eval()
    expected = net(x).numpy()
    other = amp.convert_module_format(net, inplace=False)
    assert {p.format for p in net.parameters()} == {"default"}
    assert amp.convert_module_format(net) is net
    for made in (other, net):
        assert {p.format for p in made.parameters() if p.ndim in (4, 5)} == {"nhwc"}
        assert type(made[0].weight) is tg.Parameter
        np.testing.assert_allclose(made(amp.convert_tensor_format(x)).numpy(), expected, rtol=1e-5)


def test_others_are_refused():
    with pytest.raises(ShapeError, match="4 or 5 axes are needed"):
        amp.convert_tensor_format(tg.Tensor([1.0]))
    with pytest.raises(ArgumentError, match="expected a Tensor; got ndarray"):
        amp.convert_tensor_format(np.ones((1, 1, 1, 1)))
    with pytest.raises(ArgumentError, match="expected a Module; got Tensor"):
        amp.convert_module_format(tg.Tensor([1.0]))
