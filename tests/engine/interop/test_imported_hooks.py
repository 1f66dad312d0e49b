"""Hooks on parts of imported models: called as PyTorch calls them, or refused when registered."""

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import tengen as tg  # noqa: E402
from tengen.base.errors import ArgumentError, StateError  # noqa: E402
from tengen.interop import PyTorchModule, from_torch  # noqa: E402
from tests.engine.interop.beside_torch import close  # noqa: E402


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        return x + self.norm(self.body(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(3, 4)
        self.blocks = nn.ModuleList([Residual(), Residual()])
        self.drop = nn.Dropout(0.5)
        self.same = nn.Identity()

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.same(self.drop(self.blocks[0].body(x)))


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(2)
    theirs = Net()
    return theirs, from_torch(theirs, torch.randn(2, 3))


@pytest.fixture
def models(pair):
    return copy.deepcopy(pair[0]), copy.deepcopy(pair[1])


@pytest.fixture
def x():
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(0))


def ours_of(sample):
    return tg.Tensor(sample.numpy(), dtype=sample.numpy().dtype)


def both_in(mode, models):
    for model in models:
        model.train(mode)
        model.drop.eval()
    return models


@pytest.mark.parametrize("mode", [True, False])
def test_hooks_see_what_pytorch_shows_in_the_same_order(models, x, mode):
    theirs, ours = both_in(mode, models)
    names = ["stem", "blocks.0", "blocks.0.body", "blocks.0.body.1", "blocks.1.norm"]
    seen = {"theirs": [], "ours": []}
    for who, model in (("theirs", theirs), ("ours", ours)):
        parts = dict(model.named_modules())
        for name in names:
            parts[name].register_forward_pre_hook(
                lambda _, inputs, name=name, who=who: seen[who].append((name, inputs))
            )
            parts[name].register_forward_hook(
                lambda _, inputs, outputs, name=name, who=who: seen[who].append(
                    (f"{name} made", (*inputs, outputs))
                )
            )
    close(ours(ours_of(x)).numpy(), theirs(x).detach().numpy(), 1e-6)
    assert [name for name, _ in seen["ours"]] == [name for name, _ in seen["theirs"]]
    assert [name for name, _ in seen["ours"]].count("blocks.0.body made") == 2
    for (name, got), (_, want) in zip(seen["ours"], seen["theirs"], strict=True):
        for g, w in zip(got, want, strict=True):
            close(g.numpy(), w.detach().numpy(), 1e-6, name)


def test_what_hooks_return_takes_the_place_and_gradients_go_through(models, x):
    theirs, ours = both_in(False, models)
    for model in (theirs, ours):
        parts = dict(model.named_modules())
        # The input of a residual block is read again beside it, which must not see the change.
        parts["blocks.0.body"].register_forward_pre_hook(lambda _, inputs: inputs[0] * 2)
        parts["blocks.1.norm"].register_forward_hook(lambda _, inputs, outputs: outputs * 3)
    mine, leaf = ours_of(x), x.clone().requires_grad_(True)
    gm = tg.autodiff.GradManager().attach([mine])
    with gm:
        got = ours(mine)
        gm.backward(got.sum())
    want = theirs(leaf)
    want.sum().backward()
    close(got.numpy(), want.detach().numpy(), 1e-6)
    close(mine.grad.numpy(), leaf.grad.numpy(), 1e-6)


def test_a_removed_hook_is_not_called_and_copies_keep_theirs(models, x):
    _, ours = both_in(False, models)
    plain = ours(ours_of(x)).numpy()
    handle = ours.stem.register_forward_hook(doubled)
    for made in (ours, copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        assert not np.array_equal(made(ours_of(x)).numpy(), plain)
    handle.remove()
    np.testing.assert_array_equal(ours(ours_of(x)).numpy(), plain)


def doubled(_, inputs, outputs):
    return outputs * 2


def test_a_hook_runs_in_the_scope_of_its_part_and_while_converting(models, x):
    _, ours = both_in(False, models)
    ours.stem.register_forward_hook(doubled)
    want = ours(ours_of(x)).numpy()
    static = tg.jit.convert(lambda x: ours(x), ours_of(x), seconds=0)
    close(static(ours_of(x)).numpy(), want, 1e-6)


def test_parts_that_nothing_is_known_of_refuse_hooks_at_once(models):
    _, ours = models
    for part, kind in ((ours.same, "Identity"), (ours.blocks, "ModuleList")):
        with pytest.raises(StateError, match=rf"\[{kind}\] hooks on this part .* never be called"):
            part.register_forward_hook(doubled)
        with pytest.raises(StateError, match="put the hook on the part around it"):
            part.register_forward_pre_hook(lambda _, inputs: None)
    layer = PyTorchModule(nn.Sequential(nn.Linear(3, 2)))
    with pytest.raises(StateError, match=r"\[Linear\] hooks on this part"):
        getattr(layer, "0").register_forward_hook(doubled)
    layer.register_forward_hook(doubled)
    ours.register_forward_hook(doubled)


def test_a_hook_that_gives_another_number_of_values_is_refused(models, x):
    _, ours = models
    ours.stem.register_forward_hook(lambda _, inputs, outputs: (outputs, outputs))
    with pytest.raises(ArgumentError, match=r"\[Linear\] a hook of stem gave 2 values; the part"):
        ours(ours_of(x))
