"""trace: the same results as the plain function, whatever Python does in between."""

import threading

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen.jit import (
    DTRConfig,
    GraphOptimizationConfig,
    SublinearMemoryConfig,
    capture,
    captured,
    exclude_from_trace,
    trace,
)


def x(*shape):
    return tg.tensor(np.random.default_rng(0).standard_normal(shape).astype("float32"))


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("without_host", [False, True])
@pytest.mark.parametrize("opt_level", [0, 1, 2])
def test_the_settings_give_one_result(symbolic, without_host, opt_level):
    @trace(symbolic=symbolic, without_host=without_host, opt_level=opt_level)
    def f(a, b):
        return F.relu(a @ b + 1), {"sum": a.sum()}

    a, b = x(3, 4), x(4, 2)
    for _ in range(3):
        y, parts = f(a, b)
        expected = np.maximum(a.numpy() @ b.numpy() + 1, 0)
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5)
        np.testing.assert_allclose(parts["sum"].numpy(), a.numpy().sum(), rtol=1e-5)


def test_repeated_calls_add_no_records():
    f = trace(lambda a: (a * 2).sum())
    f(x(3))
    records = f.runner.tree.records
    f(x(3) * 5)
    assert f.runner.tree.records == records
    f(x(4))
    assert f.runner.tree.records > records


def test_a_number_that_varies_becomes_an_input():
    f = trace(lambda a, n: a * n)
    for n in range(1, 12):
        np.testing.assert_allclose(f(x(3), float(n)).numpy(), x(3).numpy() * n, rtol=1e-6)
    assert f.runner.tree.records == 1


def test_a_changed_learning_rate_is_seen():
    for without_host in (False, True):
        weight = tg.Parameter(np.ones(3, "float32"))
        manager = tg.autodiff.GradManager().attach([weight])
        update = tg.optimizer.SGD([weight], lr=1.0)

        @trace(without_host=without_host)
        def step(weight=weight, manager=manager, update=update):
            with manager:
                manager.backward((weight * 2).sum())
            update.step().clear_grad()

        step()
        np.testing.assert_allclose(weight.numpy(), -1)
        for group in update.param_groups:
            group["lr"] = 0.5
        step()
        np.testing.assert_allclose(weight.numpy(), -2)


def test_gradients_stay_where_they_are_asked_for():
    weight = tg.Parameter(np.ones(3, "float32"))
    manager = tg.autodiff.GradManager().attach([weight])

    @trace(without_host=True)
    def f(a):
        with manager:
            manager.backward((weight * a).sum())

    a = x(3)
    for count in range(1, 4):
        f(a)
        np.testing.assert_allclose(weight.grad.numpy(), count * a.numpy(), rtol=1e-5)


def test_the_mode_of_a_module_is_guarded():
    net = M.Sequential(M.Linear(4, 4), M.Dropout(0.5))
    f = trace(net, without_host=True)
    a = x(50, 4)
    assert (f(a).numpy() == 0).mean() > 0.3
    net.eval()
    np.testing.assert_allclose(f(a).numpy(), net(a).numpy(), rtol=1e-5)
    net.train()
    assert (f(a).numpy() == 0).mean() > 0.3


def test_a_replaced_parameter_is_seen_by_a_checked_call():
    net = M.Linear(3, 2)
    f = trace(net)
    f(x(2, 3))
    net.weight = tg.Parameter(np.zeros((2, 3), "float32"))
    net.bias.set_value(np.zeros(2, "float32"))
    np.testing.assert_array_equal(f(x(2, 3)).numpy(), 0)


def test_an_exception_leaves_the_values_made_so_far():
    weight = tg.tensor(np.ones(2, "float32"))

    @trace
    def f(fail):
        weight[...] = weight + 1
        if fail:
            raise KeyError("mine")

    f(False)
    with pytest.raises(KeyError, match="mine"):
        f(True)
    np.testing.assert_array_equal(weight.numpy(), 3)
    f(False)
    np.testing.assert_array_equal(weight.numpy(), 4)


def test_a_kernel_that_fails_names_the_operator():
    @trace
    def f(a, index):
        return F.indexing_one_hot(a, index)

    index = tg.tensor(np.array([0, 1], "int32"))
    f(x(2, 3), index)
    with pytest.raises(Exception, match=r"index|range|bounds"):
        f(x(2, 3), tg.tensor(np.array([0, 99], "int32"))).numpy()


def test_excluded_calls_run_by_themselves():
    seen = []

    @trace
    def f(a):
        b = a * 2
        with exclude_from_trace():
            seen.append(float(b.sum()))
            c = tg.tensor(b.numpy() + 1)
        return c * 3

    for _ in range(2):
        np.testing.assert_allclose(f(x(3)).numpy(), (x(3).numpy() * 2 + 1) * 3, rtol=1e-5)
    assert len(seen) == 2


def test_traced_functions_call_each_other_and_methods():
    inner = trace(lambda a: a + 1)

    class Holder:
        def __init__(self):
            self.scale = 3.0

        @trace
        def method(self, a):
            return inner(a) * self.scale

    holder = Holder()
    np.testing.assert_allclose(holder.method(x(2)).numpy(), (x(2).numpy() + 1) * 3, rtol=1e-6)
    holder.scale = 4.0
    np.testing.assert_allclose(holder.method(x(2)).numpy(), (x(2).numpy() + 1) * 4, rtol=1e-6)


def test_threads_replay_one_function():
    f = trace(lambda a: F.relu(a * 2).sum())
    f(x(5))
    found = {}

    def run(number):
        for _ in range(20):
            found[number] = float(f(x(5) * number).numpy())

    threads = [threading.Thread(target=run, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, value in found.items():
        assert value == pytest.approx(np.maximum(x(5).numpy() * number * 2, 0).sum(), rel=1e-5)


def test_capture_computes_nothing_and_puts_everything_back():
    net = M.Sequential(M.Conv2d(3, 4, 3), M.BatchNorm2d(4))
    manager = tg.autodiff.GradManager().attach(net.parameters())
    update = tg.optimizer.SGD(net.parameters(), lr=1.0, momentum=0.9)

    def step(a):
        with manager:
            loss = net(a).mean()
            manager.backward(loss)
        update.step()
        return loss

    before = [t.numpy() for t in [*net.parameters(), *net.buffers()]]
    found = captured(step, x(2, 3, 5, 5))
    for old, tensor in zip(before, [*net.parameters(), *net.buffers()], strict=True):
        np.testing.assert_array_equal(old, tensor.numpy())
    assert all(p.grad is None for p in net.parameters())
    assert {id(p) for p in net.parameters()} <= {id(h) for h in found.kept}
    names = [node.op.name for node in found.graph.nodes]
    assert "convolution_backward_weight" in names and "sgd_momentum_update" in names


def test_capture_refuses_what_needs_a_value():
    with pytest.raises(tg.base.errors.TraceError, match="value"):
        capture(lambda a: a * float(a.sum()), x(3))
    with pytest.raises(tg.base.errors.TraceError, match="depends on data"):
        capture(lambda a: a[a > 0], x(3))


def test_the_configurations_check_their_fields():
    assert SublinearMemoryConfig().genetic_pool_size == 20
    assert DTRConfig(eviction_threshold=10).evictee_minimum_size == 2**20
    assert GraphOptimizationConfig().jit_fuse_reduce is None
    with pytest.raises(ValueError, match="at least 0"):
        SublinearMemoryConfig(lb_memory_mb=-1)
    with pytest.raises(ValueError, match="at least 0"):
        DTRConfig(eviction_threshold=-5)


def test_a_profile_names_operators():
    f = trace(lambda a: F.matmul(a, a).sum(), profiling=True)
    for _ in range(3):
        f(x(16, 16))
    profile = f.get_profile()
    assert any("matmul" in op for op, *_ in profile["operators"])
    with pytest.raises(tg.base.errors.StateError, match="profiling=True"):
        trace(lambda a: a).get_profile()


def test_passes_can_be_turned_off():
    a = tg.tensor(np.ones((64, 64), "float32"))

    def total(v):
        return (F.exp(v) * 2).sum()

    def used(config):
        run = trace(total, graph_opt_config=config)
        assert run(a).item() == pytest.approx(2 * 64 * 64 * np.e, rel=1e-5)
        (stretch,) = run.runner.tree.programs.values()
        return [node.op.name for node in stretch.graph.nodes], run

    plain, run = used(None)
    assert [op.name for op in run.ops] == ["exp", "mul", "sum"]
    assert len(run.vars) == 4
    assert plain == ["fused_reduction"]
    off, _ = used(GraphOptimizationConfig(jit_fuse_reduce=0))
    assert off == ["fused_elementwise", "sum"]


def test_gradients_are_cleared_whoever_left_them():
    net = M.Linear(8, 3)
    elsewhere = {"net": M.Linear(8, 3)}

    def leaves_some():
        for layer in (net, elsewhere["net"]):
            for parameter in layer.parameters():
                parameter.grad = F.ones(parameter.shape)

    def call(x):
        y = net(x) + elsewhere["net"](x)
        for layer in (net, elsewhere["net"]):
            for parameter in layer.parameters():
                parameter.grad = None
        return y

    static = trace(call, without_host=True)
    x = tg.tensor(np.ones((2, 8), "float32"))
    want = call(x).numpy()
    for leave in (False, True, False, True, True, False):
        if leave:
            leaves_some()
        np.testing.assert_allclose(static(x).numpy(), want, rtol=1e-5)
        parameters = [*net.parameters(), *elsewhere["net"].parameters()]
        assert all(parameter.grad is None for parameter in parameters)
    assert len(static._replay.calls.kept) == 2
