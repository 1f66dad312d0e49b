"""Optimizers against PyTorch in float64, where it has the same formula, else against NumPy."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature

import tengen as tg
from tengen import optimizer as O
from tengen.base.errors import ArgumentError, StateError
from tengen.base.layout import Layout
from tengen.runtime.plan import convert

COVERS = tuple(
    f"tengen.optimizer.{name}"
    for name in ("SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "LAMB", "LAMBFp16")
)

STEPS = 5
SHAPES = ((3, 4), (7,), (), (64, 600))


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def arrays(seed=0, dtype="float64"):
    rng = np.random.default_rng(seed)
    params = [np.asarray(rng.standard_normal(s), dtype) for s in SHAPES]
    grads = [[np.asarray(rng.standard_normal(s), dtype) for s in SHAPES] for _ in range(STEPS)]
    return params, grads


def run_ours(make, dtype="float64", between=lambda optimizer, step: None):
    start, grads = arrays()
    params = [tg.Parameter(a, dtype=dtype) for a in start]
    optimizer = make(params)
    for step, row in enumerate(grads):
        between(optimizer, step)
        for param, grad in zip(params, row, strict=True):
            param.grad = tg.Tensor(grad, dtype=dtype)
        assert optimizer.step() is optimizer
    return [p.numpy() for p in params]


def run_torch(make, between=lambda optimizer, step: None):
    start, grads = arrays()
    params = [torch.tensor(a, requires_grad=True) for a in start]
    optimizer = make(params)
    for step, row in enumerate(grads):
        between(optimizer, step)
        for param, grad in zip(params, row, strict=True):
            param.grad = torch.tensor(grad)
        optimizer.step()
    return [p.detach().numpy() for p in params]


CASES = {
    "sgd": (lambda p: O.SGD(p, 0.1), lambda p: torch.optim.SGD(p, 0.1)),
    "sgd decay": (
        lambda p: O.SGD(p, 0.1, weight_decay=0.3),
        lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.3),
    ),
    "momentum": (
        lambda p: O.SGD(p, 0.1, momentum=0.9, weight_decay=0.3),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.3),
    ),
    "nesterov": (
        lambda p: O.SGD(p, 0.1, momentum=0.9, nesterov=True),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    ),
    "adam": (lambda p: O.Adam(p, 0.1), lambda p: torch.optim.Adam(p, 0.1)),
    "adam set": (
        lambda p: O.Adam(p, 0.1, betas=(0.7, 0.8), eps=1e-3, weight_decay=0.2),
        lambda p: torch.optim.Adam(p, 0.1, betas=(0.7, 0.8), eps=1e-3, weight_decay=0.2),
    ),
    "adamw": (
        lambda p: O.AdamW(p, 0.1, weight_decay=0.2),
        lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.2),
    ),
    "adadelta": (
        lambda p: O.Adadelta(p, 0.7, rho=0.8, weight_decay=0.1),
        lambda p: torch.optim.Adadelta(p, 0.7, rho=0.8, weight_decay=0.1),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_pytorch(case):
    ours, theirs = CASES[case]
    for got, want in zip(run_ours(ours), run_torch(theirs), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)
    for got, want in zip(run_ours(ours, "float32"), run_torch(theirs), strict=True):
        np.testing.assert_allclose(got, want, rtol=3e-5, atol=3e-5)


def adagrad(p, g, s, t, lr=0.1, lr_decay=0.5, eps=1e-3, decay=0.2):
    g = g + decay * p
    s = s + g * g
    return p - lr / (1 + (t - 1) * lr_decay) * g / np.sqrt(s + eps), s


def test_adagrad_formula():
    start, grads = arrays()
    want = [[p, np.zeros_like(p)] for p in start]
    for step, row in enumerate(grads, 1):
        want = [adagrad(p, g, s, step) for (p, s), g in zip(want, row, strict=True)]
    got = run_ours(lambda p: O.Adagrad(p, 0.1, lr_decay=0.5, eps=1e-3, weight_decay=0.2))
    for a, (b, _) in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def lamb(p, g, m, v, t, correct, decay, always, lr=0.1, betas=(0.9, 0.8), eps=1e-4):
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g * g
    c0, c1 = (1 - betas[0] ** t, 1 - betas[1] ** t) if correct else (1, 1)
    r = m / c0 / (np.sqrt(v / c1) + eps) + decay * p
    lengths = np.linalg.norm(p), np.linalg.norm(r)
    ratio = lengths[0] / lengths[1] if (always or decay > 0) and min(lengths) > 0 else 1
    return p - lr * ratio * r, m, v


@pytest.mark.parametrize("correct", [True, False])
@pytest.mark.parametrize(("decay", "always"), [(0.0, False), (0.0, True), (0.3, False)])
def test_lamb_formula(correct, decay, always):
    start, grads = arrays()
    want = [(p, np.zeros_like(p), np.zeros_like(p)) for p in start]
    for step, row in enumerate(grads, 1):
        want = [
            lamb(*state, step, correct, decay, always)
            for state in [(p, g, m, v) for (p, m, v), g in zip(want, row, strict=True)]
        ]
    got = run_ours(
        lambda p: O.LAMB(p, 0.1, (0.9, 0.8), 1e-4, correct, weight_decay=decay, always_adapt=always)
    )
    for a, (b, *_) in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_lamb_of_a_zero_parameter_takes_a_plain_step():
    param = tg.Parameter(np.zeros(3, "float32"))
    param.grad = tg.Tensor([1.0, 2.0, -3.0])
    O.LAMB([param], 0.1, weight_decay=0.1).step()
    np.testing.assert_allclose(param.numpy(), [-0.1, -0.1, 0.1], rtol=1e-5)


def test_lamb_fp16_keeps_a_float32_copy():
    param = tg.Parameter(np.ones(4), dtype="float16")
    optimizer = O.LAMBFp16([param], 1e-4)
    for _ in range(20):
        param.grad = tg.Tensor(np.ones(4), dtype="float16")
        optimizer.step()
    wide = optimizer._state[param]["param_fp32"].numpy()
    assert param.dtype == np.float16
    np.testing.assert_allclose(wide, 1 - 20 * 1e-4, rtol=1e-4)
    np.testing.assert_array_equal(param.numpy(), wide.astype("float16"))


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_parameters_have_float32_states(kind):
    param = tg.Parameter(np.ones(4), dtype=kind)
    optimizer = O.Adam([param], 0.25)
    param.grad = tg.Tensor(np.ones(4), dtype=kind)
    optimizer.step()
    assert param.dtype.name == kind
    assert optimizer._state[param]["exp_avg"].dtype == np.float32
    np.testing.assert_allclose(param.numpy().astype("float32"), 0.75)


def test_a_changed_rate_acts_at_the_next_step():
    def ours(optimizer, step):
        optimizer.param_groups[0]["lr"] = 0.1 * 0.5**step

    got = run_ours(lambda p: O.Adam(p, 0.1), between=ours)
    want = run_torch(lambda p: torch.optim.Adam(p, 0.1), between=ours)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_a_rate_may_be_a_tensor():
    param = tg.Parameter([1.0])
    optimizer = O.SGD([param], 0.5)
    optimizer.param_groups[0]["lr"] = tg.Tensor(0.25)
    param.grad = tg.Tensor([1.0])
    optimizer.step()
    assert param.item() == 0.75


def test_parameters_without_gradient_stay():
    a, b = tg.Parameter([1.0]), tg.Parameter([1.0])
    optimizer = O.SGD([a, b], 0.5)
    a.grad = tg.Tensor([1.0])
    optimizer.step()
    assert (a.item(), b.item()) == (0.5, 1.0)


def test_the_step_never_writes_memory_that_somebody_else_holds():
    for shape in ((4,), (200, 200)):
        param = tg.Parameter(np.ones(shape, "float32"))
        grad = param.grad = tg.Tensor(np.ones(shape, "float32"))
        optimizer = O.SGD([param], 0.5, momentum=0.9)
        optimizer.step()
        kept, velocity = param.detach(), optimizer._state[param]["momentum_buffer"].detach()
        before = kept.numpy()
        optimizer.step()
        np.testing.assert_array_equal(kept.numpy(), before)
        np.testing.assert_array_equal(velocity.numpy(), 1)
        np.testing.assert_array_equal(grad.numpy(), 1)
        np.testing.assert_allclose(param.numpy(), 1 - 0.5 - 0.5 * 1.9)


def test_a_parameter_alone_keeps_its_memory():
    param = tg.Parameter(np.ones((200, 200), "float32"))
    optimizer = O.Adam([param], 0.5)
    place = param._buffer.array.ctypes.data
    for _ in range(3):
        param.grad = tg.Tensor(np.ones((200, 200), "float32"))
        optimizer.step()
    assert param._buffer.array.ctypes.data == place


def test_gradients_of_another_layout_are_taken():
    param = tg.Parameter(np.arange(12.0).reshape(3, 4))
    param.grad = tg.Tensor(np.arange(12.0).reshape(4, 3)).transpose(1, 0)
    O.SGD([param], 1.0).step()
    want = np.arange(12.0).reshape(3, 4) - np.arange(12.0).reshape(4, 3).T
    np.testing.assert_array_equal(param.numpy(), want)


def test_settings_out_of_range_are_refused():
    p = [tg.Parameter([1.0])]
    for make, message in (
        (lambda: O.SGD(p, -1), "lr is at least 0"),
        (lambda: O.SGD(p, 0.1, momentum=-1), "momentum"),
        (lambda: O.SGD(p, 0.1, nesterov=True), "nesterov needs"),
        (lambda: O.Adam(p, 0.1, betas=(1.0, 0.5)), "betas"),
        (lambda: O.AdamW(p, 0.1, weight_decay=-1), "weight_decay"),
        (lambda: O.Adagrad(p, lr_decay=-1), "lr_decay"),
        (lambda: O.Adadelta(p, rho=2), "rho"),
        (lambda: O.LAMB(p, -1), "lr"),
    ):
        with pytest.raises(ArgumentError, match=message):
            make()


def test_momentum_switched_on_later_is_explained():
    param = tg.Parameter([1.0])
    optimizer = O.SGD([param], 0.1)
    optimizer.param_groups[0]["momentum"] = 0.9
    param.grad = tg.Tensor([1.0])
    with pytest.raises(StateError, match="switched on after"):
        optimizer.step()


def blocked(tensor, layout):
    tensor._buffer = convert(tensor._buffer, layout, None)
    return tensor


@pytest.mark.parametrize("make", [
    lambda p: O.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
    lambda p: O.AdamW(p, 0.1),
    lambda p: O.Adagrad(p, 0.1),
    lambda p: O.Adadelta(p),
    lambda p: O.LAMB(p, 0.1, weight_decay=0.1),
])  # fmt: skip
def test_blocked_memory_is_updated_where_it_lies(make):
    layout = Layout.parse("ABcd16b16a")
    rng = np.random.default_rng(2)
    start, grads = rng.standard_normal((20, 18, 3, 3)), rng.standard_normal((3, 20, 18, 3, 3))
    plain, packed = tg.Parameter(start), blocked(tg.Parameter(start), layout)
    optimizers = make([plain]), make([packed])
    for state in optimizers[1]._state[packed].values():
        if state.ndim:
            blocked(state, layout)
    place = packed._buffer.array.ctypes.data
    for grad in grads:
        plain.grad, packed.grad = tg.Tensor(grad), blocked(tg.Tensor(grad), layout)
        for optimizer in optimizers:
            optimizer.step()
    assert packed._buffer.type.layout is layout
    assert packed._buffer.array.ctypes.data == place
    np.testing.assert_allclose(packed.numpy(), plain.numpy(), rtol=1e-5, atol=1e-6)
    physical = packed._buffer.array
    np.testing.assert_array_equal(layout.pack(packed.numpy()), physical)
