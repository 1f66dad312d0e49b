"""Well-known models written in plain PyTorch, small enough for tests. Each file has `make()`."""

from . import (
    bert,
    densenet,
    efficientnet,
    gpt2,
    lstm_classifier,
    mobilenet,
    resnet,
    shufflenet,
    swin,
    unet,
    vit,
)

MODELS = {
    module.__name__.rpartition(".")[2]: module.make
    for module in (
        bert, densenet, efficientnet, gpt2, lstm_classifier, mobilenet, resnet, shufflenet, swin,
        unet, vit,
    )
}  # fmt: skip
