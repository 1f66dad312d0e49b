"""Optimizer's groups, gradients and states; schedules; clipping."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature

import tengen as tg
from tengen import optimizer as O
from tengen.base.errors import ArgumentError

COVERS = (
    "tengen.optimizer.Optimizer",
    *(
        f"tengen.optimizer.Optimizer.{name}"
        for name in (
            "add_param_group", "backward", "bcast_param", "clear_grad", "load_state_dict",
            "state_dict", "step", "zero_grad",
        )
    ),
    "tengen.optimizer.LRScheduler",
    "tengen.optimizer.LRScheduler.step",
    *(f"tengen.optimizer.LRScheduler.{n}" for n in ("get_lr", "load_state_dict", "state_dict")),
    "tengen.optimizer.MultiStepLR",
    *(f"tengen.optimizer.MultiStepLR.{n}" for n in ("get_lr", "load_state_dict", "state_dict")),
    "tengen.optimizer.clip_grad_norm",
    "tengen.optimizer.clip_grad_value",
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def parameters(*values):
    return [tg.Parameter([float(v)]) for v in values]


def give_gradients(params, value=1.0):
    for p in params:
        p.grad = tg.Tensor(np.full(p.shape, value, "float32"))


def test_groups_have_settings_of_their_own():
    a, b, c = parameters(1, 1, 1)
    optimizer = O.SGD([{"params": a}, {"params": [b], "lr": 0.25}], 0.5)
    optimizer.add_param_group({"params": [c], "lr": 0.125})
    give_gradients((a, b, c))
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == [0.5, 0.75, 0.875]


def test_a_group_added_later_has_states():
    a, b = parameters(1, 1)
    optimizer = O.Adam([a], 0.5)
    optimizer.add_param_group({"params": b})
    give_gradients((a, b))
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item()], 0.5, rtol=1e-6)


def test_what_is_not_a_parameter_is_refused():
    (a,) = parameters(1)
    for given, message in (
        ([], "empty"),
        ([tg.Tensor([1.0])], "only optimize Parameters"),
        ([a, {"params": [a]}], "both in one list"),
        ([a, a], "more than one place"),
        (3, "expected Parameters"),
        ([{"params": {a}}], "ordered list"),
    ):
        with pytest.raises(ArgumentError, match=message):
            O.SGD(given, 0.1)
    optimizer = O.SGD(a, 0.1)
    with pytest.raises(ArgumentError, match="more than one place"):
        optimizer.add_param_group({"params": [a]})
    with pytest.raises(ArgumentError, match="a dict"):
        optimizer.add_param_group([a])


def test_gradients_are_zeroed_or_dropped():
    params = parameters(1, 2)
    optimizer = O.SGD(params, 0.1)
    give_gradients(params)
    optimizer.zero_grad()
    assert [p.grad.item() for p in params] == [0, 0]
    assert optimizer.clear_grad() is optimizer
    assert [p.grad for p in params] == [None, None]


def test_what_lives_elsewhere_says_where():
    optimizer = O.SGD(parameters(1), 0.1)
    with pytest.raises(NotImplementedError, match="GradManager"):
        optimizer.backward(None)
    with pytest.raises(NotImplementedError, match="distributed"):
        optimizer.bcast_param()


def test_a_state_continues_a_run_exactly():
    rng = np.random.default_rng(0)
    start = rng.standard_normal((3, 4)).astype("float32")
    grads = [rng.standard_normal((3, 4)).astype("float32") for _ in range(6)]
    for make in (
        lambda p: O.SGD(p, 0.1, momentum=0.9),
        lambda p: O.Adam(p, 0.1),
        lambda p: O.Adagrad(p, 0.1, lr_decay=0.1),
        lambda p: O.Adadelta(p),
        lambda p: O.LAMB(p, 0.1, weight_decay=0.1),
    ):
        whole = tg.Parameter(start)
        optimizer = make([whole])
        for number, grad in enumerate(grads):
            if number == 3:
                saved, value = optimizer.state_dict(), whole.numpy()
            whole.grad = tg.Tensor(grad)
            optimizer.step()
        resumed = tg.Parameter(value)
        other = make([resumed])
        other.load_state_dict(saved)
        for grad in grads[3:]:
            resumed.grad = tg.Tensor(grad)
            other.step()
        np.testing.assert_array_equal(resumed.numpy(), whole.numpy())


def test_the_form_of_a_state():
    a, b = parameters(1, 2)
    optimizer = O.Adam([{"params": [a]}, {"params": [b], "lr": 0.5}], 0.1)
    saved = optimizer.state_dict()
    assert saved["param_groups"][1]["params"] == [1]
    assert saved["param_groups"][1]["lr"] == 0.5
    assert set(saved["state"]) == {0, 1}
    assert set(saved["state"][0]) == {"exp_avg", "exp_avg_sq", "step"}
    assert isinstance(saved["state"][0]["exp_avg"], np.ndarray)
    kept = optimizer.state_dict(keep_var=True)["state"][0]["exp_avg"]
    assert isinstance(kept, tg.Tensor)
    optimizer.load_state_dict(optimizer.state_dict(keep_var=True))


def test_a_saved_state_is_not_changed_by_later_steps():
    (a,) = parameters(1)
    optimizer = O.Adam([a], 0.1)
    saved = optimizer.state_dict()
    give_gradients([a])
    optimizer.step()
    assert saved["state"][0]["step"] == 0
    other = O.Adam([tg.Parameter([1.0])], 0.1)
    other.load_state_dict(saved)
    before = saved["state"][0]["exp_avg"].copy()
    give_gradients(other.param_groups[0]["params"])
    other.step()
    np.testing.assert_array_equal(saved["state"][0]["exp_avg"], before)


def test_a_state_that_does_not_fit_is_refused():
    a, b = parameters(1, 2)
    one, two = O.Adam([a], 0.1), O.Adam([tg.Parameter([1.0]), b], 0.1)
    with pytest.raises(ArgumentError, match="states of"):
        one.load_state_dict(two.state_dict())
    with pytest.raises(ArgumentError, match=r"group\(s\)"):
        one.load_state_dict({"param_groups": [], "state": {}})
    saved = one.state_dict()
    del saved["param_groups"][0]["eps"]
    with pytest.raises(ArgumentError, match="settings"):
        one.load_state_dict(saved)
    wrong = one.state_dict()
    wrong["state"][0]["exp_avg"] = np.zeros((2, 2))
    with pytest.raises(ArgumentError, match="exp_avg has shape"):
        one.load_state_dict(wrong)


def test_an_optimizer_of_ones_own():
    class Signs(O.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def _create_state(self, param_group):
            for param in param_group["params"]:
                self._add_state(param, "count", initializer=0.0)

        def _updates(self, param_group):
            for param in param_group["params"]:
                count = self._state[param]["count"]
                count += 1
                param -= param_group["lr"] * tg.functional.sign(param.grad)

    (a,) = parameters(1)
    optimizer = Signs([a], 0.25)
    give_gradients([a], 7)
    optimizer.step()
    assert a.item() == 0.75
    assert optimizer.state_dict()["state"][0]["count"] == 1


def test_a_required_setting_must_be_stated():
    class Needy(O.SGD):
        def __init__(self, params):
            O.Optimizer.__init__(self, params, {"lr": O.optimizer.required})

    with pytest.raises(ArgumentError, match="does not state lr"):
        Needy(parameters(1))


def test_the_rate_falls_at_the_milestones():
    optimizer = O.SGD([{"params": parameters(1)}, {"params": parameters(2), "lr": 4.0}], 8.0)
    schedule = O.MultiStepLR(optimizer, [2, 3], gamma=0.5)
    rates = []
    for _ in range(5):
        rates.append([group["lr"] for group in optimizer.param_groups])
        schedule.step()
    assert rates == [[8, 4], [8, 4], [4, 2], [2, 1], [2, 1]]
    schedule.step(1)
    assert schedule.get_lr() == [8, 4]
    saved = schedule.state_dict()
    assert saved == {"milestones": [2, 3], "gamma": 0.5, "current_epoch": 1}
    other = O.MultiStepLR(optimizer, [9])
    other.load_state_dict(saved)
    assert other.milestones == [2, 3]
    with pytest.raises(KeyError, match="gamma"):
        other.load_state_dict({"milestones": []})
    with pytest.raises(ArgumentError, match="must rise"):
        O.MultiStepLR(optimizer, [3, 2])


def test_a_schedule_of_ones_own():
    class Halving(O.LRScheduler):
        def get_lr(self):
            return [lr * 0.5**self.current_epoch for lr in self.base_lrs]

    optimizer = O.SGD(parameters(1), 8.0)
    schedule = Halving(optimizer)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 4
    assert optimizer.param_groups[0]["initial_lr"] == 8
    assert Halving(optimizer, current_epoch=2).current_epoch == 3
    for call in (schedule.state_dict, lambda: schedule.load_state_dict({})):
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises(NotImplementedError):
        O.LRScheduler(optimizer)
    with pytest.raises(ArgumentError, match="expected an Optimizer"):
        Halving(3)
    with pytest.raises(ArgumentError, match="initial_lr"):
        Halving(O.SGD(parameters(1), 1.0), current_epoch=2)


def gradients(seed, *shapes):
    rng = np.random.default_rng(seed)
    held = []
    for shape in shapes:
        param = tg.Parameter(np.zeros(shape, "float32"))
        param.grad = tg.Tensor(rng.standard_normal(shape) * 3)
        held.append(param)
    return held


@pytest.mark.parametrize("order", [1.0, 2.0, 3.0, float("inf")])
@pytest.mark.parametrize("shapes", [((3, 4),), ((3, 4), (5,), ())])
@pytest.mark.parametrize("limit", [1.0, 1e4])
def test_clip_grad_norm_as_pytorch(order, shapes, limit):
    held = gradients(1, *shapes)
    theirs = []
    for param in held:
        other = torch.zeros(param.shape, dtype=torch.float64, requires_grad=True)
        other.grad = torch.tensor(param.grad.numpy().astype("float64"))
        theirs.append(other)
    want = torch.nn.utils.clip_grad_norm_(theirs, limit, order)
    got = O.clip_grad_norm(held, limit, ord=order)
    np.testing.assert_allclose(got.item(), want.item(), rtol=1e-5)
    for a, b in zip(held, theirs, strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-5, atol=1e-6)


def test_clip_grad_norm_of_nothing_is_zero():
    assert O.clip_grad_norm(parameters(1), 1.0).item() == 0
    (one,) = gradients(2, (3,))
    before = one.grad.numpy()
    length = O.clip_grad_norm(one, 0.5)
    np.testing.assert_allclose(length.item(), np.linalg.norm(before), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(one.grad.numpy()), 0.5, rtol=1e-5)


def test_clip_grad_value_bounds_every_element():
    held = [*gradients(3, (3, 4), (5,)), *parameters(1)]
    before = [p.grad.numpy() for p in held[:2]]
    O.clip_grad_value(held, -0.5, 1.0)
    for param, old in zip(held, before, strict=False):
        np.testing.assert_allclose(param.grad.numpy(), np.clip(old, -0.5, 1))
    O.clip_grad_value(held[0], 0.0, 0.25)
    assert held[0].grad.numpy().min() >= 0
    assert held[0].grad.numpy().max() <= 0.25
