"""Arrays as kernels take them, and how many threads a kernel of a given size is worth."""

import numpy as np
from numpy.typing import NDArray

from . import library

SERIAL = 16384  # elements below which starting threads costs more than it saves


def flat(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """One axis in C order; a copy where the array is not contiguous."""
    return array.reshape(-1)


def flat_output(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """One axis over the same memory; ValueError where the array is not contiguous in C order."""
    if not array.flags.c_contiguous:
        raise ValueError(
            "[flat_output] expected a C-contiguous array to write to; "
            f"strides {array.strides} of shape {array.shape} came"
        )
    return array.reshape(-1)


def parts(size: int) -> int:
    """1 for a small array, which the calling thread does alone, else the number of threads."""
    return 1 if size < SERIAL else library.threads()
