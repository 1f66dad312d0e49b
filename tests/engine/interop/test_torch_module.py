"""PyTorch modules as layers: gradients through them, shared memory, modes, state."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tengen as tg  # noqa: E402
import tengen.module as M  # noqa: E402
from tengen.base.errors import ArgumentError, GradientError  # noqa: E402
from tengen.interop import PyTorchModule  # noqa: E402
from tengen.interop.torch_memory import shared_from_torch, shared_with_torch  # noqa: E402
from tengen.optimizer import SGD, Adam  # noqa: E402
from tests.engine.interop.beside_torch import close  # noqa: E402


def network(norm=True):
    torch.manual_seed(0)
    middle = torch.nn.BatchNorm1d(5) if norm else torch.nn.Identity()
    return torch.nn.Sequential(
        torch.nn.Linear(4, 5), middle, torch.nn.Tanh(), torch.nn.Linear(5, 2)
    )


class Mixed(M.Module):
    def __init__(self, body):
        super().__init__()
        self.before = M.Linear(3, 4)
        self.body = PyTorchModule(body)
        self.after = M.Linear(2, 1)

    def forward(self, x):
        return self.after(self.body(self.before(x)))


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_training_goes_as_in_pytorch(kind):
    # Adam would blow up the rounding errors of a bias in front of a batch norm.
    net = network(norm=kind == "sgd")
    reference = copy.deepcopy(net)
    ours = Mixed(net)
    outer = [
        torch.tensor(v.numpy(), requires_grad=True)
        for v in (ours.before.weight, ours.before.bias, ours.after.weight, ours.after.bias)
    ]
    parameters = [*outer, *reference.parameters()]
    if kind == "sgd":
        mine = SGD(ours.parameters(), lr=0.1, momentum=0.9)
        theirs = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    else:
        mine = Adam(ours.parameters(), lr=0.01)
        theirs = torch.optim.Adam(parameters, lr=0.01)
    gm = tg.autodiff.GradManager().attach(ours.parameters())
    x = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    for _ in range(4):
        with gm:
            loss = (ours(tg.Tensor(x)) ** 2).mean()
            gm.backward(loss)
        mine.step().clear_grad()
        y = reference(torch.nn.functional.linear(torch.tensor(x), *outer[:2]))
        want = (torch.nn.functional.linear(y, *outer[2:]) ** 2).mean()
        theirs.zero_grad()
        want.backward()
        theirs.step()
        close(loss.numpy(), want.detach().numpy(), 1e-5)
    for name, value in reference.state_dict().items():
        close(ours.body.state_dict()[name], value.numpy(), 1e-5, name)
        close(ours.state_dict()[f"body.{name}"], net.state_dict()[name].numpy(), 0, name)


def test_parameters_and_results_are_shared_without_a_copy():
    net = torch.nn.Linear(3, 2)
    layer = PyTorchModule(net)
    address = net.weight.data_ptr()
    layer(tg.Tensor(np.ones((1, 3), np.float32)))
    assert layer.weight._buffer.array.ctypes.data == net.weight.data_ptr() == address
    gm = tg.autodiff.GradManager().attach(layer.parameters())
    with gm:
        gm.backward(layer(tg.Tensor(np.ones((1, 3), np.float32))).sum())
    SGD(layer.parameters(), lr=1.0).step()
    assert net.weight.data_ptr() == address
    close(net.weight.detach().numpy(), layer.weight.numpy(), 0)
    seen = []
    layer = PyTorchModule(Spy(seen))
    x = tg.Tensor(np.ones(2000, np.float32))
    y = layer(x)
    assert seen == [(x._buffer.array.ctypes.data, y._buffer.array.ctypes.data)]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "bool"])
def test_memory_is_one_both_ways_in_every_data_type(dtype):
    theirs = torch.arange(12).reshape(3, 4).to(getattr(torch, dtype))
    ours = shared_from_torch(theirs)
    assert ours._buffer.array.ctypes.data == theirs.data_ptr()
    assert ours.dtype.name == dtype and ours.numpy().astype(float).tolist() == theirs.tolist()
    back = shared_with_torch(ours)
    assert back.data_ptr() == theirs.data_ptr() and back.dtype == theirs.dtype
    theirs[0, 0] = 1
    assert back[0, 0] == 1 and ours.numpy()[0, 0] == 1


def test_gradients_come_and_go_in_the_same_memory():
    seen = {}

    class Watched(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x * 2

        @staticmethod
        def backward(context, grad):
            made = grad * 2
            seen.update(came=grad.data_ptr(), went=made.data_ptr())
            return made

    class Calling(torch.nn.Module):
        def forward(self, x):
            return Watched.apply(x)

    class Passing(tg.autodiff.Function):
        def forward(self, y):
            return y * 1

        def backward(self, dy):
            made = dy * 3
            seen["given"] = made._buffer.array.ctypes.data
            return made

    layer, x = PyTorchModule(Calling()), tg.Tensor(np.ones(3000, np.float32))
    gm = tg.autodiff.GradManager().attach([x])
    with gm:
        gm.backward(Passing()(layer(x)).sum())
    assert seen["came"] == seen["given"]
    assert x.grad._buffer.array.ctypes.data == seen["went"]
    assert x.grad.numpy()[0] == 6


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch sees no GPU")
def test_memory_is_one_on_a_gpu():
    net = torch.nn.Linear(3, 2).cuda()
    layer = PyTorchModule(net)
    x = tg.Tensor(np.ones((4, 3), np.float32), device="gpu0")
    assert shared_with_torch(x).data_ptr() == x._buffer.array.data.ptr
    assert layer.weight._buffer.array.data.ptr == net.weight.data_ptr()
    gm = tg.autodiff.GradManager().attach([x, *layer.parameters()])
    with gm:
        y = layer(x)
        gm.backward((y * y).sum())
    close(y.numpy(), net(torch.ones(4, 3).cuda()).detach().cpu().numpy(), 1e-5)
    close(x.grad.numpy(), 2 * y.numpy() @ layer.weight.numpy(), 1e-5)


class Spy(torch.nn.Module):
    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def forward(self, x):
        y = x + 1
        self.seen.append((x.data_ptr(), y.data_ptr()))
        return y


def test_loading_a_state_reaches_pytorch():
    layer = PyTorchModule(network())
    x = tg.Tensor(np.ones((2, 4), np.float32))
    layer.eval()
    first = layer(x).numpy()
    other = copy.deepcopy(layer)
    zero = {k: np.asarray(v * 0) for k, v in layer.state_dict().items()}
    layer.load_state_dict(zero)
    assert not layer(x).numpy().any()
    np.testing.assert_array_equal(other(x).numpy(), first)


def test_modes_and_statistics():
    net = network()
    layer = PyTorchModule(net)
    x = tg.Tensor(np.random.default_rng(1).standard_normal((8, 4)).astype(np.float32))
    layer.eval()
    layer(x)
    assert int(layer.state_dict()["1.num_batches_tracked"]) == 0 and not net.training
    layer.train()
    layer(x)
    assert int(layer.state_dict()["1.num_batches_tracked"]) == 1 and net[1].training
    close(layer.state_dict()["1.running_mean"], net[1].running_mean.numpy(), 0)


class Nested(torch.nn.Module):
    def forward(self, pair, *, scale):
        return {"sum": pair[0] + pair[1]["b"], "n": 3, "scaled": [pair[0] * scale]}


def test_nested_inputs_and_results():
    layer = PyTorchModule(Nested())
    a, b = tg.Tensor([1.0, 2.0]), tg.Tensor([3.0, 4.0])
    gm = tg.autodiff.GradManager().attach([a, b])
    with gm:
        made = layer((a, {"b": b}), scale=2.0)
        gm.backward((made["sum"] * made["scaled"][0]).sum())
    assert made["n"] == 3 and made["sum"].numpy().tolist() == [4.0, 6.0]
    assert a.grad.numpy().tolist() == [2 * 4 + 2.0, 2 * 6 + 4.0]
    assert b.grad.numpy().tolist() == [2.0, 4.0]


def test_second_order_is_refused():
    layer = PyTorchModule(torch.nn.Tanh())
    x = tg.Tensor([0.5])
    outer, inner = tg.autodiff.GradManager().attach([x]), tg.autodiff.GradManager().attach([x])
    with outer, inner:
        y = layer(x).sum()
        with pytest.raises(GradientError, match="gradients of gradients"):
            inner.backward(y)


def test_what_is_no_module_is_refused():
    with pytest.raises(ArgumentError, match=r"a torch.nn.Module is expected; got int"):
        PyTorchModule(3)
