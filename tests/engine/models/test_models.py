"""The models: parameter counts, standard names and shapes, values beside PyTorch, gradients."""

import numpy as np
import pytest
import torch
from tests.engine.module.comparing import adopt, close, compare, widened

import tengen as tg
import tengen.functional as F
from tengen import models
from tengen.base.errors import ShapeError
from tengen.models.resnet import BasicBlock, Bottleneck, ResNet
from tengen.models.shufflenet import ShuffleNetV2, channel_shuffle

COUNTS = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "mobilenet_v2": 3_504_872,
    "shufflenet_v2": 2_278_604,
}


@pytest.fixture(autouse=True)
def seed():
    tg.random.seed(1)


def image(n, size, kind="float32"):
    return np.random.default_rng(4).standard_normal((n, 3, size, size)).astype(kind)


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts(name, monkeypatch):
    monkeypatch.setattr("tengen.module.init.normal", lambda mean, std, size: F.zeros(size))
    model = getattr(models, name)()
    assert sum(p.size for p in model.parameters()) == COUNTS[name]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "shufflenet_v2"])
def test_logits_and_gradients_reach_every_parameter(name):
    model = getattr(models, name)(num_classes=7)
    gm = tg.autodiff.GradManager().attach(model.parameters())
    with gm:
        logits = model(tg.Tensor(image(2, 64)))
        gm.backward(F.nn.cross_entropy(logits, tg.Tensor([1, 5])))
    assert logits.shape == (2, 7)
    assert np.isfinite(logits.numpy()).all()
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert missing == []
    assert all(np.isfinite(p.grad.numpy()).all() for p in model.parameters())


def test_names_are_the_standard_ones():
    names = [n for n, _ in models.resnet18().named_parameters()]
    for name in ("conv1.weight", "layer2.0.downsample.1.bias", "layer4.1.bn2.weight", "fc.bias"):
        assert name in names
    names = [n for n, _ in models.mobilenet_v2().named_parameters()]
    for name in ("features.0.0.weight", "features.1.conv.0.0.weight", "features.18.1.bias",
                 "classifier.1.weight"):  # fmt: skip
        assert name in names
    names = [n for n, _ in models.shufflenet_v2().named_parameters()]
    for name in ("conv1.0.weight", "stage2.0.branch1.0.weight", "stage4.3.branch2.5.weight",
                 "conv5.0.weight", "fc.weight"):  # fmt: skip
        assert name in names


class TorchBlock(torch.nn.Module):
    """A basic block or a bottleneck as PyTorch modules of the same names."""

    def __init__(self, sizes, stride, shortcut):
        super().__init__()
        self.count = len(sizes)
        for number, (inside, out, kernel, step) in enumerate(sizes, 1):
            conv = torch.nn.Conv2d(inside, out, kernel, step, kernel // 2, bias=False)
            setattr(self, f"conv{number}", conv)
            setattr(self, f"bn{number}", torch.nn.BatchNorm2d(out))
        self.downsample = None
        if shortcut:
            self.downsample = torch.nn.Sequential(
                torch.nn.Conv2d(sizes[0][0], sizes[-1][1], 1, stride, bias=False),
                torch.nn.BatchNorm2d(sizes[-1][1]),
            )

    def forward(self, x):
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
            y = torch.relu(y) if number < self.count else y
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


@pytest.mark.parametrize(
    ("ours", "sizes", "stride"),
    [
        (lambda: BasicBlock(4, 4), [(4, 4, 3, 1), (4, 4, 3, 1)], 1),
        (lambda: BasicBlock(4, 6, 2), [(4, 6, 3, 2), (6, 6, 3, 1)], 2),
        (lambda: Bottleneck(4, 3, 2), [(4, 3, 1, 1), (3, 3, 3, 2), (3, 12, 1, 1)], 2),
        (lambda: Bottleneck(12, 3), [(12, 3, 1, 1), (3, 3, 3, 1), (3, 12, 1, 1)], 1),
    ],
)
def test_blocks_as_pytorch(ours, sizes, stride):
    block = widened(ours())
    names = {n: n for n, _ in block.named_parameters()}
    theirs = adopt(TorchBlock(sizes, stride, block.downsample is not None), block, names)
    x = np.random.default_rng(2).standard_normal((3, sizes[0][0], 7, 7))
    compare(block, theirs, [x], names, tolerance=1e-7)


def test_channel_shuffle_deals_channels_out():
    x = tg.Tensor(np.arange(6.0).reshape(1, 6, 1, 1))
    assert channel_shuffle(x, 2).numpy().reshape(-1).tolist() == [0, 3, 1, 4, 2, 5]


def test_a_small_resnet_learns():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 16).astype("int32")
    patterns = rng.standard_normal((4, 3, 16, 16)).astype("float32")
    x = tg.Tensor(patterns[labels] + 0.3 * rng.standard_normal((16, 3, 16, 16)).astype("float32"))
    y = tg.Tensor(labels)
    model = ResNet(BasicBlock, (1, 1), 4)
    optimizer = tg.optimizer.SGD(model.parameters(), 0.05, momentum=0.9)
    gm = tg.autodiff.GradManager().attach(model.parameters())
    losses = []
    for _ in range(12):
        with gm:
            loss = F.nn.cross_entropy(model(x), y)
            gm.backward(loss)
        optimizer.step().clear_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


SMALL = {"vocab_size": 11, "block_size": 8, "layers": 2, "heads": 2, "width": 12}


def tokens(n=3, t=8):
    return np.random.default_rng(6).integers(0, 11, (n, t)).astype("int32")


class TorchGPT(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = torch.nn.Embedding(11, 12)
        self.wpe = torch.nn.Embedding(8, 12)
        self.blocks = torch.nn.ModuleList(
            torch.nn.TransformerEncoderLayer(
                12, 2, 48, 0.0, lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
                batch_first=True, norm_first=True,
            )
            for _ in range(2)
        )  # fmt: skip
        self.ln = torch.nn.LayerNorm(12)
        self.head = torch.nn.Linear(12, 11, bias=False)

    def forward(self, x):
        t = x.shape[1]
        hidden = torch.ones(t, t, dtype=torch.bool).triu(1)
        y = self.wte(x) + self.wpe(torch.arange(t))
        for block in self.blocks:
            y = block(y, src_mask=hidden)
        return self.head(self.ln(y))


def gpt_names():
    names = {"wte.weight": "wte.weight", "wpe.weight": "wpe.weight", "head.weight": "head.weight"}
    names |= {f"ln.{p}": f"ln.{p}" for p in ("weight", "bias")}
    parts = {
        "norm1": "ln1", "norm2": "ln2", "self_attn.out_proj": "attn.proj", "linear1": "mlp.fc",
        "linear2": "mlp.proj",
    }  # fmt: skip
    for i in range(2):
        for p in ("weight", "bias"):
            names[f"blocks.{i}.self_attn.in_proj_{p}"] = f"blocks.{i}.attn.qkv.{p}"
            names |= {f"blocks.{i}.{a}.{p}": f"blocks.{i}.{b}.{p}" for a, b in parts.items()}
    return names


@pytest.mark.parametrize("length", [8, 5])
def test_gpt_as_pytorch(length):
    model = widened(models.gpt(**SMALL))
    theirs = adopt(TorchGPT(), model, gpt_names())
    compare(model, theirs, [tokens(t=length)], gpt_names(), tolerance=1e-6)


def test_gpt_never_looks_ahead():
    model = models.gpt(**SMALL)
    model.eval()
    words = tokens()
    first = model(tg.Tensor(words)).numpy()
    words[:, 5:] = (words[:, 5:] + 1) % 11
    second = model(tg.Tensor(words)).numpy()
    close(first[:, :5], second[:, :5], 1e-5)
    assert (first[:, 5:] != second[:, 5:]).any()


def test_gpt_sizes_and_start():
    model = models.gpt(vocab_size=65)
    assert sum(p.size for p in model.parameters()) == 10_795_776
    assert set(model.state_dict()) == {n for n, _ in model.named_parameters()}
    assert abs(model.blocks[0].attn.qkv.weight.numpy().std() - 0.02) < 0.001
    narrow = 0.02 / np.sqrt(12)
    assert abs(model.blocks[3].mlp.proj.weight.numpy().std() - narrow) < 0.0005
    assert (model.blocks[0].ln1.weight.numpy() == 1).all()
    with pytest.raises(ShapeError, match="at most 256 positions"):
        model(tg.Tensor(np.zeros((1, 257), "int32")))


def test_a_small_shufflenet_has_the_stages():
    model = ShuffleNetV2((8, 16, 32, 64, 32), 5)
    assert model(tg.Tensor(image(2, 32))).shape == (2, 5)
    assert len(model.stage3) == 8


def test_gpt_drops_only_while_training():
    model = models.gpt(**SMALL, drop_prob=0.5)
    x = tg.Tensor(tokens())
    assert (model(x).numpy() != model(x).numpy()).any()
    model.eval()
    np.testing.assert_array_equal(model(x).numpy(), model(x).numpy())
