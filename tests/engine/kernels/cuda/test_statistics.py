"""The statistics of batch norms as part of the convolutions before them, in programs on a GPU."""

import gc

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import amp
from tengen.base.device import as_device
from tengen.compiler.passes.statistics import fuse_statistics
from tengen.compiler.pipeline import Pipeline
from tengen.graph.graph import Graph
from tengen.graph.opdef import registry
from tengen.graph.text import to_text
from tengen.graph.types import TensorType
from tengen.graph.verify import verify
from tengen.jit import trace
from tengen.kernels.cuda import cudnn
from tengen.runtime.executor import Program

pytestmark = pytest.mark.skipif(cudnn.module() is None, reason="no nvidia-cudnn-frontend")


def normed(dtype="float16", channels=8, bias=False, norms=1):
    """The graph of a convolution, batch norm, relu; the norm's statistics are results."""
    graph = Graph()

    def given(*shape):
        return graph.add_input(TensorType.of(shape, dtype, as_device("gpu0")))

    x, weight = given(2, channels, 6, 6), given(16, channels, 3, 3)
    shift = (given(16),) if bias else ()
    parts = given(1, 16, 1, 1), given(1, 16, 1, 1)
    convolution, norm = registry["convolution"], registry["batch_norm"]
    (y,) = graph.add_node(convolution, convolution.defaults, (x, weight, *shift))
    for _ in range(norms):
        z, mean, variance = graph.add_node(norm, (1e-3,), (y, *parts))
    (z,) = graph.add_node(registry["relu"], (), (z,))
    graph.outputs = [z, y, mean, variance]
    return graph


FUSED = """graph(v0: float16[2, 8, 6, 6], v1: float16[16, 8, 3, 3], v2: float16[1, 16, 1, 1], v3: float16[1, 16, 1, 1]):
    v4: float16[2, 16, 4, 4], v5: float32[1, 16, 1, 1], v6: float32[1, 16, 1, 1] = convolution_statistics(v0, v1)
    v7: float16[2, 16, 4, 4] = batch_norm_inference(v4, v5, v6, v2, v3, eps=0.001)
    v8: float16[2, 16, 4, 4] = relu(v7)
    return v8, v4, v5, v6
"""  # noqa: E501


@pytest.fixture
def asked(strict):
    """cuDNN among those that are asked; it says no here, and the text runs."""
    with tg.config.override(gpu_backends="cudnn,cupy"):
        yield


def test_the_pass(asked):
    made = verify(fuse_statistics(normed()))
    assert to_text(made) == FUSED
    names = [node.op.name for node in Pipeline().run(normed())[0].nodes]
    assert names == ["convolution_statistics", "fused_batch_norm_inference"]


@pytest.mark.parametrize(
    "more", [{"dtype": "float32"}, {"channels": 3}, {"bias": True}, {"norms": 2}], ids=str
)
def test_what_is_left_alone(asked, more):
    graph = normed(**more)
    assert fuse_statistics(graph) is graph


def test_without_the_library_nothing_is_joined(strict):
    graph = normed()
    assert fuse_statistics(graph) is graph


def trained():
    """Losses, parameters and running statistics after steps in half precision, and the step."""
    tg.random.seed(2)
    tg.set_default_device("cpu0")
    parts = [M.Conv2d(8, 16, 3, bias=False), M.BatchNorm2d(16), M.ReLU()]
    host = M.Sequential(*parts, M.Conv2d(16, 8, 3, bias=False), M.BatchNorm2d(8))
    known = host.state_dict()
    tg.set_default_device("gpu0")
    parts = [M.Conv2d(8, 16, 3, bias=False), M.BatchNorm2d(16), M.ReLU()]
    net = M.Sequential(*parts, M.Conv2d(16, 8, 3, bias=False), M.BatchNorm2d(8))
    net.load_state_dict(known)
    gm = tg.autodiff.GradManager().attach(net.parameters())
    optimizer = tg.optimizer.SGD(net.parameters(), lr=0.05, momentum=0.9)

    @trace(without_host=True)
    def step(x):
        with gm, amp.autocast(low_prec_dtype="bfloat16"):
            loss = F.mean((net(x) - 1.0) ** 2)
            gm.backward(loss)
        optimizer.step().clear_grad()
        return loss

    rng = np.random.default_rng(0)
    losses = [
        float(step(tg.Tensor(rng.standard_normal((4, 8, 8, 8)), dtype="float32"))) for _ in range(4)
    ]
    return losses, {k: np.asarray(v) for k, v in net.state_dict().items()}, step


def operators():
    """The operators of the programs that are alive."""
    gc.collect()
    programs = [item for item in gc.get_objects() if type(item) is Program]
    return {step.node.op.name for program in programs for step in program.steps}


def test_training_goes_as_without(strict):
    want, weights, step = trained()
    assert "convolution_statistics" not in operators()
    del step
    with tg.config.override(gpu_backends="cudnn,cupy"):
        got, moved, _step = trained()
        assert "convolution_statistics" in operators()
    np.testing.assert_allclose(got, want, 2e-2)
    for name, value in weights.items():
        np.testing.assert_allclose(moved[name], value, 5e-2, 2e-2, err_msg=name)
