"""autocast: which types the operators get, whose gradients come back, what nests and what does not
leak into other threads."""

import threading

import numpy as np
import pytest

import tengen as tg
import tengen.functional as F
import tengen.module as M
from tengen import amp
from tengen.amp.precisions import HIGH, HIGH_ON_CPU, LOW
from tengen.base.errors import ArgumentError, DTypeError
from tengen.graph.opdef import registry

COVERS = (
    "tengen.amp.autocast",
    *(f"tengen.amp.{name}" for name in ("enabled", "high_prec_dtype", "low_prec_dtype")),
)

rng = np.random.default_rng(0)


def floats(*shape, dtype="float32"):
    return tg.Tensor(rng.standard_normal(shape, np.float32)).astype(dtype)


X, HALF = floats(2, 3, 6, 6), floats(2, 3, 6, 6, dtype="bfloat16")
ROWS = floats(4, 8)

LOWERED = {
    "conv1d": lambda: F.conv1d(floats(2, 3, 8), floats(4, 3, 3), floats(4)),
    "conv2d": lambda: F.conv2d(X, floats(4, 3, 3, 3), floats(1, 4, 1, 1)),
    "conv2d of mixed types": lambda: F.conv2d(HALF, floats(4, 3, 3, 3)),
    "conv3d": lambda: F.conv3d(floats(1, 2, 4, 4, 4), floats(3, 2, 2, 2, 2)),
    "conv_transpose2d": lambda: F.conv_transpose2d(X, floats(3, 4, 3, 3), floats(1, 4, 1, 1)),
    "linear": lambda: F.linear(ROWS, floats(5, 8), floats(5)),
    "matmul": lambda: F.matmul(ROWS, floats(8, 3)),
    "@": lambda: ROWS @ floats(8),
    "einsum": lambda: F.einsum("ij,jk->ik", ROWS, floats(8, 2)),
    "attention": lambda: F.nn.scaled_dot_product_attention(*(floats(1, 2, 4, 8),) * 3),
    "attention of mixed types": lambda: F.nn.scaled_dot_product_attention(
        floats(1, 2, 4, 8, dtype="bfloat16"), *(floats(1, 2, 4, 8),) * 2
    ),
    "attention with a mask": lambda: F.nn.scaled_dot_product_attention(
        *(floats(1, 2, 4, 8),) * 3, attn_mask=floats(4, 4)
    ),
    "local_conv2d": lambda: F.local_conv2d(X, floats(4, 4, 3, 3, 3, 2)),
}

RAISED = {
    "softmax": lambda: F.softmax(HALF, axis=1),
    "logsumexp": lambda: F.logsumexp(HALF, axis=1),
    "layer_norm": lambda: F.nn.layer_norm(HALF, 6, True, floats(6), floats(6)),
    "group_norm": lambda: F.nn.group_norm(HALF, 3, True, floats(3), floats(3)),
    "instance_norm": lambda: F.nn.instance_norm(HALF, True, floats(3), floats(3)),
    "local_response_norm": lambda: F.nn.local_response_norm(HALF),
    "batch_norm": lambda: F.nn.batch_norm(HALF, None, None, floats(3), floats(3), training=True),
    "batch_norm of given statistics": lambda: F.nn.batch_norm(
        HALF, tg.Tensor(np.zeros(3)), tg.Tensor(np.ones(3)), floats(3), floats(3)
    ),
    "sum": lambda: F.sum(HALF),
    "mean": lambda: F.mean(HALF, axis=1),
    "var": lambda: F.var(HALF),
    "norm": lambda: F.norm(HALF, axis=1),
    "cumsum": lambda: F.cumsum(HALF, 1),
    "exp": lambda: F.exp(HALF),
    "log": lambda: F.log(F.abs(HALF) + 1),
    "pow": lambda: F.abs(HALF) ** 1.5,
    "max_pool2d": lambda: F.max_pool2d(HALF, 2),
    "cross_entropy": lambda: F.loss.cross_entropy(ROWS.astype("bfloat16"), tg.Tensor([0, 1, 2, 3])),
    "square_loss": lambda: F.loss.square_loss(HALF, HALF),
    "l1_loss": lambda: F.loss.l1_loss(HALF, HALF),
    "hinge_loss": lambda: F.loss.hinge_loss(ROWS.astype("bfloat16"), ROWS.astype("bfloat16")),
    "binary_cross_entropy": lambda: F.loss.binary_cross_entropy(HALF, HALF),
}

KEPT = {
    "relu": lambda: F.relu(HALF),
    "add": lambda: HALF + HALF,
    "scaled": lambda: HALF * 2.0,
    "reshape": lambda: F.reshape(HALF, (2, -1)),
    "concat": lambda: F.concat([HALF, HALF]),
    "max": lambda: F.max(HALF),
}


@pytest.mark.parametrize("name", LOWERED)
def test_products_run_in_low_precision(name):
    with amp.autocast():
        assert LOWERED[name]().dtype.name == "bfloat16"
    with amp.autocast(low_prec_dtype="float16"):
        assert LOWERED[name]().dtype.name == "float16"


@pytest.mark.parametrize("name", RAISED)
def test_what_needs_precision_runs_in_float32(name):
    with amp.autocast():
        assert RAISED[name]().dtype.name == "float32"


@pytest.mark.parametrize("name", KEPT)
def test_the_rest_takes_what_comes(name):
    with amp.autocast():
        assert KEPT[name]().dtype.name == "bfloat16"
        assert (HALF + X).dtype.name == "float32"


def test_the_table_names_operators_once():
    assert not LOW & HIGH and not LOW & HIGH_ON_CPU and not HIGH & HIGH_ON_CPU
    assert registry.keys() >= LOW | HIGH | HIGH_ON_CPU


def test_a_norm_takes_its_weights_unrounded():
    weight, bias = floats(6), floats(6)
    with amp.autocast():
        found = F.nn.layer_norm(HALF, 6, True, weight, bias)
    expected = F.nn.layer_norm(HALF.astype("float32"), 6, True, weight, bias)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_float64_and_integers_stay():
    wide, whole = tg.Tensor(np.eye(3), dtype="float64"), tg.Tensor(np.eye(3), dtype="int32")
    with amp.autocast():
        assert (wide @ wide).dtype.name == "float64"
        assert (wide @ floats(3, 3)).dtype.name == "float64"
        assert (whole @ whole).dtype.name == "int32"
        assert F.sum(whole).dtype.name == "int32"
        assert F.matmul(whole, floats(3, 3)).dtype.name == "bfloat16"


def test_positions_are_not_rounded():
    image = tg.Tensor(np.arange(300, dtype=np.float32).reshape(1, 1, 1, 300))
    matrix = tg.Tensor([[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]])
    with amp.autocast():
        found = F.vision.warp_perspective(image, matrix, (1, 300))
    np.testing.assert_allclose(found.numpy(), image.numpy(), atol=1e-3)


def network():
    tg.random.seed(3)
    return M.Sequential(
        M.Conv2d(3, 8, 3, padding=1), M.BatchNorm2d(8), M.ReLU(), M.Conv2d(8, 8, 3, groups=2),
        M.GELU(), M.AdaptiveAvgPool2d((2, 2)),
    )  # fmt: skip


def gradients(net, x, enabled, inside=True):
    gm = tg.autodiff.GradManager().attach([*net.parameters(), x])
    context = amp.autocast(enabled=enabled)
    with gm:
        with context:
            loss = F.mean(net(x) ** 2)
            if inside:
                gm.backward(loss)
        if not inside:
            gm.backward(loss)
    found = [p.grad for p in (*net.parameters(), x)]
    for p in (*net.parameters(), x):
        p.grad = None
    return loss, found


@pytest.mark.parametrize("inside", [True, False])
def test_gradients_come_in_the_parameters_type_near_those_of_float32(inside):
    net, x = network(), floats(4, 3, 8, 8)
    loss, expected = gradients(net, x, False)
    low, found = gradients(net, x, True, inside)
    assert low.dtype.name == "float32" and low.item() != loss.item()
    np.testing.assert_allclose(low.item(), loss.item(), rtol=0.02)
    assert {g.dtype.name for g in found} == {"float32"}
    norms = [np.linalg.norm(g.numpy()) for g in expected]
    for a, b, norm in zip(found, expected, norms, strict=True):
        # The bias before batch norm has no gradient but rounding.
        assert np.linalg.norm(a.numpy() - b.numpy()) < max(0.1 * norm, 0.01 * max(norms))


def test_second_order_through_what_was_cast():
    x = tg.Parameter(floats(3, 3).numpy())
    outer, inner = tg.autodiff.GradManager().attach(x), tg.autodiff.GradManager().attach(x)
    with amp.autocast(), outer:
        with inner:
            inner.backward(F.sum((x @ x) ** 2))
        first, x.grad = x.grad, None
        outer.backward(F.sum(first * first))
    assert x.grad.dtype.name == "float32" and np.isfinite(x.grad.numpy()).all()


def test_contexts_nest_and_close():
    product = lambda: (ROWS @ floats(8, 2)).dtype.name  # noqa: E731
    outer = amp.autocast()
    with outer:
        with amp.autocast(enabled=False):
            assert product() == "float32" and not amp.enabled
            with outer:
                assert product() == "bfloat16"
            assert product() == "float32"
        with amp.autocast(low_prec_dtype="float16"):
            assert product() == "float16"
        assert product() == "bfloat16" and amp.enabled
    assert product() == "float32" and not amp.enabled
    with pytest.raises(ZeroDivisionError), amp.autocast():
        _ = 1 / 0
    assert product() == "float32"


def test_decorates_a_function():
    @amp.autocast(low_prec_dtype="bfloat16")
    def product(x):
        """A product."""
        return x @ x

    assert product(floats(3, 3)).dtype.name == "bfloat16" and product.__doc__ == "A product."
    assert not amp.enabled
    with pytest.raises(ArgumentError, match="decorates a function; got int"):
        amp.autocast()(3)


def test_counts_for_its_thread():
    found = []
    with amp.autocast():
        other = threading.Thread(target=lambda: found.append((ROWS @ floats(8, 2)).dtype.name))
        other.start()
        other.join()
        assert (ROWS @ floats(8, 2)).dtype.name == "bfloat16"
    assert found == ["float32"]


def test_the_settings_of_the_whole_thread():
    assert (amp.enabled, amp.low_prec_dtype, amp.high_prec_dtype) == (False, "float16", "float32")
    default = amp.low_prec_dtype
    amp.enabled = True
    try:
        assert (ROWS @ floats(8, 2)).dtype.name == "bfloat16"
        amp.low_prec_dtype = "float16"
        amp.high_prec_dtype = "float32"
        assert (ROWS @ floats(8, 2)).dtype.name == "float16"
        with pytest.raises(DTypeError, match="float16 or bfloat16; got int8"):
            amp.low_prec_dtype = "int8"
        assert amp.low_prec_dtype == "float16"
    finally:
        amp.enabled = False
        amp.low_prec_dtype = default
    assert (ROWS @ floats(8, 2)).dtype.name == "float32"


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"low_prec_dtype": "float32"}, "low_prec_dtype is float16 or bfloat16; got float32"),
        ({"high_prec_dtype": "float64"}, "high_prec_dtype is float32; got float64"),
        ({"low_prec_dtype": "bf16"}, "'bf16' is not a supported data type"),
    ],
)
def test_other_types_are_refused(types, message):
    with pytest.raises(DTypeError, match=message):
        amp.autocast(**types)


def test_a_checkpoint_holds_float32(tmp_path):
    net, x = network(), floats(2, 3, 8, 8)
    optimizer = tg.optimizer.SGD(net.parameters(), 0.1, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(net.parameters())
    with amp.autocast():
        for _ in range(2):
            with gm:
                gm.backward(F.mean(net(x) ** 2))
            optimizer.step().clear_grad()
    assert {v.dtype.name for v in net.state_dict().values()} == {"float32"}
    tg.save(net.state_dict(), tmp_path / "net.pkl")
    again = network()
    again.load_state_dict(tg.load(tmp_path / "net.pkl"))
    with amp.autocast():
        again.eval(), net.eval()
        np.testing.assert_array_equal(again(x).numpy(), net(x).numpy())
