"""Module: what it finds in its attributes, modes, hooks, states, copies and its text."""

import copy
import logging
import pickle

import numpy as np
import pytest
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.base.errors import ArgumentError, StateError
from tengen.graph.state import scope_path, state

COVERS = (
    "tengen.module.Module",
    *(
        f"tengen.module.Module.{name}"
        for name in (
            "apply", "buffers", "children", "disable_quantize", "eval", "forward",
            "load_state_dict", "modules", "named_buffers", "named_children", "named_modules",
            "named_parameters", "named_tensors", "parameters", "register_forward_hook",
            "register_forward_pre_hook", "replace_param", "state_dict", "tensors", "train",
            "zero_grad",
        )
    ),
    "tengen.module.Sequential",
    "tengen.module.Sequential.forward",
    "tengen.module.Sequential.layer_values",
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


class Scale(M.Module):
    """Multiplies by a parameter and counts its calls in a buffer."""

    def __init__(self, value, **kwargs):
        super().__init__(**kwargs)
        self.w = tg.Parameter([float(value)])
        self.calls = tg.Tensor([0.0])

    def forward(self, x):
        self.calls += 1
        return x * self.w


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.b = Scale(2)
        self.a = Scale(3)
        self.rest = [Scale(5), {"x": Scale(7), "k": 4}]
        self.own = tg.Parameter([1.0])
        self.shared = self.a.w
        self.plain = "text"

    def forward(self, x):
        return self.rest[1]["x"](self.rest[0](self.a(self.b(x)))) + self.own


def test_forward_runs_every_part():
    net = Net()
    assert net(tg.Tensor([1.0])).numpy().tolist() == [211.0]
    assert net.b.calls.item() == 1


def test_parameters_come_once_in_the_order_of_their_names():
    net = Net()
    names = [name for name, _ in net.named_parameters()]
    assert names == ["a.w", "b.w", "own", "rest.0.w", "rest.1.x.w"]
    assert [p.item() for p in net.parameters()] == [3, 2, 1, 5, 7]
    assert [n for n, _ in net.named_parameters(prefix="net", recursive=False)] == [
        "net.own", "net.shared",
    ]  # fmt: skip
    assert len(list(net.parameters(recursive=False))) == 2


def test_buffers_tensors_children_and_modules():
    net = Net()
    assert [n for n, _ in net.named_buffers()] == [
        "a.calls", "b.calls", "rest.0.calls", "rest.1.x.calls",
    ]  # fmt: skip
    assert len(list(net.buffers(recursive=False))) == 0
    assert len(list(net.tensors())) == 9
    assert [n for n, _ in net.named_tensors()][:2] == ["a.calls", "a.w"]
    assert [n for n, _ in net.named_children()] == ["a", "b", "rest.0", "rest.1.x"]
    assert list(net.children()) == [net.a, net.b, net.rest[0], net.rest[1]["x"]]
    assert [n for n, _ in net.named_modules(prefix="net")][:2] == ["net", "net.a"]
    assert next(net.modules()) is net
    parents = dict(net.modules(with_parent=True))
    assert parents[net] is None
    assert parents[net.a] is net


def test_a_dict_of_modules_needs_string_keys():
    with pytest.raises(ArgumentError, match="keys of a dict"):
        M.Sequential().table = {1: Scale(1)}


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="unknown argument"):
        list(Net().parameters(recusive=True))


def test_train_and_eval_reach_every_module():
    net = Net()
    net.eval()
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())
    net.train(False, recursive=False)
    assert not net.training
    assert net.a.training


def test_disable_quantize_marks_every_module():
    net = Net()
    net.disable_quantize()
    assert all(m.quantize_disabled for m in net.modules())
    net.disable_quantize(False)
    assert not net.quantize_disabled


def test_apply_visits_every_module():
    seen = []
    net = Net()
    net.apply(seen.append)
    assert seen == list(net.modules())


def test_hooks_change_inputs_and_outputs_until_removed():
    net = Scale(2)
    before = net.register_forward_pre_hook(lambda module, inputs: inputs[0] + 1)
    after = net.register_forward_hook(lambda module, inputs, outputs: outputs * 10)
    assert net(tg.Tensor([1.0])).item() == 40
    before.remove()
    before.remove()
    assert net(tg.Tensor([1.0])).item() == 20
    after.remove()
    seen = []
    net.register_forward_hook(lambda module, inputs, outputs: seen.append((module, inputs)))
    assert net(tg.Tensor([1.0])).item() == 2
    assert seen[0][0] is net
    assert seen[0][1][0].item() == 1


def test_a_hook_may_remove_itself():
    net = Scale(2)
    handles = []

    def once(module, inputs, outputs):
        handles[0].remove()
        return outputs + 1

    handles.append(net.register_forward_hook(once))
    assert net(tg.Tensor([1.0])).item() == 3
    assert net(tg.Tensor([1.0])).item() == 2


def test_zero_grad_fills_what_is_there():
    net = Net()
    net.own.grad = tg.Tensor([4.0])
    net.zero_grad()
    assert net.own.grad.item() == 0
    assert net.a.w.grad is None


def test_replace_param_counts_in_order():
    net = Net()
    new = tg.Parameter([9.0])
    assert net.a.replace_param({0: new}, 0) == 1
    assert net.a.w is new

    class Two(M.Module):
        def __init__(self):
            super().__init__()
            self.p = Scale(1)
            self.q = Scale(2)

        def forward(self, x):
            return x

    two = Two()
    assert two.replace_param({11: new}, 10) == 2
    assert two.q.w is new
    with pytest.raises(ArgumentError, match="has shape"):
        two.replace_param({0: tg.Parameter([[1.0]])}, 0)


def test_state_dict_holds_parameters_and_buffers_by_name():
    net = Net()
    saved = net.state_dict()
    assert list(saved) == [
        "own", "shared", "a.calls", "a.w", "b.calls", "b.w", "rest.0.calls", "rest.0.w",
        "rest.1.x.calls", "rest.1.x.w",
    ]  # fmt: skip
    assert isinstance(saved["own"], np.ndarray)
    assert net.state_dict(keep_var=True)["a.w"] is net.a.w
    assert list(net.a.state_dict(prefix="p.")) == ["p.calls", "p.w"]
    into = {"x": 1}
    assert net.a.state_dict(into) is into
    assert set(into) == {"x", "calls", "w"}


def test_load_state_dict_round_trip():
    net, other = Net(), Net()
    for param in net.parameters():
        param.set_value(param.numpy() + 0.5)
    other.load_state_dict(net.state_dict())
    for a, b in zip(net.tensors(), other.tensors(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert isinstance(other.own, tg.Parameter)


def test_load_state_dict_names_what_does_not_match(caplog):
    net = Net()
    saved = net.state_dict()
    extra = {**saved, "more": np.zeros(1)}
    with pytest.raises(KeyError, match=r"not used.*more"):
        net.load_state_dict(extra)
    less = {k: v for k, v in saved.items() if k != "own"}
    with pytest.raises(KeyError, match=r"missing.*own"):
        net.load_state_dict(less)
    with pytest.raises(ArgumentError, match="own has shape"):
        net.load_state_dict({**saved, "own": np.zeros((2, 2), "float32")})
    with pytest.raises(ArgumentError, match="NumPy array"):
        net.load_state_dict({**saved, "own": 3})
    with pytest.raises(ArgumentError, match="dict or a function"):
        net.load_state_dict([])
    logger = logging.getLogger("tengen.module.states")
    logger.addHandler(caplog.handler)
    try:
        net.load_state_dict({**less, "more": np.zeros(1)}, strict=False)
    finally:
        logger.removeHandler(caplog.handler)
    assert "more" in caplog.text
    assert "own" in caplog.text


def test_a_failed_load_changes_nothing():
    net = Net()
    saved = {k: v + 1 for k, v in net.state_dict().items()}
    saved["rest.1.x.w"] = np.zeros((3, 3), "float32")
    with pytest.raises(ArgumentError):
        net.load_state_dict(saved)
    assert net.own.item() == 1


def test_load_state_dict_takes_a_function():
    net = Net()
    net.load_state_dict(
        lambda name, var: np.full(var.shape, 8, "float32") if name.endswith("w") else None,
        strict=False,
    )
    assert net.b.w.item() == 8
    assert net.own.item() == 1


def test_loaded_types():
    layer = M.Linear(2, 2)
    half = {k: v.astype("float16") for k, v in layer.state_dict().items()}
    layer.load_state_dict(half)
    assert layer.weight.dtype == np.float16
    wide = {k: v.astype("float64") for k, v in M.Linear(2, 2).state_dict().items()}
    fresh = M.Linear(2, 2)
    fresh.load_state_dict(wide)
    assert fresh.weight.dtype == np.float32
    fresh.load_state_dict({k: tg.Tensor(v) for k, v in wide.items()})


def test_normalisation_states_are_vectors():
    norm = M.BatchNorm2d(3)
    assert norm.weight.shape == (1, 3, 1, 1)
    saved = norm.state_dict()
    assert {v.shape for v in saved.values()} == {(3,)}
    norm.load_state_dict(saved)
    assert norm.weight.shape == (1, 3, 1, 1)


def test_shared_tensors_stay_shared_after_loading():
    net = Net()
    net.load_state_dict(net.state_dict())
    assert net.shared is net.a.w


def test_a_cycle_does_not_run_forever():
    child = Scale(1)
    net = Net()
    net.child = child
    child.parent = net
    assert "child.w" in net.state_dict()
    assert sum(1 for _ in net.modules()) == 6


def test_parts_are_named_by_their_place():
    net = Net()
    assert net.rest[1]["x"].w.name == "rest.1.x.w"
    outer = M.Sequential(net)
    assert net.rest[1]["x"].w.name == "0.rest.1.x.w"
    named = tg.Parameter([1.0], name="mine")
    outer.extra = named
    assert named.name == "mine"


def test_the_scope_of_a_call_is_its_module_path():
    seen = []

    class Probe(M.Module):
        def forward(self, x):
            seen.append(scope_path(state.scope))
            return x

    class Outer(M.Module):
        def __init__(self):
            super().__init__()
            self.parts = [Probe()]
            self.named = Probe(name="given")

        def forward(self, x):
            for part in self.parts:
                x = part(x)
            return self.named(x)

    net = M.Sequential(Outer())
    net[0].parts.append(Probe())
    net(1)
    assert seen == ["0.parts.0", "0.parts.1", "0.given"]
    assert state.scope is None


def test_the_scope_is_left_when_forward_fails():
    class Failing(M.Module):
        def forward(self, x):
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        M.Sequential(Failing())(1)
    assert state.scope is None


def test_attributes_come_and_go():
    net = Net()
    del net.b
    assert [n for n, _ in net.named_children()] == ["a", "rest.0", "rest.1.x"]
    net.a = None
    assert [n for n, _ in net.named_parameters()] == [
        "own", "rest.0.w", "rest.1.x.w", "shared",
    ]  # fmt: skip
    assert "(a)" not in repr(net)


def test_parts_before_init_are_refused():
    class Early(M.Module):
        def __init__(self):
            self.part = Scale(1)

        def forward(self, x):
            return x

    with pytest.raises(StateError, match="super"):
        Early()
    with pytest.raises(ArgumentError, match="non-empty"):
        Scale(1, name=" ")


def test_copies_and_pickles_are_whole():
    net = Net()
    net(tg.Tensor([1.0]))
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert other(tg.Tensor([1.0])).item() == 211
        other.own.set_value(np.array([5.0]))
        assert net.own.item() == 1
        assert other.shared is other.a.w


def test_text_shows_the_tree():
    net = M.Sequential(M.Linear(2, 3), M.Sequential(M.ReLU(), M.Dropout(0.5)))
    assert repr(net) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(drop_prob=0.5)\n"
        "  )\n"
        ")"
    )


def test_sequential_is_a_list_of_modules():
    from collections import OrderedDict

    a, b, c = Scale(2), Scale(3), Scale(5)
    net = M.Sequential(a, b, c)
    assert net(tg.Tensor([1.0])).item() == 30
    assert net.layer_values == [a, b, c]
    assert list(net) == [a, b, c]
    assert len(net) == 3
    assert net[-1] is c
    assert net[1:].layer_values == [b, c]
    net[1] = Scale(7)
    assert net(tg.Tensor([1.0])).item() == 70
    del net[0]
    assert net(tg.Tensor([1.0])).item() == 35
    named = M.Sequential(OrderedDict(first=a, second=b))
    assert [n for n, _ in named.named_children()] == ["first", "second"]
    assert named(tg.Tensor([1.0])).item() == 6
    del named[0:2]
    assert len(named) == 0


def test_forward_may_be_any_function():
    class Many(M.Module):
        def forward(self, x, *rest, scale=1):
            return F.add(x, len(rest)) * scale

    assert Many()(tg.Tensor([1.0]), 2, 3, scale=10).item() == 30
