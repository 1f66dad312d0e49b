"""Autocast in traced and converted programs: recorded with them, and never a stale answer."""

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import amp
from tengen.jit import capture, convert, trace

rng = np.random.default_rng(1)


def parts():
    tg.random.seed(5)
    net = M.Sequential(M.Conv2d(3, 16, 3), M.BatchNorm2d(16), M.ReLU(), M.Conv2d(16, 4, 3))
    x = tg.Tensor(rng.standard_normal((2, 3, 8, 8), np.float32))
    net.eval()
    return net, x


def eager(net, x, enabled):
    with amp.autocast(enabled=enabled):
        return net(x)


@pytest.mark.parametrize("without_host", [False, True])
def test_a_traced_function_follows_the_context_it_is_called_in(without_host):
    net, x = parts()
    plain, low = eager(net, x, False), eager(net, x, True)
    assert (plain.dtype.name, low.dtype.name) == ("float32", "bfloat16")
    static = trace(lambda x: net(x), without_host=without_host)
    for enabled in (True, False, True, False, True):
        with amp.autocast(enabled=enabled):
            found = static(x)
        expected = low if enabled else plain
        assert found.dtype is expected.dtype
        error = np.abs(found.numpy().astype("float32") - expected.numpy().astype("float32")).max()
        assert error <= (0.05 if enabled else 1e-5)


def test_a_module_converted_inside_is_not_stale_outside():
    net, x = parts()
    plain = eager(net, x, False)
    with amp.autocast():
        static = convert(net, x, seconds=0.05)
        assert static.report.ok and static.report.replay == "frozen", static.report.to_text()
        assert static(x).dtype.name == "bfloat16"
    np.testing.assert_allclose(static(x).numpy(), plain.numpy(), rtol=1e-4, atol=1e-5)
    with amp.autocast(low_prec_dtype="float16"):
        assert static(x).dtype.name == "float16"
    with amp.autocast():
        assert static(x).dtype.name == "bfloat16"


def test_a_context_inside_is_part_of_the_record():
    net, x = parts()

    @amp.autocast()
    def forward(x):
        return F.softmax(F.flatten(net(x), 1), axis=1)

    static = convert(forward, x, seconds=0.05)
    assert static.report.ok and static.report.replay == "frozen", static.report.to_text()
    np.testing.assert_allclose(static(x).numpy(), forward(x).numpy(), atol=0.01)
    products = [n for n in capture(forward, x).nodes if n.op.name == "convolution"]
    assert [n.outputs[0].type.dtype.name for n in products] == ["bfloat16"] * 2


def test_a_traced_training_step_is_the_dynamic_one():
    def run(wrap):
        net, x = parts()
        net.train()
        gm = tg.autodiff.GradManager().attach(net.parameters())
        optimizer = tg.optimizer.SGD(net.parameters(), 0.05, momentum=0.9)

        @amp.autocast()
        def step(x):
            with gm:
                loss = F.mean(net(x) ** 2)
                gm.backward(loss)
            optimizer.step().clear_grad()
            return loss

        step = wrap(step)
        data = tg.Tensor(np.linspace(-1, 1, x.size, dtype=np.float32).reshape(x.shape))
        losses = [step(data).item() for _ in range(6)]
        assert {p.dtype.name for p in net.parameters()} == {"float32"}
        return losses

    expected = run(lambda step: step)
    assert expected[-1] < expected[0]
    for wrap in (trace, lambda step: trace(step, without_host=True)):
        np.testing.assert_allclose(run(wrap), expected, rtol=0.02)
