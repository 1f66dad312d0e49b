"""Mixed precision on a GPU made of NumPy: the types chosen there, scaling, channels-last memory."""

import numpy as np

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import amp
from tengen.base.layout import channels_last

from .strict import state


def images():
    return tg.Tensor(np.random.default_rng(0).standard_normal((2, 3, 6, 6), np.float32))


def test_products_run_in_float16_and_norms_follow(strict):
    x, net = images(), M.Sequential(M.Conv2d(3, 4, 3), M.BatchNorm2d(4))
    plain = net(x).numpy()
    with amp.autocast():
        product = net[0](x)
        normed = net(x)
        assert (product.dtype.name, normed.dtype.name) == ("float16", "float16")
        assert F.softmax(product).dtype.name == "float32"
    with amp.autocast(low_prec_dtype="bfloat16"):
        assert net(x).dtype.name == "bfloat16"
    assert net[1].running_mean.dtype.name == "float32"
    np.testing.assert_allclose(normed.numpy(), plain, atol=0.01)


def test_a_scaled_step_looks_at_its_gradients_once(strict):
    x, net = images(), M.Sequential(M.Conv2d(3, 4, 3), M.BatchNorm2d(4), M.Conv2d(4, 2, 3))
    gm, scaler = tg.autodiff.GradManager().attach(net.parameters()), amp.GradScaler(2.0**8)

    def gradients(backward, enabled):
        with gm, amp.autocast(enabled=enabled):
            backward(gm, F.mean(net(x) ** 2))
        found = [p.grad for p in net.parameters()]
        for p in net.parameters():
            p.grad = None
        return found

    want = gradients(lambda gm, y: gm.backward(y), False)
    gradients(scaler.backward, True)
    state.counts.clear()
    found = gradients(scaler.backward, True)
    assert state.counts["downloads"] == 1
    for a, b in zip(found, want, strict=True):
        assert a.dtype.name == "float32" and a.device.physical == "gpu0"
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=0.02)


def test_images_are_laid_out_channels_last(strict):
    # A view, since contiguous memory is turned by a kernel, which NumPy cannot stand in for.
    x = F.transpose(images(), (0, 1, 3, 2))
    copy = amp.convert_tensor_format(x, inplace=False)
    assert copy._buffer.type.layout is channels_last(4) and x._buffer.type.layout is None
    assert (copy.format, x.format, copy.shape) == ("nhwc", "default", x.shape)
    np.testing.assert_array_equal(copy.numpy(), x.numpy())
