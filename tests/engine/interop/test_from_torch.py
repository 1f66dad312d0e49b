"""Importing PyTorch modules: names, modes, structure of inputs, refusals, islands."""

import collections
import copy
import logging
import pickle
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import tengen as tg  # noqa: E402
import tengen.functional as F  # noqa: E402
import tengen.module as M  # noqa: E402
from tengen.base.errors import ArgumentError, ShapeError, UnsupportedError  # noqa: E402
from tengen.interop import (  # noqa: E402
    from_torch,
    load_torch_state_dict,
    to_torch_state_dict,
)
from tengen.jit.compiling import optimised  # noqa: E402
from tests.engine.interop.beside_torch import close, imported  # noqa: E402
from tests.engine.interop.torch_models import MODELS  # noqa: E402


def ours_of(sample):
    return tg.Tensor(sample.numpy(), dtype=sample.numpy().dtype)


def test_names_hierarchy_and_sharing_are_the_originals():
    module, ours, _ = imported(MODELS["gpt2"])
    assert set(ours.state_dict()) == set(module.state_dict())
    assert ours.wte.weight is ours.lm_head.weight
    names = [name for name, _ in ours.named_modules()]
    assert "h.1.attn.c_attn" in names
    assert "c_attn): Part(Linear)" in repr(ours)
    assert len(list(ours.parameters())) == len(list(module.parameters()))


def test_the_original_is_left_as_it_is():
    module, samples = MODELS["densenet"]()
    module.train()
    module.block1.eval()
    before = copy.deepcopy(module.state_dict())
    ours = from_torch(module, *samples)
    assert [m.training for m in module.block1.modules()] == [False] * 16
    assert module.training and ours.training and not ours.block1.denselayer1.training
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())


def test_one_program_serves_both_modes_and_each_part_has_its_own():
    module = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(3))
    ours = from_torch(module, torch.randn(4, 3))
    assert ours._programs.body is ours._programs.evaluating
    x = torch.randn(5, 3) + 2
    for flags in ((True, False), (False, True), (False, False)):
        for part, mine, flag in zip(module, (getattr(ours, "0"), getattr(ours, "1")), flags,
                                    strict=True):  # fmt: skip
            part.train(flag)
            mine.train(flag)
        close(ours(ours_of(x)).numpy(), module(x).detach().numpy(), 1e-6)
        for name, value in module.state_dict().items():
            close(ours.state_dict()[name], value.numpy(), 1e-6, name)


class TwoWays(nn.Module):
    def forward(self, x):
        return x * 2 if self.training else (x, x.exp())


def test_a_module_that_does_something_else_in_training_keeps_both_programs():
    ours = from_torch(TwoWays(), torch.ones(2))
    x = tg.Tensor([1.0, 2.0])
    ours.train()
    assert ours(x).numpy().tolist() == [2.0, 4.0]
    ours.eval()
    close(ours(x)[1].numpy(), np.exp([1.0, 2.0]), 1e-6)


class AlwaysDropping(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, training=True)


def test_dropout_that_never_stops_goes_on_in_evaluation():
    ours = from_torch(AlwaysDropping(), torch.ones(2))
    ours.eval()
    assert set(np.unique(ours(tg.Tensor(np.ones(1000))).numpy())) == {0.0, 2.0}


class Nested(nn.Module):
    def forward(self, pair, scale=None, *, offset, twice=False):
        x, extra = pair
        y = x + extra["bias"] + offset
        y = y if scale is None else y * scale
        return {"y": y * 2 if twice else y, "parts": [x, (y,)]}


def test_nested_inputs_and_outputs():
    sample = (torch.ones(2, 3), {"bias": torch.ones(3)})
    ours = from_torch(Nested(), sample, kwargs={"offset": torch.ones(3), "twice": True})
    pair = (tg.Tensor(np.ones((4, 3))), {"bias": tg.Tensor(np.ones(3) * 2)})
    made = ours(pair, offset=tg.Tensor(np.ones(3)), twice=True)
    assert made["y"].numpy().max() == 8 and made["parts"][1][0].shape == (4, 3)
    with pytest.raises(ArgumentError, match="was True when imported"):
        ours(pair, offset=tg.Tensor(np.ones(3)), twice=False)
    with pytest.raises(ArgumentError, match="1 inputs and offset, twice are expected"):
        ours(pair)


def test_another_shape_than_the_samples_is_refused():
    ours = from_torch(nn.Conv2d(3, 4, 3), torch.ones(1, 3, 8, 8))
    assert ours(tg.Tensor(np.ones((5, 3, 8, 8), np.float32))).shape == (5, 4, 6, 6)
    with pytest.raises(ShapeError, match=r"shape \(any, 3, 8, 8\); got \(1, 3, 9, 8\)"):
        ours(tg.Tensor(np.ones((1, 3, 9, 8), np.float32)))


def test_dynamic_shapes_open_other_axes():
    dims = ({0: torch.export.Dim.AUTO, 2: torch.export.Dim.AUTO},)
    ours = from_torch(nn.Conv1d(2, 3, 3), torch.ones(2, 2, 9), dynamic_shapes=dims)
    assert ours(tg.Tensor(np.ones((1, 2, 20), np.float32))).shape == (1, 3, 18)


class Branching(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x


def test_dynamic_control_flow_is_named_with_its_line(capsys):
    kept = list(warnings.filters), logging.root.manager.disable
    with pytest.raises(UnsupportedError, match="dynamic control flow") as caught:
        from_torch(Branching(), torch.ones(2))
    assert kept == (warnings.filters, logging.root.manager.disable)
    assert capsys.readouterr() == ("", "")
    assert "if x.sum() > 0" in str(caught.value)
    assert f"{__file__}:" in str(caught.value)


class Rare(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        return self.inner(torch.linalg.eigvalsh(x @ x.mT + torch.eye(3)))


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return torch.special.bessel_j0(x) * self.weight, torch.lgamma(x * self.weight)


def test_all_operators_without_a_counterpart_are_listed_at_once():
    with pytest.raises(UnsupportedError) as caught:
        from_torch(Rare(), torch.randn(2, 3, 3))
    text = str(caught.value)
    assert "3 operator(s)" in text
    for part in ("_linalg_eigh.default", "special_bessel_j0.default in inner", "lgamma.default"):
        assert part in text
    assert text.count(f"{__file__}:") >= 3


def test_islands_keep_them_in_pytorch_with_gradients():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 3, requires_grad=True)
    module = Rare()
    want = module(x)[1]
    want.sum().backward()
    ours = from_torch(module, x.detach(), islands=True)
    mine = ours_of(x.detach())
    gm = tg.autodiff.GradManager().attach([mine, *ours.parameters()])
    with gm:
        got = ours(mine)[1]
        gm.backward(F.sum(got))
    close(got.numpy(), want.detach().numpy(), 1e-5)
    close(mine.grad.numpy(), x.grad.numpy(), 1e-4)
    close(ours.inner.weight.grad.numpy(), module.inner.weight.grad.numpy(), 1e-4)


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(3))

    def forward(self, x):
        with torch.no_grad():
            scale = (self.weight * x).exp()
        return self.weight * scale


def test_no_grad_blocks_stay_without_gradient():
    ours = from_torch(Frozen(), torch.zeros(3))
    gm = tg.autodiff.GradManager().attach(ours.parameters())
    x = tg.Tensor(np.zeros(3))
    with gm:
        gm.backward(ours(x).sum())
    assert ours.weight.grad.numpy().tolist() == [1.0, 1.0, 1.0]


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.register_buffer("mask", torch.tensor([True, False]), persistent=False)
        self.constant = torch.tensor([10.0, 20.0])

    def forward(self, x):
        self.calls += 1
        return torch.where(self.mask, x, self.constant)


def test_state_is_written_and_constants_are_none_of_it():
    ours = from_torch(Counting(), torch.ones(2))
    ours.eval()
    assert ours(tg.Tensor([1.0, 2.0])).numpy().tolist() == [1.0, 20.0]
    ours(tg.Tensor([1.0, 2.0]))
    assert set(ours.state_dict()) == {"calls"} and int(ours.calls) == 2


def test_copies_and_pickles_are_models_of_their_own():
    _, ours, samples = imported(MODELS["resnet"])
    ours.eval()
    x = ours_of(samples[0])
    want = ours(x).numpy()
    for made in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        np.testing.assert_array_equal(made(x).numpy(), want)
        made.fc.weight.set_value(np.zeros(made.fc.weight.shape))
        assert not np.array_equal(made(x).numpy(), want)
        np.testing.assert_array_equal(ours(x).numpy(), want)


def test_errors_and_memory_name_the_line_of_the_original():
    ours = from_torch(Branchless(), torch.ones(2, 3))
    line = next(c.line for c in ours.program.calls if c.name.startswith("exp"))
    with open(__file__) as file:
        assert "torch.exp" in file.read().splitlines()[line - 1]
    assert str(ours.program).count(f"{__file__}:{line}") == 1
    assert "%1 = exp.default(%0)" in str(ours.program)
    ours.other = None
    holder = ours(tg.Tensor(np.ones((400, 3), np.float32)))
    tag = holder._buffer.root.tag
    assert (tag.code.co_filename, tag.line) == (__file__, line)


class Branchless(nn.Module):
    def forward(self, x):
        return torch.exp(x)


def test_a_part_does_not_run_alone():
    ours = from_torch(nn.Sequential(nn.Linear(2, 2)), torch.ones(1, 2))
    with pytest.raises(tg.base.errors.StateError, match="does not run alone"):
        getattr(ours, "0")(tg.Tensor(np.ones((1, 2))))


def test_what_is_no_module_or_has_other_inputs_is_refused():
    with pytest.raises(ArgumentError, match=r"a torch.nn.Module is expected; got function"):
        from_torch(lambda x: x, torch.ones(1))
    with pytest.raises((ArgumentError, UnsupportedError), match="Linear"):
        from_torch(nn.Linear(2, 2), torch.ones(1, 2), torch.ones(1))


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


class NormalisedHere(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(3, 4, 3, bias=False)
        self.norm = M.BatchNorm2d(4)
        self.head = M.Linear(4, 2)

    def forward(self, x):
        return self.head(F.flatten(F.avg_pool2d(F.relu(self.norm(self.conv(x))), 6), 1))


@pytest.mark.parametrize("training", [True, False])
def test_the_graph_is_that_of_the_same_model_written_here(training):
    counts = []
    x = tg.Tensor(np.ones((2, 3, 8, 8), np.float32))
    for net in (from_torch(Normalised(), torch.ones(2, 3, 8, 8)), NormalisedHere()):
        net.train(training)
        gm = tg.autodiff.GradManager().attach(net.parameters())

        def step(net=net, gm=gm):
            if not training:
                return net(x)
            with gm:
                loss = net(x).sum()
                gm.backward(loss)
            return loss

        graph, _ = optimised(tg.jit.capture(step))
        counts.append(collections.Counter(node.op.name for node in graph.nodes))
    counts[1]["add"] += training  # PyTorch counts the batches
    assert counts[0] == +counts[1]


def test_norms_keep_vectors_in_the_state_alone():
    module = Normalised()
    ours = from_torch(module, torch.ones(2, 3, 8, 8))
    assert ours.norm.weight.shape == ours.norm.running_var.shape == (1, 4, 1, 1)
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert {name: value.shape for name, value in ours.state_dict().items()} == shapes
    there = to_torch_state_dict(ours)
    assert {name: tuple(value.shape) for name, value in there.items()} == shapes
    there["norm.bias"] = torch.arange(4.0)
    load_torch_state_dict(ours, there)
    assert ours.norm.bias.shape == (1, 4, 1, 1)
    assert ours.state_dict()["norm.bias"].tolist() == [0, 1, 2, 3]


class Borrowing(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        return self.norm(x[..., None])[..., 0] + self.norm.weight


def test_a_vector_that_others_read_stays_one():
    module = Borrowing()
    ours = from_torch(module, torch.ones(2, 3))
    assert ours.norm.weight.shape == (3,)
    x = torch.randn(4, 3)
    close(ours(ours_of(x)).numpy(), module(x).detach().numpy(), 1e-6)
