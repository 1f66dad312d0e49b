"""Export: every model of tengen.models and the imported ones run in ONNX Runtime within 1e-5."""

import shutil

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("torch")

import tengen as tg  # noqa: E402
import tengen.functional as F  # noqa: E402
import tengen.module as M  # noqa: E402
from tengen import models  # noqa: E402
from tengen.base.errors import ArgumentError, UnsupportedError  # noqa: E402
from tengen.interop import from_onnx, to_onnx  # noqa: E402
from tengen.runtime.memory import system_memory  # noqa: E402
from tests.engine.interop.beside_torch import imported  # noqa: E402
from tests.engine.interop.torch_models import MODELS  # noqa: E402

IMAGE = (1, 3, 64, 64)
ENTRIES = {
    "resnet18": (lambda: models.resnet18(10), IMAGE),
    "resnet34": (lambda: models.resnet34(10), IMAGE),
    "resnet50": (lambda: models.resnet50(10), IMAGE),
    "resnet101": (lambda: models.resnet101(10), IMAGE),
    "mobilenet_v2": (lambda: models.mobilenet_v2(num_classes=10), IMAGE),
    "shufflenet_v2": (lambda: models.shufflenet_v2(num_classes=10), IMAGE),
    "gpt": (lambda: models.gpt(vocab_size=40, block_size=16, layers=2, heads=2, width=16), None),
}


def tensor(array):
    return tg.Tensor(array, dtype=array.dtype)


def results(made):
    return made if isinstance(made, tuple) else (made,)


def session(path):
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def close(got, want, tolerance=1e-5):
    scale = max(1.0, float(np.abs(want).max(initial=0)))
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)


def runs_with_another_batch(report, model, samples):
    """ONNX Runtime on three times the batch gives our results."""
    wide = [np.concatenate([s] * 3) for s in samples]
    made = session(report.path).run(None, dict(zip(report.inputs, wide, strict=True)))
    for got, want in zip(made, results(model(*map(tensor, wide))), strict=True):
        close(got, want.numpy())


LONG = (
    "resnet34",
    "resnet50",
    "resnet101",
    "bert",
    "vit",
    "efficientnet",
    "shufflenet",
    "mobilenet",
)


def tiers(names):
    """The names, those that take long in the long tier."""
    return [pytest.param(n, marks=pytest.mark.long) if n in LONG else n for n in names]


@pytest.mark.parametrize("name", tiers(ENTRIES))
def test_every_model(name, tmp_path):
    make, shape = ENTRIES[name]
    model = make()
    model.eval()
    rng = np.random.default_rng(0)
    if shape is None:
        sample = rng.integers(0, 40, (2, 12)).astype(np.int32)
    else:
        sample = rng.standard_normal(shape).astype(np.float32)
    report = to_onnx(model, tmp_path / "model.onnx", tensor(sample))
    assert report.batch_is_free and max(report.parity) < 1e-5, str(report)
    runs_with_another_batch(report, model, [sample])
    file = onnx.load(str(report.path))
    names = {i.name for i in file.graph.initializer}
    assert sum(n in names for n in model.state_dict()) >= 0.9 * len(model.state_dict())


@pytest.mark.parametrize("name", tiers(MODELS))
def test_imported_models(name, tmp_path):
    _, model, inputs = imported(MODELS[name])
    model.eval()
    samples = [s.numpy() for s in inputs]
    for opset in (17, 21):
        report = to_onnx(model, tmp_path / "model.onnx", *map(tensor, samples), opset=opset)
        assert max(report.parity) < 1e-5, str(report)
        assert report.batch_is_free, report.note
    if name != "gpt2":  # its loss is over the whole batch
        runs_with_another_batch(report, model, samples)
    back = from_onnx(report.path)
    for got, want in zip(
        results(back(*map(tensor, samples))), results(model(*map(tensor, samples))), strict=True
    ):
        close(got.numpy(), want.numpy())


CASES = {
    "arithmetic": lambda x, y: [
        x + y, x - y, x * y, x / y, x // y, x % y, -x, abs(x), y**x, x**2, x**3, F.sqrt(y),
        F.maximum(x, y), F.minimum(x, y), F.clip(x, -0.5, 0.5), F.sign(x), 1 / y, 2 * x + 1,
    ],
    "functions": lambda x, y: [
        F.exp(x), F.expm1(x), F.log(y), F.log1p(y), F.sin(x), F.cos(x), F.tan(x), F.sinh(x),
        F.cosh(x), F.tanh(x), F.atan(x), F.asinh(x), F.asin(x / 9), F.acos(x / 9), F.atanh(x / 9),
        F.acosh(y + 1), F.atan2(x, y), F.atan2(x, -y), F.logaddexp(x, y), F.erf(x), F.floor(x),
        F.ceil(x), F.round(x),
    ],
    "activations": lambda x, y: [
        F.relu(x), F.relu6(x), F.sigmoid(x), F.silu(x), F.gelu(x), F.softplus(x),
        F.logsigmoid(x), F.hsigmoid(x), F.hswish(x), F.leaky_relu(x, 0.2), F.prelu(x, y[0, 0]),
        F.softmax(x, 1), F.logsoftmax(x, 1), F.logsumexp(x, 1), F.softmax(x, (1, 2)),
    ],
    "comparison": lambda x, y: [
        (x > y).astype("int32"), F.where(x > 0, x, y), x == y, x != y, x <= y, F.isnan(x),
        F.logical_and(x > 0, y > 1), ~(x > 0), F.argmax(x, 1), F.argmin(x), x.astype("float16"),
    ],
    "arrangement": lambda x, y: [
        F.reshape(x, (x.shape[0], -1)), F.transpose(x, (0, 3, 1, 2)), F.concat([x, y], 1),
        *F.split(x, 3, 3), F.expand_dims(x, 1), x[:, 0], x[..., ::2], x[:, 1:, -1], x[:, ::-1],
        F.flatten(x, 2), F.stack([x, y], 1), F.repeat(x, 2, 1), F.tile(x, (1, 1, 2, 1)),
        F.roll(x, 1, 2), F.nn.pad(x, ((0, 0), (1, 2))), F.nn.pad(x, ((0, 0), (1, 1)), "reflect"),
        F.nn.pad(x, ((0, 0), (1, 1)), "edge"), F.broadcast_to(x[:, :1], x.shape), F.flip(x),
        F.swapaxes(x, 1, 2), F.zeros((x.shape[0], 2)) + x[:, 0, 0, :1],
        F.arange(3) + x[:, 0, :, :3],
    ],
    "reduction": lambda x, y: [
        F.sum(x, 1), F.mean(x, (1, 2), keepdims=True), F.var(x, 1), F.std(x, 2), F.max(x, 1),
        F.min(x, 2), F.prod(x, 1), F.cumsum(x, 1), F.norm(x, 2, 1), *F.sort(x), F.topk(x, 2)[0],
        F.normalize(x, axis=1),
    ],
    "indexing": lambda x, y: [
        x[:, [0, 2]], F.gather(x, 3, F.argsort(y)), F.one_hot(F.argmax(x, 1), 4),
        F.nn.embedding(F.argmax(x, 1), y[0, 0]), F.nn.indexing_one_hot(x, F.argmax(y, 1), 1),
        x[:, [0, 1], [2, 3]], F.loss.cross_entropy(x, F.argmax(y, 1), reduction="none"),
    ],
    "networks": lambda x, y: [
        F.conv2d(x, F.ones((2, 3, 3, 3)), F.ones((1, 2, 1, 1)), 2, 1),
        F.conv2d(x, F.ones((3, 2, 1, 2, 2)), groups=3), F.conv1d(x[:, :, 0], F.ones((2, 3, 2))),
        F.conv_transpose2d(x, F.ones((3, 2, 3, 3)), stride=2, padding=1, output_padding=1),
        F.max_pool2d(x, 2, 1), F.avg_pool2d(x, 2, 2, 1), F.avg_pool2d(x, 3, 2, 1, "average"),
        F.adaptive_avg_pool2d(x, 1), F.matmul(x, y, transpose_b=True), F.matmul(x, y[0, 0].T),
        F.nn.layer_norm(x, (4,), False), F.nn.group_norm(x, 3, False), F.nn.instance_norm(x, False),
        F.nn.interpolate(x, scale_factor=2), F.nn.interpolate(x, (5, 6), mode="nearest"),
        F.nn.interpolate(x, (5, 6), align_corners=True), F.nn.linear(x, y[0, 0]),
        F.nn.interpolate(x, (7, 9), mode="bicubic"), F.pixel_shuffle(F.concat([x] * 4, 1), 2),
        F.nn.scaled_dot_product_attention(x, x, y, is_causal=True),
        F.nn.local_response_norm(x, 3), F.nn.batch_norm(x, training=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "opset", [17, *(pytest.param(n, marks=pytest.mark.long) for n in (18, 20)), 21]
)
def test_operators(name, opset, tmp_path):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 3, 4, 4)).astype(np.float32)
    y = np.abs(rng.standard_normal((2, 3, 4, 4))).astype(np.float32) + 0.2

    def function(x, y):
        return CASES[name](x, y)

    report = to_onnx(function, tmp_path / "case.onnx", tensor(x), tensor(y), opset=opset)
    assert max(report.parity) < 1e-5, str(report)


def test_fixed_and_demanded_batches(tmp_path):
    def flat(x):
        return F.reshape(x, (1, -1)) if x.shape[0] == 2 else x

    x = tensor(np.ones((2, 3), np.float32))
    report = to_onnx(flat, tmp_path / "a.onnx", x)
    assert not report.batch_is_free and "another way through the program" in str(report)
    with pytest.raises(UnsupportedError, match="the batch cannot be free: another batch takes"):
        to_onnx(flat, tmp_path / "a.onnx", x, free_batch=True)
    report = to_onnx(F.exp, tmp_path / "b.onnx", x, free_batch=False)
    assert not report.batch_is_free and "as asked for" in str(report)
    with pytest.raises(Exception, match="Got: 5 Expected: 2"):
        session(report.path).run(None, {"input": np.ones((5, 3), np.float32)})


def test_weights_beside_the_file(tmp_path):
    model = M.Sequential(M.Linear(64, 64), M.ReLU(), M.Linear(64, 8))
    x = tensor(np.ones((2, 64), np.float32))
    report = to_onnx(model, tmp_path / "big.onnx", x, external_data=True)
    assert max(report.parity) < 1e-5
    sizes = {p.name: p.stat().st_size for p in tmp_path.iterdir()}
    assert set(sizes) == {"big.onnx", "big.onnx.data"}
    assert sizes["big.onnx.data"] == (64 * 64 + 64 * 8) * 4 and sizes["big.onnx"] < 4096
    back = from_onnx(report.path)
    close(back(x).numpy(), model(x).numpy())


@pytest.mark.long
def test_more_weights_than_a_protobuf_holds(tmp_path):
    tables, width, each = 3, 1024, 180_000
    if shutil.disk_usage(tmp_path).free < 8 << 30 or system_memory() < 16 << 30:
        pytest.skip("8 GB of disk and 16 GB of memory are needed")
    held = np.zeros((each, width), np.float32)
    held[[0, 7, each - 1]] = np.random.default_rng(0).standard_normal((3, width))

    class Tables(M.Module):
        def __init__(self):
            super().__init__()
            self.tables = [
                M.Embedding(each, width, initial_weight=tg.Parameter(held)) for _ in range(tables)
            ]

        def forward(self, x):
            return sum(table(x) * (n + 1) for n, table in enumerate(self.tables))

    model, x = Tables(), tensor(np.array([[0, 7], [each - 1, 3]], np.int32))
    report = to_onnx(model, tmp_path / "large.onnx", x)
    held_bytes = tables * width * each * 4
    assert 2**31 < held_bytes <= report.weight_bytes < held_bytes + 1024  # the factors too
    assert max(report.parity) < 1e-5 and report.batch_is_free
    assert (tmp_path / "large.onnx").stat().st_size < 1 << 20
    want = model(x).numpy()
    del model
    close(from_onnx(report.path)(x).numpy(), want)


def test_names_and_evaluation_mode(tmp_path):
    model = M.Sequential(M.Conv2d(3, 4, 3), M.BatchNorm2d(4), M.Dropout(0.5))
    model.train()
    x = tensor(np.random.default_rng(0).standard_normal((2, 3, 5, 5)).astype(np.float32))
    report = to_onnx(
        model, tmp_path / "m.onnx", x, input_names=["image"], output_names=["features"]
    )
    assert model.training and model[2].training
    assert (report.inputs, report.outputs) == (("image",), ("features",))
    file = onnx.load(str(report.path))
    assert {n.op_type for n in file.graph.node} == {"Conv", "BatchNormalization", "Identity"}
    assert any(n.name.startswith("/0/Conv") for n in file.graph.node)
    assert {i.name for i in file.graph.initializer} == set(model.state_dict())
    with pytest.raises(ArgumentError, match="input_names must be 1 different names"):
        to_onnx(model, tmp_path / "m.onnx", x, input_names=["a", "b"])


def test_converted_modules(tmp_path):
    from tengen import jit

    model = M.Sequential(M.Linear(4, 4), M.ReLU())
    x = tensor(np.ones((2, 4), np.float32))
    static = jit.convert(model, x)
    report = to_onnx(static, tmp_path / "s.onnx", x)
    assert max(report.parity) < 1e-5


def test_refusals(tmp_path):
    x = tensor(np.ones((2, 3), np.float32))
    with pytest.raises(ArgumentError, match="opset is 17 to 21; got 9"):
        to_onnx(F.exp, tmp_path / "a.onnx", x, opset=9)
    with pytest.raises(ArgumentError, match="sample inputs are needed"):
        to_onnx(F.exp, tmp_path / "a.onnx")
    with pytest.raises(UnsupportedError, match=r"(?s)1 operator\(s\) have no ONNX form:\n  matinv"):
        to_onnx(lambda x: F.linalg.matinv(x), tmp_path / "a.onnx", tensor(np.eye(3)))
    with pytest.raises(UnsupportedError, match="looks at the value of a tensor") as caught:
        to_onnx(lambda x: x if x.sum() > 0 else -x, tmp_path / "a.onnx", x)
    assert f"{__file__}:" in str(caught.value)
    with pytest.raises(UnsupportedError, match="returns no tensor"):
        to_onnx(lambda x: 3, tmp_path / "a.onnx", x)
    assert not list(tmp_path.iterdir())


def test_what_onnx_runtime_lacks_is_said(tmp_path):
    x = tg.Tensor(np.ones((2, 3, 5, 5)), dtype="float64")
    weight = tg.Tensor(np.ones((2, 3, 3, 3)), dtype="float64")
    report = to_onnx(lambda x: F.conv2d(x, weight), tmp_path / "a.onnx", x)
    assert report.parity is None or max(report.parity) < 1e-12
    report = to_onnx(lambda x: F.asin(x), tmp_path / "b.onnx", tensor(np.zeros(3, np.float16)))
    assert (report.parity is None) == (
        "not compared, ONNX Runtime has no such kernel" in str(report)
    )
