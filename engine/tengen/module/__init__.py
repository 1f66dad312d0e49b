"""Layers and the base class of models. Each file holds one concept."""

from . import init
from .activation import GELU, LeakyReLU, PReLU, ReLU, Sigmoid, SiLU, Softmax
from .adaptive_pooling import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from .batch_matmul_activation import BatchMatMulActivation
from .batchnorm import BatchNorm1d, BatchNorm2d, SyncBatchNorm
from .concat import Concat
from .conv import Conv1d, Conv2d, Conv3d, ConvRelu2d
from .conv_bn import ConvBn2d, ConvBnRelu2d
from .conv_transpose import ConvTranspose2d, ConvTranspose3d
from .deformable_conv import DeformableConv2d
from .deformable_psroi_pooling import DeformablePSROIPooling
from .dropout import Dropout
from .elemwise import Elemwise
from .embedding import Embedding
from .identity import Identity
from .linear import Linear
from .local_conv import LocalConv2d
from .lrn import LocalResponseNorm
from .module import Module
from .normalization import GroupNorm, InstanceNorm, LayerNorm
from .padding import Pad
from .pixel_shuffle import PixelShuffle
from .pooling import AvgPool2d, MaxPool2d
from .quant_dequant import DequantStub, QuantStub
from .rnn import LSTM, RNN
from .rnn_cell import LSTMCell, RNNCell
from .sequential import Sequential
from .sliding_window import SlidingWindow, SlidingWindowTranspose

__all__ = [
    "GELU", "LSTM", "RNN", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d",
    "BatchMatMulActivation", "BatchNorm1d", "BatchNorm2d", "Concat", "Conv1d", "Conv2d", "Conv3d",
    "ConvBn2d", "ConvBnRelu2d", "ConvRelu2d", "ConvTranspose2d", "ConvTranspose3d",
    "DeformableConv2d", "DeformablePSROIPooling", "DequantStub", "Dropout", "Elemwise",
    "Embedding", "GroupNorm", "Identity", "InstanceNorm", "LSTMCell", "LayerNorm", "LeakyReLU",
    "Linear", "LocalConv2d", "LocalResponseNorm", "MaxPool2d", "Module", "PReLU", "Pad",
    "PixelShuffle", "QuantStub", "RNNCell", "ReLU", "Sequential", "SiLU", "Sigmoid",
    "SlidingWindow", "SlidingWindowTranspose", "Softmax", "SyncBatchNorm", "init",
]  # fmt: skip
