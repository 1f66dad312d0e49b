"""GradManager: recording, releasing, several managers, higher orders, callbacks, threads."""

import gc
import threading
import weakref

import numpy as np
import pytest

import tengen as tg
from tengen.autodiff import Function, GradManager
from tengen.base.errors import ArgumentError, GradientError, StateError
from tengen.ops.elementwise import add, mul, neg
from tengen.ops.reduce import sum as total
from tengen.runtime import memory
from tests.engine.api.signatures import check_signature

COVERS = (
    "tengen.autodiff.Function",
    "tengen.autodiff.Function.backward",
    "tengen.autodiff.Function.forward",
    "tengen.autodiff.GradManager",
    "tengen.autodiff.GradManager.attach",
    "tengen.autodiff.GradManager.attached_tensors",
    "tengen.autodiff.GradManager.backward",
    "tengen.autodiff.GradManager.record",
    "tengen.autodiff.GradManager.release",
    "tengen.Tensor.grad",
    "tengen.Tensor.requires_grad",
    "tengen.Tensor.detach",
)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def parameter(*values):
    return tg.Parameter(np.array(values, np.float32))


def test_gradient_of_a_product():
    x, y = parameter(1, 2, 3), parameter(4, 5, 6)
    gm = GradManager().attach([x, y])
    assert gm.attached_tensors() == [x, y]
    with gm:
        gm.backward(total(mul(x, y)))
    np.testing.assert_array_equal(x.grad.numpy(), [4, 5, 6])
    np.testing.assert_array_equal(y.grad.numpy(), [1, 2, 3])


def test_gradients_add_up_over_calls():
    x = parameter(1, 2)
    gm = GradManager().attach(x)
    for _ in range(3):
        with gm:
            gm.backward(total(mul(x, x)))
    np.testing.assert_array_equal(x.grad.numpy(), [6, 12])


def test_weights_for_several_values():
    x = parameter(1, 2)
    gm = GradManager().attach([x])
    gm.record()
    a, b = mul(x, x), neg(x)
    gm.backward([a, b], [tg.Tensor([1.0, 0.5]), tg.Tensor([2.0, 3.0])])
    np.testing.assert_array_equal(x.grad.numpy(), [2 - 2, 2 - 3])


def test_backward_without_a_recording_is_refused():
    with pytest.raises(StateError, match="needs a recording"):
        GradManager().attach([parameter(1)]).backward(parameter(1))


def test_recording_twice_is_refused():
    gm = GradManager().record()
    with pytest.raises(StateError, match="recording already"):
        gm.record()
    gm.release()


def test_a_value_that_depends_on_nothing_attached_is_refused():
    gm = GradManager().attach([parameter(1)])
    with gm, pytest.raises(GradientError, match="depends on an attached tensor"):
        gm.backward(total(tg.Tensor([1.0])))


def test_wrong_weight_shape_is_refused():
    x = parameter(1, 2)
    gm = GradManager().attach([x])
    with gm, pytest.raises(GradientError, match=r"shape \(3,\)"):
        gm.backward(mul(x, x), tg.Tensor([1.0, 1.0, 1.0]))


def test_only_tensors_attach():
    with pytest.raises(ArgumentError, match="expected Tensors"):
        GradManager().attach([3])


def test_requires_grad_only_while_recorded():
    x = parameter(1)
    gm = GradManager().attach([x])
    assert not x.requires_grad
    with gm:
        y = mul(x, x)
        assert x.requires_grad and y.requires_grad and not y.detach().requires_grad
    assert not x.requires_grad and not y.requires_grad


def test_an_earlier_recording_is_a_constant_in_the_next():
    x = parameter(3)
    gm = GradManager().attach([x])
    with gm:
        held = mul(x, x)
    with gm:
        gm.backward(mul(held, x))
    np.testing.assert_array_equal(x.grad.numpy(), [9])


def test_detached_values_pass_no_gradient():
    x = parameter(3)
    gm = GradManager().attach([x])
    with gm:
        gm.backward(mul(mul(x, x).detach(), x))
    np.testing.assert_array_equal(x.grad.numpy(), [9])


def test_attaching_inside_the_recording():
    x, gm = parameter(2), GradManager()
    with gm:
        gm.attach([x])
        gm.backward(mul(x, x))
    np.testing.assert_array_equal(x.grad.numpy(), [4])


def test_callbacks_change_the_gradient():
    x = parameter(2)
    seen = []

    def double(tensor, grad):
        seen.append(tensor)
        return add(grad, grad)

    gm = GradManager().attach([x], callbacks=double)
    with gm:
        gm.backward(mul(x, x))
    np.testing.assert_array_equal(x.grad.numpy(), [8])
    assert seen == [x]


def test_third_order():
    x = parameter(2)
    grads = []
    outer = [GradManager().attach([x]) for _ in range(3)]
    with outer[0]:
        with outer[1]:
            with outer[2]:
                outer[2].backward(mul(mul(x, x), mul(x, x)))
            first, x.grad = x.grad, None
            outer[1].backward(first)
        second, x.grad = x.grad, None
        outer[0].backward(second)
    grads = [first.numpy()[0], second.numpy()[0], x.grad.numpy()[0]]
    assert grads == [4 * 8, 12 * 4, 24 * 2]


def test_two_managers_with_their_own_tensors():
    x, y = parameter(2), parameter(5)
    gx, gy = GradManager().attach([x]), GradManager().attach([y])
    with gx, gy:
        z = mul(mul(x, y), y)
        gy.backward(z)
        assert x.grad is None
        gx.backward(z)
    np.testing.assert_array_equal(x.grad.numpy(), [25])
    np.testing.assert_array_equal(y.grad.numpy(), [20])


def test_backward_twice_needs_another_recording():
    x = parameter(2)
    gm = GradManager().attach([x])
    with gm:
        y = mul(x, x)
        gm.backward(y)
        gm.record()
        with pytest.raises(GradientError, match="depends on an attached"):
            gm.backward(y)


def test_attached_tensors_are_held_weakly():
    x, gm = parameter(1), GradManager()
    gm.attach([x])
    ref = weakref.ref(x)
    del x
    gc.collect()
    assert ref() is None and gm.attached_tensors() == []


def test_memory_is_let_go_during_backward_and_after_release():
    gc.collect()
    x = tg.Parameter(np.ones((256, 1024), np.float32))
    before = memory.used_bytes()
    gm = GradManager().attach([x])
    with gm:
        y = x
        for _ in range(10):
            y = mul(y, x)
        loss = total(y)
        del y
        held = memory.used_bytes() - before
        memory.reset_peak()
        gm.backward(loss)
    assert held >= 9 * x.size * 4
    assert memory.peak_bytes() - before <= held + 4 * x.size * 4
    x.grad = None
    assert memory.used_bytes() - before <= 4096
    with gm:
        loss = total(mul(mul(x, x), x))
    assert memory.used_bytes() - before <= 4096, "leaving the block lets the tape go"


def test_unused_branches_are_freed_at_once():
    x = tg.Parameter(np.ones((256, 1024), np.float32))
    with GradManager().attach([x]):
        before = memory.used_bytes()
        mul(mul(x, x), x)
        assert memory.used_bytes() == before


def test_threads_record_apart():
    x = parameter(2)
    results = {}

    def work(power):
        mine = parameter(2)
        gm = GradManager().attach([mine])
        for _ in range(50):
            mine.grad = None
            with gm:
                y = mine
                for _ in range(power - 1):
                    y = mul(y, mine)
                gm.backward(y)
        results[power] = mine.grad.numpy()[0]

    threads = [threading.Thread(target=work, args=(n,)) for n in (2, 3, 4)]
    with GradManager().attach([x]) as gm:
        y = mul(x, x)
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        gm.backward(y)
    assert results == {2: 4, 3: 12, 4: 32} and x.grad.numpy()[0] == 4


class Cube(Function):
    def forward(self, x):
        self.x = x
        return mul(mul(x, x), x)

    def backward(self, dy):
        return mul(mul(dy, tg.Tensor([3.0])), mul(self.x, self.x))


def test_function_with_its_own_gradient_and_second_order():
    x = parameter(2)
    outer = GradManager().attach([x])
    with outer:
        with GradManager().attach([x]) as inner:
            inner.backward(mul(Cube()(x), x))
        first, x.grad = x.grad, None
        outer.backward(first)
    assert first.numpy()[0] == 4 * 8
    np.testing.assert_allclose(x.grad.numpy(), [12 * 4])


class Swap(Function):
    def forward(self, x, y):
        return y, x

    def backward(self, da, db):
        return db, da


def test_function_of_two_values_with_one_unused():
    x, y = parameter(1, 2), parameter(3, 4)
    gm = GradManager().attach([x, y])
    with gm:
        a, _ = Swap()(x, y)
        gm.backward(total(mul(a, a)))
    np.testing.assert_array_equal(y.grad.numpy(), [6, 8])
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0])


class Wrong(Function):
    def forward(self, x):
        return mul(x, x)

    def backward(self, dy):
        return dy, dy


def test_function_with_a_wrong_number_of_gradients():
    x = parameter(1)
    gm = GradManager().attach([x])
    with gm, pytest.raises(GradientError, match="2 gradients for 1"):
        gm.backward(Wrong()(x))
