"""The compiled optimizer steps and norms against NumPy in float64."""

import numpy as np
import pytest

from tengen.kernels.numba import library, norm, optimizer, optimizer_numpy, service

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")

STEPS = [
    ("sgd", 0, {"lr": 0.1, "weight_decay": 0.01}),
    ("sgd", 1, {"lr": 0.1, "momentum": 0.9}),
    ("sgd", 1, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("adam", 2, {"step": 3, "lr": 0.1, "weight_decay": 0.1}),
    ("adamw", 2, {"step": 3, "lr": 0.1}),
    ("adagrad", 1, {"step": 4, "lr_decay": 0.1}),
    ("adadelta", 2, {}),
    ("lamb", 2, {"step": 2, "lr": 0.1, "weight_decay": 0.1}),
    ("lamb", 2, {"step": 2, "lr": 0.1, "bias_correction": False}),
    ("lamb", 2, {"step": 2, "lr": 0.1, "always_adapt": True}),
]


@pytest.fixture(autouse=True)
def restored():
    yield
    service.set_mode("background")


def arrays(count: int, size: int, dtype: str):
    rng = np.random.default_rng(size)
    made = rng.standard_normal((count, size)).astype(dtype)
    made[2:] = np.abs(made[2:])  # states are means of squares, or may be
    return list(made)


@pytest.mark.parametrize("size", [1, 37, 40_003])
@pytest.mark.parametrize(("name", "states", "options"), STEPS)
def test_compiled_steps_follow_the_rule(name: str, states: int, options: dict, size: int):
    service.set_mode("now")
    got = arrays(2 + states, size, "float32")
    expected = [a.astype(np.float64) for a in got]
    for _ in range(3):
        getattr(optimizer, name)(*got, **options)
        apply_rule(name, expected, options)
    assert all(kernel.ready for kernel in service.kernels() if kernel.name.startswith(name))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=3e-6, atol=3e-6)


def apply_rule(name: str, arrays64: list, options: dict) -> None:
    """The textbook form of a step, written apart from the kernels."""
    p, g, *states = arrays64
    lr, decay = options.get("lr"), options.get("weight_decay", 0.0)
    if name == "sgd":
        g = g + decay * p
        if states:
            states[0][:] = options["momentum"] * states[0] + g
            g = g + options["momentum"] * states[0] if options.get("nesterov") else states[0]
        p -= lr * g
    elif name in ("adam", "adamw", "lamb"):
        decay = options.get("weight_decay", 0.01 if name == "adamw" else 0.0)
        g = g + decay * p if name == "adam" else g
        m, s = states
        m[:] = 0.9 * m + 0.1 * g
        s[:] = 0.999 * s + 0.001 * g * g
        corrected = options.get("bias_correction", True)
        c0, c1 = (1 - 0.9 ** options["step"], 1 - 0.999 ** options["step"]) if corrected else (1, 1)
        u = (m / c0) / (np.sqrt(s / c1) + 1e-8)
        u = u if name == "adam" else u + decay * p
        if name == "lamb" and (options.get("always_adapt") or decay > 0):
            u = u * (np.linalg.norm(p) / np.linalg.norm(u))
        p -= lr * u
    elif name == "adagrad":
        states[0] += g * g
        p -= 0.01 / (1 + (options["step"] - 1) * 0.1) * g / np.sqrt(states[0] + 1e-10)
    else:
        square, delta = states
        square[:] = 0.9 * square + 0.1 * g * g
        u = np.sqrt(delta + 1e-6) / np.sqrt(square + 1e-6) * g
        delta[:] = 0.9 * delta + 0.1 * u * u
        p -= u


@pytest.mark.parametrize(("name", "states", "options"), STEPS)
def test_the_numpy_stand_ins_follow_the_same_rule(name: str, states: int, options: dict):
    made = arrays(2 + states, 50, "float64")
    expected = [a.copy() for a in made]
    apply_rule(name, expected, options)
    p, g, *rest = made
    decay = options.get("weight_decay", 0.01 if name == "adamw" else 0.0)
    moments = optimizer.moment_scalars(
        (0.9, 0.999), options.get("step") if options.get("bias_correction", True) else None, 1e-8
    )
    lr = options.get("lr", 1.0)
    if name == "lamb":
        adapt = options.get("always_adapt", False) or decay > 0
        optimizer_numpy.lamb(p, g, rest, (lr, decay, *moments), adapt)
    elif name in ("adam", "adamw"):
        optimizer_numpy.rules[name](p, g, rest, (lr, decay, *moments))
    elif name == "adagrad":
        optimizer_numpy.adagrad(p, g, rest, (0.01 / 1.3, 0.0, 1e-10))
    elif name == "adadelta":
        optimizer_numpy.adadelta(p, g, rest, (1.0, 0.0, 0.9, 0.1, 1e-6))
    elif not states:
        optimizer_numpy.sgd(p, g, rest, (lr, decay))
    else:
        rule = "nesterov" if options.get("nesterov") else "momentum"
        optimizer_numpy.rules[rule](p, g, rest, (lr, decay, options["momentum"]))
    for got, wanted in zip(made, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_float64_steps_keep_float64():
    made = arrays(4, 40, "float64")
    expected = [a.copy() for a in made]
    service.set_mode("now")
    optimizer.adam(*made, step=3, lr=0.1)
    apply_rule("adam", expected, {"step": 3, "lr": 0.1})
    np.testing.assert_allclose(made[0], expected[0], rtol=1e-13)


def test_a_strided_parameter_is_refused():
    service.set_mode("now")
    p = np.ones((6, 6), np.float32)
    with pytest.raises(ValueError, match="expected a C-contiguous array"):
        optimizer.sgd(p[:, ::2], p[:, ::2].copy(), lr=0.1)


def test_a_missing_velocity_is_named():
    with pytest.raises(ValueError, match=r"\[sgd\] expected a velocity array"):
        optimizer.sgd(np.ones(3), np.ones(3), lr=0.1, momentum=0.9)


@pytest.mark.parametrize("mode", ["never", "now"])
def test_clip_by_norm(mode: str):
    service.set_mode(mode)
    rng = np.random.default_rng(0)
    made = [rng.standard_normal(n).astype(np.float32) for n in (5, 40_001)]
    before = [a.copy() for a in made]
    total = np.sqrt(sum((a.astype(np.float64) ** 2).sum() for a in made))
    assert norm.clip_by_norm(made, 1.0) == pytest.approx(total, rel=1e-6)
    for after, old in zip(made, before, strict=True):
        np.testing.assert_allclose(after, old / total, rtol=2e-6)
    assert norm.clip_by_norm(made, 5.0) == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(made[0], before[0] / total, rtol=2e-6)
