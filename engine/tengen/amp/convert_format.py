"""Channels-last names: tensors and modules marked, and on a GPU laid out, for it.

Shapes stay (N, C, H, W): only memory is ordered otherwise, and kernels find their layouts by
themselves, so that results are the same either way.
"""

import copy

from ..base.errors import ArgumentError, ShapeError
from ..base.layout import channels_last
from ..module import Module
from ..runtime.buffer import make_tag
from ..runtime.plan import convert
from ..tensor import Tensor


def convert_tensor_format(x: Tensor, inplace: bool = True) -> Tensor:
    """The tensor with `format` "nhwc": images (N, C, H, W) or weights, of 4 or 5 axes.

    On a GPU 4 axes are also laid out channels-last in memory, as its convolutions want them. On
    the CPU memory stays: oneDNN chooses a blocked layout itself. With `inplace` x itself is
    converted, else a copy. Raises ShapeError for other numbers of axes.
    """
    if not isinstance(x, Tensor):
        raise ArgumentError(f"[convert_tensor_format] expected a Tensor; got {type(x).__name__}")
    if x.ndim not in (4, 5):
        raise ShapeError(f"[convert_tensor_format] 4 or 5 axes are needed; got shape {x.shape}")
    made = x if inplace else copy.deepcopy(x)
    if made.ndim == 4 and made._buffer is not None and not made.device.host:
        tag = make_tag("data", made._buffer.type.nbytes)
        made._buffer = convert(made._buffer, channels_last(4), tag)
    made.format = "nhwc"
    return made


def convert_module_format(module: Module, inplace: bool = True) -> Module:
    """The module with `convert_tensor_format` done to its tensors of 4 and 5 axes.

    With `inplace` the module itself is converted, else a copy.
    """
    if not isinstance(module, Module):
        raise ArgumentError(
            f"[convert_module_format] expected a Module; got {type(module).__name__}"
        )
    made = module if inplace else copy.deepcopy(module)
    for tensor in (*made.parameters(), *made.buffers()):
        if tensor.ndim in (4, 5):
            convert_tensor_format(tensor)
    return made
