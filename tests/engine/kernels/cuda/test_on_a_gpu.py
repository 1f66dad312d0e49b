"""The whole operator suite on a real GPU, against NumPy; none is named here. `pytest -m gpu`."""

import gc
import subprocess
import sys

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen import jit, optimizer
from tengen.base.errors import DeviceError
from tengen.graph.opdef import registry
from tengen.kernels.cuda import library
from tengen.runtime.gpu_memory import gpu_of
from tengen.runtime.plan import to_plain
from tests.engine.ops.test_every_operator import rng_for

from . import test_offload, test_statistics
from .networks import OPTIMIZERS, Net, known_weights, same, trained
from .running import compare, differentiate, replayed

if not library.count():
    pytest.skip(f"no GPU can be used: {library.why_not()}", allow_module_level=True)

pytestmark = pytest.mark.gpu
OPS = sorted(registry)


@pytest.fixture(autouse=True)
def _on_the_gpu():
    before = tg.get_default_device()
    tg.set_default_device("gpu0")
    yield
    tg.set_default_device(before)


@pytest.mark.parametrize("families", ["all", "cupy"])
@pytest.mark.parametrize("name", OPS)
def test_an_operator_agrees_with_numpy(name, families):
    given = {} if families == "all" else {"gpu_backends": families}
    with tg.config.override(**given):
        compare(registry[name])


@pytest.mark.parametrize("name", OPS)
def test_a_replay_gives_what_eager_gives(name):
    replayed(registry[name], 4)


@pytest.mark.parametrize("name", OPS)
def test_gradients_agree_with_the_cpu(name):
    op = registry[name]
    if not op.differentiable or not op.deterministic:
        pytest.skip("no gradient")
    differentiate(op, rng_for(name))


def test_print_the_table(tell):
    """What runs by a kernel of our own, what by its text, and what a CUDA graph cannot hold."""
    rows = []
    for name in OPS:
        op = registry[name]
        ran = compare(op, most=2)
        rows.append((name, ", ".join(sorted(ran)), replayed(op, 1) or "captured"))
    for name, ran, graph in rows:
        tell(f"{name:<28}  {ran:<16}  {graph.splitlines()[0]}")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_dynamic_training_equals_the_cpu(name):
    kind, settings = OPTIMIZERS[name]
    weights = known_weights()
    want = trained("cpu0", 4, weights, optim=kind, **settings)
    same(trained("gpu0", 4, weights, optim=kind, **settings), want)


@pytest.mark.parametrize("symbolic", [False, True], ids=["checked", "frozen"])
def test_static_training_equals_the_cpu(symbolic):
    weights = known_weights()
    want = trained("cpu0", 8, weights, momentum=0.9)
    same(trained("gpu0", 8, weights, lambda f: jit.trace(f, symbolic=symbolic), momentum=0.9), want)


def test_values_come_back_from_the_host():
    program = test_offload.moving()
    for x in test_offload.batches(6):
        (made,) = program.run([tg.Tensor(x)._buffer])
        np.testing.assert_allclose(to_plain(made), test_offload.expected(x), rtol=1e-5)
    assert program._replay.captured, program.without_graph


def test_training_under_a_budget_gives_the_same_bits():
    with tg.config.override(deterministic=True):
        losses, weights, _, _ = test_offload.trained(None)
        again, moved, program, _ = test_offload.trained(0.3)
    assert losses == again and program.away_bytes
    for one, other in zip(weights, moved, strict=True):
        np.testing.assert_array_equal(one, other)


def test_statistics_of_a_convolution_are_a_batch_norms():
    with tg.config.override(gpu_backends="cuda,cupy"):
        want, weights, _ = test_statistics.trained()
    got, moved, _ = test_statistics.trained()
    np.testing.assert_allclose(got, want, 2e-2)
    for name, value in weights.items():
        np.testing.assert_allclose(moved[name], value, 5e-2, 2e-2, err_msg=name)


def test_random_numbers_are_those_of_the_cpu():
    for draw in ("uniform", "permutation"):
        made = [
            getattr(tg.random.RNG(seed=5, device=place), draw)(
                **({"size": (1000,)} if draw == "uniform" else {"n": 1000})
            ).numpy()
            for place in ("cpu0", "gpu0")
        ]
        np.testing.assert_array_equal(*made)


def test_memory_is_counted_to_the_byte():
    gc.collect()
    start = tg.get_allocated_memory("gpu0")
    held = tg.Tensor(np.zeros((3, 1 << 20), "float32"))
    assert tg.get_allocated_memory("gpu0") - start == 12 << 20
    assert tg.get_reserved_memory("gpu0") >= 12 << 20
    del held
    assert tg.get_allocated_memory("gpu0") == start


def test_a_step_does_not_wait():
    net, x = Net(), F.ones((8, 2, 4, 4))
    gm = tg.autodiff.GradManager().attach(net.parameters())
    opt = optimizer.SGD(net.parameters(), lr=0.1)
    place = gpu_of(x.device)
    for _ in range(3):
        with gm:
            gm.backward(net(x).sum())
        opt.step().clear_grad()
    assert place.flight.launches(), "something has waited for the GPU"
    tg.device.synchronize()
    assert not place.flight.launches()


BAD = """
import numpy as np, tengen as tg, tengen.functional as F
tg.set_default_device("gpu0")
x = tg.Tensor(np.ones((64, 64), "float32"))
tg.device.synchronize()
from tengen.runtime.gpu_memory import gpu_of
place = gpu_of(x.device)
y = F.exp(x)
kernel = place.xp.RawKernel('extern "C" __global__ void f(float* p) { p[1ull << 40] = 1; }', "f")
kernel((1,), (1,), (y._buffer.array,))
try:
    (y + 1).numpy()
except tg.base.errors.DeviceError as error:
    print(error)
"""


def test_a_late_error_names_the_calls_in_flight():
    made = subprocess.run([sys.executable, "-c", BAD], capture_output=True, text=True)
    assert "the GPU stopped" in made.stdout and "exp" in made.stdout, made.stdout + made.stderr


def test_every_gpu_that_is_there():
    for number in range(tg.get_device_count("gpu")):
        x = tg.Tensor([1.0, 2.0], device=f"gpu{number}")
        assert (x + 1).to("gpu0").numpy().tolist() == [2.0, 3.0]
        assert tg.get_cuda_compute_capability(number) >= 50
    with pytest.raises(DeviceError, match="is not there"):
        tg.Tensor([1.0], device=f"gpu{tg.get_device_count('gpu')}")
