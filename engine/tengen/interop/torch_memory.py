"""One memory under a tensor of ours and a PyTorch tensor, by DLPack, on the CPU and on a GPU.

On a GPU each side lets its stream wait for the other's, as the protocol asks.
"""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.device import as_device
from ..base.errors import DeviceError, StateError
from ..graph.types import TensorType
from ..graph.value import wrap
from ..runtime.buffer import adopt, make_tag
from ..runtime.gpu_memory import gpu_of
from ..runtime.plan import to_plain
from ..tensor import Tensor
from .torch_library import data_type, torch


def shared_with_torch(tensor: Tensor) -> Any:
    """A PyTorch tensor over our tensor's memory (a copy of it where it is laid out otherwise)."""
    if tensor._buffer is None:
        raise StateError("[PyTorchModule] a tensor that is being traced has no values for PyTorch")
    device = tensor._buffer.type.device
    if device.host:
        array = to_plain(tensor._buffer)
        array = array if array.flags.writeable else array.copy()
    else:
        gpu_of(device).enter()
        array = tensor._buffer.array
    # DLPack's readers do not all know bfloat16, so it crosses as the integers of its bits.
    if tensor.dtype == dt.bfloat16:
        return torch().from_dlpack(array.view(np.int16)).view(torch().bfloat16)
    return torch().from_dlpack(array)


def shared_from_torch(value: Any, kind: type[Tensor] = Tensor) -> Any:
    """A tensor of ours over a PyTorch tensor's memory. Raises DeviceError for another device."""
    plain = value.detach().resolve_conj().resolve_neg().contiguous()
    dtype = data_type(plain.dtype)
    if plain.device.type == "cpu":
        device, xp = as_device("cpu0"), np
    elif plain.device.type == "cuda":
        device = as_device(f"gpu{plain.device.index}")
        place = gpu_of(device)
        place.enter()
        xp = place.xp
    else:
        raise DeviceError(
            f"[PyTorchModule] tensors on the CPU or a CUDA GPU are expected; got {plain.device}"
        )
    if dtype == dt.bfloat16:
        array = xp.from_dlpack(plain.view(torch().int16)).view(dt.bfloat16)
    else:
        array = xp.from_dlpack(plain)
    buffer = adopt(
        TensorType.of(array.shape, array.dtype, device), array, make_tag("torch", array.nbytes)
    )
    if kind is Tensor:
        return wrap(buffer, None)
    made = kind.__new__(kind)
    made._buffer, made._var = buffer, None
    return made
