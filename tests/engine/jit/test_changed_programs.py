"""What is changed after a conversion is seen by the next call, Python skipped or not."""

import collections
import copy
import functools
import pickle

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.jit import convert, trace
from tengen.jit.reachable import reachable

from .changing import SEEN

X = tg.tensor(np.random.default_rng(0).standard_normal((4, 8)).astype("float32"))
HELD = {"net": None}


def double(x):
    return x * 2


def replaces_a_layer(net):
    net.parts[0] = M.Linear(8, 8)


def adds_a_layer(net):
    net.parts.append(M.Linear(8, 8))


def replaces_a_parameter(net):
    net.parts[1].weight = tg.Parameter(np.ones((8, 8), "float32"))


def replaces_a_parameter_by_an_equal_one(net):
    net.scale = tg.Parameter(net.scale.numpy())
    net.scale.set_value(net.scale * 2)


def adds_a_hook(net):
    net.parts[0].register_forward_hook(lambda module, inputs, outputs: outputs * 2)


def adds_a_hook_before(net):
    net.register_forward_pre_hook(lambda module, inputs: tuple(x + 1 for x in inputs))


def replaces_a_function(net):
    net.last = double


def changes_an_item(net):
    net.settings["slope"] = F.ones((8,))


CHANGES = (
    replaces_a_layer, adds_a_layer, replaces_a_parameter, replaces_a_parameter_by_an_equal_one,
    adds_a_hook, adds_a_hook_before, replaces_a_function, changes_an_item,
)  # fmt: skip


class Net(M.Module):
    """Parts in a list, a function, a number of its own."""

    def __init__(self):
        super().__init__()
        self.parts = [M.Linear(8, 8), M.Linear(8, 8)]
        self.scale = tg.Parameter([0.5])
        self.settings = {"slope": F.zeros((8,))}
        self.last = F.relu

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return self.last(x * self.scale) + self.settings["slope"]


def seen_by_both(function, change):
    """The next call gives what the plain function does, converted and traced without Python."""
    made = convert(function, X, seconds=0.01)
    assert made.report.replay == "frozen", made.report.to_text()
    traced = trace(lambda x: function(x), without_host=True)
    before = traced(X).numpy()
    change()
    want = function(X).numpy()
    assert np.abs(want - before).max() > 1e-3
    for call in (made, traced):
        np.testing.assert_allclose(call(X).numpy(), want, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_module(change):
    tg.random.seed(0)
    net = Net()
    seen_by_both(net, lambda: change(net))


@pytest.mark.parametrize("name", SEEN)
def test_what_a_function_sees(name):
    seen_by_both(*SEEN[name]())


def test_converting_a_partial_call_leaves_its_weights():
    net = M.Linear(8, 1)
    update = tg.optimizer.SGD(net.parameters(), lr=0.1)
    manager = tg.autodiff.GradManager().attach(net.parameters())

    def step(net, manager, update, x):
        with manager:
            loss = (net(x) ** 2).mean()
            manager.backward(loss)
        update.step().clear_grad()
        return loss

    before = net.weight.numpy()
    static = convert(functools.partial(step, net, manager, update), X, seconds=0.01)
    np.testing.assert_array_equal(net.weight.numpy(), before)
    assert static.report.ok and static.report.replay == "frozen"
    static(X)
    assert np.abs(net.weight.numpy() - before).max() > 0


def test_converting_puts_back_what_the_program_counts():
    class Calls:
        made = 0

    held, rows = collections.deque([0], maxlen=3), np.zeros(4)

    def counting(x):
        Calls.made += 1
        held.append(Calls.made)
        rows[Calls.made % 4] += 1
        return x * float(Calls.made)

    static = convert(counting, X, seconds=0.01)
    assert static.report.replay == "checked"
    assert Calls.made == 0 and list(held) == [0] and not rows.any()
    assert any("'made'" in found.note for found in static.report.findings)
    np.testing.assert_allclose(static(X).numpy(), X.numpy())
    np.testing.assert_allclose(static(X).numpy(), 2 * X.numpy())


def test_another_network_under_the_same_name():
    one, other = Net(), Net()
    HELD["net"] = one
    held = one

    def call(x):
        return HELD["net"](x) + held(x)

    static = convert(call, X, seconds=0.01)
    assert static.report.replay == "frozen"
    HELD["net"] = other
    np.testing.assert_allclose(static(X).numpy(), call(X).numpy(), rtol=1e-4, atol=1e-6)
    held = other
    np.testing.assert_allclose(static(X).numpy(), call(X).numpy(), rtol=1e-4, atol=1e-6)


def test_an_optimizer_that_gets_more_to_do():
    nets = []
    for static in (False, True):
        tg.random.seed(1)
        net, late = M.Linear(8, 4), M.Linear(4, 2)
        nets.append((net, late))
        update = tg.optimizer.Adam(net.parameters(), lr=0.01)
        manager = tg.autodiff.GradManager().attach(net.parameters())

        def step(x, net=net, late=late, manager=manager, update=update):
            with manager:
                loss = (late(net(x)) ** 2).mean()
                manager.backward(loss)
            update.step().clear_grad()
            return loss

        run = convert(step, X, seconds=0.01) if static else step
        run(X)
        update.param_groups[0]["betas"] = (0.5, 0.9)
        run(X)
        manager.attach(late.parameters())
        update.add_param_group({"params": list(late.parameters()), "lr": 0.1})
        for _ in range(2):
            run(X)
    for one, other in zip(*nets, strict=True):
        for a, b in zip(one.parameters(), other.parameters(), strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


def test_a_program_that_changes_at_every_call_is_followed_and_not_recorded_for_ever():
    net = Net()
    static = convert(net, X, seconds=0.01)
    for _ in range(80):
        net.settings["slope"] = net.settings["slope"] + 1
        np.testing.assert_allclose(static(X).numpy(), net(X).numpy(), rtol=1e-4, atol=1e-6)
    assert len(static._replay.calls.kept) <= 32 and static._replay.useless <= 64


def test_a_converted_module_is_copied_and_pickled_as_the_dynamic_one():
    net = Net()
    net.last = double
    made = convert(net, X, seconds=0.01)
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert type(other) is Net
        np.testing.assert_allclose(other(X).numpy(), net(X).numpy(), rtol=1e-5)


def test_what_a_rewritten_assert_names_is_not_what_the_function_sees():
    def checked(x):
        assert x.shape == (4, 8)
        return x * HELD["net"].scale

    HELD["net"] = Net()
    found = {
        type(value).__module__.partition(".")[0] for value in reachable(checked)._seen.values()
    }
    assert not found & {"_pytest", "pluggy", "xdist"}
    assert HELD["net"] in reachable(checked).modules
