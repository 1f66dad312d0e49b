"""Kernels of our own inside the framework: chosen, launched, captured, and in layouts of theirs."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
from tengen import jit
from tengen.base.layout import channels_last
from tengen.graph.opdef import registry
from tengen.runtime.plan import convert, plan_for, to_plain
from tests.engine.kernels.cuda_sources.emulator import COMPILER

from .networks import OPTIMIZERS, known_weights, same, trained
from .running import compare, replayed
from .strict import state

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")
NATIVE = sorted(name for name, op in registry.items() if ("gpu", "cuda") in op.backends)


@pytest.mark.long
@pytest.mark.parametrize("name", NATIVE)
def test_an_operator_agrees_with_numpy(name, native):
    assert "cuda" in compare(registry[name])
    replayed(registry[name], 2)


@pytest.mark.long
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_dynamic_training_equals_the_cpu(native, name):
    kind, settings = OPTIMIZERS[name]
    weights = known_weights()
    want = trained("cpu0", 4, weights, optim=kind, **settings)
    same(trained("gpu0", 4, weights, optim=kind, **settings), want)


@pytest.mark.long
def test_static_training_is_one_graph(native):
    weights = known_weights()
    want = trained("cpu0", 6, weights, momentum=0.9)
    state.counts.clear()
    same(trained("gpu0", 6, weights, lambda f: jit.trace(f, symbolic=True), momentum=0.9), want)
    assert state.counts["graph launches"] >= 3


def test_layouts_are_converted_and_read(native):
    host = np.random.default_rng(0).standard_normal((2, 5, 3, 4)).astype("float32")
    x = tg.Tensor(host, device="gpu0")
    last = convert(x._buffer, channels_last(4), None)
    assert last.array.shape == (2, 3, 4, 5)
    np.testing.assert_array_equal(to_plain(last), host)
    np.testing.assert_array_equal(to_plain(convert(last, None, None)), host)
    y = tg.graph.value.wrap(last, None)
    np.testing.assert_array_equal(y.numpy(), host)
    np.testing.assert_array_equal(y.to("gpu1").numpy(), host)
    np.testing.assert_array_equal(F.flatten(y, 1).numpy(), host.reshape(2, -1))
    np.testing.assert_array_equal(y[:, 1:3].numpy(), host[:, 1:3])
    np.testing.assert_array_equal((y + x).numpy(), host + host)
    op = registry["softmax"]
    assert plan_for(op, op.pack({"axis": (1,)}), (x.type,)).kernel == "cuda"
