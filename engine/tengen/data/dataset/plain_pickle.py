"""Reading pickles that hold nothing but arrays, strings, bytes, numbers and containers.

Data sets published as pickles are read this way, so that a file cannot run code.
"""

import codecs
import collections
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import FileFormatError

# The function by which arrays are rebuilt has lived in several modules of NumPy.
_REBUILD = np.zeros(1).__reduce__()[0]
_SCALAR = np.float64(0).__reduce__()[0]
_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")

_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
    ("collections", "OrderedDict"): collections.OrderedDict,
    **{(module, "_reconstruct"): _REBUILD for module in _NUMPY},
    **{(module, "scalar"): _SCALAR for module in _NUMPY},
}


def load_plain_pickle(path: Path) -> Any:
    """What the pickle at `path` holds, its Python 2 strings as bytes.

    Raises FileFormatError for anything else than plain data, and for a damaged file.
    """
    with open(path, "rb") as file:
        try:
            return _PlainUnpickler(file, encoding="bytes").load()
        except FileFormatError as error:
            raise FileFormatError(f"[load] {path}: {error}") from None
        except Exception as error:
            raise FileFormatError(f"[load] {path} is no readable pickle: {error}") from error


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise FileFormatError(
                f"the pickle asks for {module}.{name}; only arrays and plain data are read"
            ) from None
