"""State dicts of tengen.models and PyTorch's: there and back, and refusals."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tengen as tg  # noqa: E402
from tengen import models  # noqa: E402
from tengen.base.errors import ArgumentError  # noqa: E402
from tengen.interop import from_torch, load_torch_state_dict, to_torch_state_dict  # noqa: E402
from tests.engine.interop.beside_torch import close  # noqa: E402
from tests.engine.interop.torch_models import MODELS  # noqa: E402
from tests.engine.interop.torch_models.gpt2 import GPT2  # noqa: E402

ENTRIES = {
    "resnet18": lambda: models.resnet18(10),
    "mobilenet_v2": lambda: models.mobilenet_v2(num_classes=10),
    "shufflenet_v2": lambda: models.shufflenet_v2(num_classes=10),
    "gpt": lambda: models.gpt(vocab_size=40, block_size=16, layers=2, heads=2, width=16),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_there_and_back(name):
    one, two = ENTRIES[name](), ENTRIES[name]()
    rng = np.random.default_rng(0)
    for tensor in itertools.chain(one.parameters(), one.buffers()):
        tensor[...] = rng.standard_normal(tensor.shape)
    state = to_torch_state_dict(one)
    assert all(isinstance(v, torch.Tensor) for v in state.values())
    load_torch_state_dict(two, state)
    for key, value in one.state_dict().items():
        np.testing.assert_array_equal(two.state_dict()[key], value)


def test_resnet_names_and_shapes_are_torchvisions():
    state = to_torch_state_dict(models.resnet18())
    assert tuple(state["layer2.0.downsample.1.running_var"].shape) == (128,)
    assert tuple(state["conv1.weight"].shape) == (64, 3, 7, 7)
    assert int(state["bn1.num_batches_tracked"]) == 0
    assert len(state) == 122  # as resnet18().state_dict() of torchvision


def test_grouped_weights_and_vectors():
    state = to_torch_state_dict(models.mobilenet_v2())
    assert tuple(state["features.1.conv.0.0.weight"].shape) == (32, 1, 3, 3)
    assert tuple(state["features.1.conv.0.1.weight"].shape) == (32,)
    assert len(state) == 314  # as mobilenet_v2().state_dict() of torchvision


def test_gpt_computes_what_gpt2_computes():
    torch.manual_seed(0)
    theirs = GPT2(drop=0.0)
    theirs.lm_head.weight = torch.nn.Parameter(torch.randn(40, 16))
    names = {"wte.": "transformer.wte.", "wpe.": "transformer.wpe.", "h.": "transformer.h.",
             "ln_f.": "transformer.ln_f."}  # fmt: skip
    state = {}
    for key, value in theirs.state_dict().items():
        key = key.replace("mlp.0.", "mlp.c_fc.").replace("mlp.2.", "mlp.c_proj.")
        for start, there in names.items():
            if key.startswith(start):
                key = there + key.removeprefix(start)
        state[key] = value.T if ".c_" in key and value.ndim == 2 else value
    ours = ENTRIES["gpt"]()
    load_torch_state_dict(ours, state)
    ids = torch.randint(0, 40, (2, 12))
    want = theirs(ids, ids)[0].detach().numpy()
    close(ours(tg.Tensor(ids.numpy().astype("int32"))).numpy(), want, 1e-5)


def test_an_imported_model_gives_and_takes_the_originals_state():
    module, samples = MODELS["mobilenet"]()
    ours = from_torch(module, *samples)
    state = to_torch_state_dict(ours)
    assert {k: tuple(v.shape) for k, v in state.items()} == {
        k: tuple(v.shape) for k, v in module.state_dict().items()
    }
    module.load_state_dict(state)
    load_torch_state_dict(ours, module.state_dict())


def test_refusals_name_what_differs_and_change_nothing():
    model = ENTRIES["resnet18"]()
    state = to_torch_state_dict(model)
    before = model.fc.bias.numpy()
    state["fc.bias"] = torch.ones(10) * 7
    broken = {**state, "fc.weight": torch.zeros(10, 3)}
    with pytest.raises(
        ArgumentError, match=r"fc.weight must have shape \(10, 512\); got \(10, 3\)"
    ):
        load_torch_state_dict(model, broken)
    del state["conv1.weight"]
    state["extra"] = torch.zeros(1)
    with pytest.raises(ArgumentError, match=r"missing: conv1\.weight; not used: extra"):
        load_torch_state_dict(model, state)
    np.testing.assert_array_equal(model.fc.bias.numpy(), before)
    load_torch_state_dict(model, state, strict=False)
    assert model.fc.bias.numpy().tolist() == [7.0] * 10
