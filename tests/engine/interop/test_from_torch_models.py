"""Well-known models: imported, they give PyTorch's values, gradients and training step."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tengen as tg  # noqa: E402
from tests.engine.interop.beside_torch import (  # noqa: E402
    both,
    close,
    imported,
    outputs_of,
    step_both,
)
from tests.engine.interop.torch_models import MODELS  # noqa: E402

ALIKE = ("mobilenet", "efficientnet", "vit", "bert", "densenet")  # in operators, to the others
DROPPING = ("mobilenet", "densenet", "efficientnet", "vit", "bert", "gpt2", "lstm_classifier")
QUICK = ("resnet", "gpt2")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.long) if n in ALIKE else n for n in MODELS],
)
def test_values_gradients_and_a_step_in_float32(name):
    theirs, ours, samples = both(MODELS[name])
    theirs.eval(), ours.eval()
    step_both(theirs, ours, samples, 1e-5)
    theirs.train(), ours.train()
    step_both(theirs, ours, samples, 1e-5)


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in MODELS],
)
def test_values_gradients_and_a_step_in_float64(name):
    theirs, ours, samples = both(MODELS[name], torch.float64)
    theirs.train(), ours.train()
    step_both(theirs, ours, samples, 1e-12)
    theirs.eval(), ours.eval()
    step_both(theirs, ours, samples, 1e-12)


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.long) for n in MODELS],
)
def test_another_batch_and_dropout_follows_the_training_flag(name):
    theirs, ours, samples = imported(MODELS[name])
    theirs.eval(), ours.eval()
    for repeat in (3, 1):
        batch = [torch.cat([s] * 3)[:repeat] for s in samples]
        want = outputs_of(theirs(*batch))
        got = outputs_of(ours(*[tg.Tensor(b.numpy(), dtype=b.numpy().dtype) for b in batch]))
        for g, w in zip(got, want, strict=True):
            assert g.shape == tuple(w.shape)
            close(g.numpy(), w.detach().numpy(), 1e-5)
    if name not in DROPPING:
        return
    inputs = [tg.Tensor(x.numpy(), dtype=x.numpy().dtype) for x in samples]

    def run():
        return outputs_of(ours(*inputs))[0].numpy()

    np.testing.assert_array_equal(run(), run())
    ours.train()
    assert not np.array_equal(run(), run())
