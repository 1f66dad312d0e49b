"""The one place that imports PyTorch, and the conversion of its tensors and data types."""

import importlib
import warnings
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import StateError
from ..tensor import Tensor


def torch(part: str = "") -> Any:
    """PyTorch, or the submodule `torch.<part>`. Raises StateError where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"torch.{part}" if part else "torch")
    except ImportError as error:
        raise StateError(
            "[interop] PyTorch is needed for this and is not installed:"
            " pip install 'tengen-studio[torch]'"
        ) from error


def data_type(torch_dtype: Any) -> dt.DType:
    """Our data type for PyTorch's. Raises DTypeError where there is none."""
    return dt.as_dtype(str(torch_dtype).removeprefix("torch."))


def array_of(tensor: Any) -> np.ndarray[Any, Any]:
    """The values of a PyTorch tensor; shared with it where it is dense and on the CPU."""
    plain = tensor.detach().cpu()
    if str(plain.dtype) == "torch.bfloat16":
        return plain.contiguous().view(torch().int16).numpy().view(dt.bfloat16)  # type: ignore[no-any-return]
    return plain.numpy()  # type: ignore[no-any-return]


def tensor_of(tensor: Any, kind: type[Tensor] = Tensor) -> Tensor:
    """A tensor of ours with a copy of the values, in the same data type."""
    array = array_of(tensor)
    return kind(array, dtype=array.dtype)


def torch_of(array: np.ndarray[Any, Any]) -> Any:
    """A PyTorch tensor over an array's memory."""
    if array.dtype == dt.bfloat16:
        return torch().from_numpy(array.view(np.int16)).view(torch().bfloat16)
    return torch().from_numpy(array)
