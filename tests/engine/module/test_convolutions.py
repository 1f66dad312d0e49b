"""Convolution layers against PyTorch in float64, and their initial values."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature
from tests.engine.module.comparing import adopt, close, compare, gradients, weighting, widened

import tengen as tg
import tengen.module as M
from tengen.base.errors import ArgumentError

PLAIN = {"weight": "weight", "bias": "bias"}
COVERS = tuple(
    f"tengen.module.{name}"
    for name in (
        "Conv1d", "Conv1d.calc_conv", "Conv1d.forward", "Conv1d.get_pad_witdth", "Conv2d",
        "Conv2d.calc_conv", "Conv2d.forward", "Conv2d.get_pad_witdth", "Conv3d",
        "Conv3d.calc_conv", "Conv3d.forward", "ConvRelu2d", "ConvRelu2d.forward", "ConvBn2d",
        "ConvBn2d.forward", "ConvBnRelu2d", "ConvBnRelu2d.forward", "ConvTranspose2d",
        "ConvTranspose2d.calc_conv_transpose2d", "ConvTranspose2d.forward", "ConvTranspose3d",
        "ConvTranspose3d.forward", "LocalConv2d", "LocalConv2d.forward",
    )
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def data(*shape):
    return np.random.default_rng(3).standard_normal(shape)


def names(bias):
    return PLAIN if bias else {"weight": "weight"}


SETTINGS = (
    {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
    {"stride": 2, "padding": 2, "dilation": 2, "groups": 2, "bias": False},
)


@pytest.mark.parametrize("settings", SETTINGS)
def test_conv1d(settings):
    layer = widened(M.Conv1d(4, 6, 3, **settings))
    other = adopt(torch.nn.Conv1d(4, 6, 3, **settings), layer, names(settings["bias"]))
    compare(layer, other, [data(2, 4, 11)], names(settings["bias"]))
    assert layer.stride == settings["stride"]
    assert "Conv1d(4, 6, kernel_size=3" in repr(layer)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("kernel", [3, (2, 3)])
def test_conv2d(settings, kernel):
    layer = widened(M.Conv2d(4, 6, kernel, **settings))
    other = adopt(torch.nn.Conv2d(4, 6, kernel, **settings), layer, names(settings["bias"]))
    compare(layer, other, [data(2, 4, 9, 8)], names(settings["bias"]))


@pytest.mark.parametrize("settings", SETTINGS)
def test_conv3d(settings):
    layer = widened(M.Conv3d(4, 6, (2, 3, 3), **settings))
    other = adopt(torch.nn.Conv3d(4, 6, (2, 3, 3), **settings), layer, names(settings["bias"]))
    compare(layer, other, [data(2, 4, 5, 7, 6)], names(settings["bias"]))


@pytest.mark.parametrize(("mode", "theirs"), [("reflect", "reflect"), ("replicate", "replicate")])
def test_other_paddings(mode, theirs):
    layer = widened(M.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=mode))
    other = adopt(torch.nn.Conv2d(2, 3, 3, padding=(1, 2), padding_mode=theirs), layer, PLAIN)
    compare(layer, other, [data(2, 2, 6, 7)], PLAIN)
    assert layer.get_pad_witdth() == ((0, 0), (0, 0), (1, 1), (2, 2))
    line = widened(M.Conv1d(2, 3, 3, padding=1, padding_mode=mode))
    other = adopt(torch.nn.Conv1d(2, 3, 3, padding=1, padding_mode=theirs), line, PLAIN)
    compare(line, other, [data(2, 2, 6)], PLAIN)
    assert line.get_pad_witdth() == ((0, 0), (0, 0), (1, 1))
    with pytest.raises(ArgumentError, match="padding_mode is one of"):
        M.Conv2d(2, 3, 3, padding_mode="circular")


@pytest.mark.parametrize(
    "settings",
    [
        {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True},
        {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 2, "groups": 2, "bias": False},
    ],
)
def test_transposed(settings):
    kept = names(settings["bias"])
    layer = widened(M.ConvTranspose2d(4, 6, 3, **settings))
    other = adopt(torch.nn.ConvTranspose2d(4, 6, 3, **settings), layer, kept)
    compare(layer, other, [data(2, 4, 5, 6)], kept)
    layer = widened(M.ConvTranspose3d(4, 6, 3, **settings))
    other = adopt(torch.nn.ConvTranspose3d(4, 6, 3, **settings), layer, kept)
    compare(layer, other, [data(2, 4, 3, 4, 3)], kept)


def test_calc_conv_takes_other_weights():
    x = tg.Tensor(data(1, 2, 5, 5), dtype="float64")
    layer = widened(M.Conv2d(2, 3, 3))
    twice = layer.calc_conv(x, layer.weight * 2, None)
    close(twice.numpy(), 2 * (layer(x) - layer.bias).numpy())
    line, volume = widened(M.Conv1d(2, 3, 3)), widened(M.Conv3d(2, 3, 2))
    up = widened(M.ConvTranspose2d(2, 3, 3))
    for part, run, shape in (
        (line, line.calc_conv, (1, 2, 5)),
        (volume, volume.calc_conv, (1, 2, 4, 4, 4)),
        (up, up.calc_conv_transpose2d, (1, 2, 4, 4)),
    ):
        x = tg.Tensor(data(*shape), dtype="float64")
        close(run(x, part.weight, part.bias).numpy(), part(x).numpy())


def test_conv_relu():
    layer = widened(M.ConvRelu2d(2, 3, 3, padding=1))
    other = adopt(torch.nn.Conv2d(2, 3, 3, padding=1), layer, PLAIN)
    got, inputs, params = gradients(layer, [data(2, 2, 5, 5)])
    x = torch.tensor(data(2, 2, 5, 5), requires_grad=True)
    want = torch.relu(other(x))
    (want * torch.tensor(weighting(tuple(want.shape)))).sum().backward()
    close(got, want.detach().numpy())
    close(inputs[0], x.grad.numpy())
    close(params["weight"], other.weight.grad.numpy())


class BesideBn(torch.nn.Module):
    """Convolution, batch norm with our momentum, and relu if asked."""

    def __init__(self, active):
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 3, 3)
        self.bn = torch.nn.BatchNorm2d(3, momentum=0.1)
        self.active = active

    def forward(self, x):
        y = self.bn(self.conv(x))
        return torch.relu(y) if self.active else y


@pytest.mark.parametrize("active", [False, True])
def test_conv_bn(active):
    kind = M.ConvBnRelu2d if active else M.ConvBn2d
    layer = widened(kind(2, 3, 3))
    for name in ("running_mean", "running_var"):
        value = np.zeros(layer.bn.weight.shape) if name.endswith("mean") else np.ones((1, 3, 1, 1))
        setattr(layer.bn, name, tg.Tensor(value, dtype="float64"))
    kept = {n: n for n in ("conv.weight", "conv.bias", "bn.weight", "bn.bias")}
    other = adopt(BesideBn(active), layer, kept)
    compare(layer, other, [data(4, 2, 6, 6)], kept, tolerance=1e-8)
    close(layer.bn.running_mean.numpy().reshape(-1), other.bn.running_mean.numpy(), 1e-6)
    close(layer.bn.running_var.numpy().reshape(-1), other.bn.running_var.numpy(), 1e-6)
    layer.eval()
    other.eval()
    compare(layer, other, [data(4, 2, 6, 6)], {}, tolerance=1e-6)


@pytest.mark.parametrize("settings", [{}, {"stride": 2, "padding": 1, "groups": 2}])
def test_local_conv_has_weights_for_every_place(settings):
    layer = widened(M.LocalConv2d(4, 6, 7, 6, 3, **settings))
    x = data(2, 4, 7, 6)
    got, *_ = gradients(layer, [x])
    pad, stride = settings.get("padding", 0), settings.get("stride", 1)
    groups = settings.get("groups", 1)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    weight = layer.weight.numpy()
    want = np.zeros_like(got)
    for g in range(groups):
        for i in range(weight.shape[1]):
            for j in range(weight.shape[2]):
                window = padded[
                    :,
                    g * 4 // groups : (g + 1) * 4 // groups,
                    i * stride : i * stride + 3,
                    j * stride : j * stride + 3,
                ]
                part = np.einsum("nchw,chwo->no", window, weight[g, i, j])
                want[:, g * 6 // groups : (g + 1) * 6 // groups, i, j] = part
    close(got, want)


def test_initial_values():
    tg.random.seed(0)
    layer = M.Conv2d(64, 128, 3)
    std = layer.weight.numpy().std()
    assert abs(std - np.sqrt(1 / (64 * 9))) < 0.001
    assert not layer.bias.numpy().any()
    assert layer.bias.shape == (1, 128, 1, 1)
    up = M.ConvTranspose2d(64, 128, 3)
    assert abs(up.weight.numpy().std() - np.sqrt(1 / (128 * 9))) < 0.001
    assert up.weight.shape == (64, 128, 3, 3)
    assert M.Conv2d(4, 6, 3, groups=2).weight.shape == (2, 3, 2, 3, 3)


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ArgumentError, match="divide into 3 groups"):
        M.Conv2d(4, 6, 3, groups=3)
    with pytest.raises(ArgumentError, match="kernel_size"):
        M.Conv2d(4, 6, 0)
    with pytest.raises(ArgumentError, match="stride"):
        M.Conv2d(4, 6, 3, stride=(1, 2, 3))
