"""GradScaler: gradients come back unscaled, infinities skip the step, the scale follows."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen import amp
from tengen.base.errors import ArgumentError

COVERS = (
    "tengen.amp.GradScaler",
    *(
        f"tengen.amp.GradScaler.{name}"
        for name in ("backward", "load_state_dict", "state_dict", "unscale", "update")
    ),
)


def parameter(values, dtype="float32"):
    return tg.Parameter(np.asarray(values, "float32"), dtype=dtype)


def test_gradients_are_those_without_it():
    x = parameter([1.0, 2.0, 3.0])
    gm, scaler = tg.autodiff.GradManager().attach(x), amp.GradScaler(init_scale=1024)
    with gm:
        scaler.backward(gm, F.sum(x**3))
    np.testing.assert_allclose(x.grad.numpy(), [3, 12, 27], rtol=1e-6)
    x.grad = None
    with gm:
        y = x**3
        scaler.backward(gm, [y, x * 2], [tg.Tensor([1.0, 0, 0]), None])
    np.testing.assert_allclose(x.grad.numpy(), [5, 2, 2], rtol=1e-6)


def test_saves_small_gradients_in_float16():
    small = 2.0**-14

    def gradient(backward):
        x = parameter([1.0, 1.0])
        gm = tg.autodiff.GradManager().attach(x)
        with gm:
            y = F.sum((x.astype("float16") * small).astype("float32") * 2.0**-14)
            backward(gm, y)
        return x.grad.numpy()

    exact = np.full(2, 2.0**-28)
    assert not gradient(lambda gm, y: gm.backward(y)).any()
    scaler = amp.GradScaler(init_scale=2.0**15)
    np.testing.assert_array_equal(gradient(scaler.backward), exact)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_a_bad_gradient_skips_the_step_and_lowers_the_scale(bad):
    x, other = parameter([1.0, 2.0]), parameter([5.0])
    gm = tg.autodiff.GradManager().attach([x, other])
    optimizer = tg.optimizer.SGD([x, other], 0.5, momentum=0.9)
    scaler = amp.GradScaler(init_scale=8, growth_interval=2)

    def step(factor):
        with gm:
            scaler.backward(gm, F.sum(x * tg.Tensor([1.0, factor])) + F.sum(other))
        optimizer.step().clear_grad()
        return x.numpy(), other.numpy(), scaler.scale_factor

    first = step(1.0)
    assert first[2] == 8
    skipped = step(bad)
    np.testing.assert_array_equal(skipped[0], first[0])
    np.testing.assert_array_equal(skipped[1], first[1])
    assert skipped[2] == 4
    assert step(1.0)[2] == 4
    moved = step(1.0)
    assert moved[2] == 8 and moved[0][0] < first[0][0] and moved[1] < first[1]


def test_finds_infinity_among_float16_gradients():
    x = parameter([1.0], "float16")
    x.grad = tg.Tensor(np.array([np.inf], "float16"))
    scaler = amp.GradScaler(init_scale=4)
    scaler.unscale([x])
    assert x.grad is None
    scaler.update()
    assert scaler.scale_factor == 2
    x.grad = tg.Tensor(np.array([3.0], "float16"))
    scaler.unscale([x, parameter([1.0])])
    assert x.grad.dtype.name == "float16" and x.grad.item() == 1.5


def test_gradients_of_several_passes_are_unscaled_once():
    x = parameter([2.0])
    gm, scaler = tg.autodiff.GradManager().attach(x), amp.GradScaler(init_scale=16)
    for _ in range(2):
        with gm:
            scaler.backward(gm, F.sum(x**2), unscale_grad=False)
    assert x.grad.item() == 2 * 4 * 16 and scaler.state_dict()["_growth_tracker"] == 0
    scaler.unscale(gm.attached_tensors())
    scaler.update()
    assert x.grad.item() == 8 and scaler.state_dict()["_growth_tracker"] == 1


def test_update_is_asked_for_or_left_out():
    x = parameter([2.0])
    gm, scaler = tg.autodiff.GradManager().attach(x), amp.GradScaler(growth_interval=1)
    with gm:
        scaler.backward(gm, F.sum(x), update_scale=False)
    assert scaler.scale_factor == 16
    with gm:
        scaler.backward(gm, F.sum(x), unscale_grad=False, update_scale=True)
    assert scaler.scale_factor == 32
    scaler.update(new_scale=5)
    assert scaler.scale_factor == 5
    fixed = amp.GradScaler(growth_interval=0)
    fixed.update()
    assert fixed.scale_factor == 16


def test_the_scale_stays_a_usable_number():
    scaler = amp.GradScaler(init_scale=2.0**127, growth_interval=1)
    for _ in range(3):
        scaler.update()
    assert np.isfinite(np.float32(scaler.scale_factor))
    scaler.update(2.0**-126)
    x = parameter([1.0])
    x.grad = tg.Tensor([np.inf])
    scaler.unscale([x])
    scaler.update()
    assert np.isfinite(np.float32(1 / scaler.scale_factor))


def test_state_goes_and_comes():
    scaler = amp.GradScaler(64, 3.0, 0.25, 10)
    scaler.update()
    other = amp.GradScaler()
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()
    assert other.state_dict()["_growth_tracker"] == 1 and other.scale_factor == 64
    with pytest.raises(ArgumentError, match="the state lacks scale_factor"):
        other.load_state_dict({k: v for k, v in scaler.state_dict().items() if k != "scale_factor"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"init_scale": 0}, "init_scale is above 0; got 0"),
        ({"init_scale": float("nan")}, "init_scale is above 0; got nan"),
        ({"growth_factor": 0.5}, "growth_factor is at least 1; got 0.5"),
        ({"backoff_factor": 2}, "backoff_factor is in"),
        ({"growth_interval": -1}, "growth_interval is 0 or more; got -1"),
    ],
)
def test_settings_without_sense_are_refused(settings, message):
    with pytest.raises(ArgumentError, match=message):
        amp.GradScaler(**settings)


def test_a_bad_scale_and_unlike_lists_are_refused():
    scaler = amp.GradScaler()
    with pytest.raises(ArgumentError, match="new_scale is above 0; got -1"):
        scaler.update(-1)
    x = parameter([1.0])
    gm = tg.autodiff.GradManager().attach(x)
    with gm, pytest.raises(ArgumentError, match="1 values but 2 gradients"):
        scaler.backward(gm, x * 1, [tg.Tensor([1.0]), tg.Tensor([1.0])])


def test_in_a_traced_step():
    x = parameter([1.0, 2.0])
    gm = tg.autodiff.GradManager().attach(x)
    optimizer = tg.optimizer.SGD([x], 0.25)
    scaler = amp.GradScaler(init_scale=4, growth_interval=2)

    @tg.jit.trace
    def step(factor):
        with gm:
            scaler.backward(gm, F.sum(x * factor))
        optimizer.step().clear_grad()

    for factor in (1.0, np.inf, 1.0, 1.0):
        step(tg.Tensor([factor, 1.0]))
    np.testing.assert_allclose(x.numpy(), [0.25, 1.25])
    assert scaler.scale_factor == 4
