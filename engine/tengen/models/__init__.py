"""Models built from `tengen.module`, in their standard structure. No trained weights come with
them."""

from .gpt import GPT, GPTConfig, gpt
from .mobilenet import MobileNetV2, mobilenet_v2
from .resnet import ResNet, resnet18, resnet34, resnet50, resnet101
from .shufflenet import ShuffleNetV2, shufflenet_v2

__all__ = [
    "GPT",
    "GPTConfig",
    "MobileNetV2",
    "ResNet",
    "ShuffleNetV2",
    "gpt",
    "mobilenet_v2",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "shufflenet_v2",
]
