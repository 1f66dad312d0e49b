"""Arrays whose last byte lies right before memory that cannot be touched."""

import ctypes
import mmap
from typing import Any

import numpy as np

_libc = ctypes.CDLL(None, use_errno=True)
_PAGE = mmap.PAGESIZE


def guarded(shape: Any, dtype: Any, align: int = 16) -> np.ndarray[Any, Any]:
    """An array between two forbidden pages, filled with 0xA5; its start is a multiple of `align`.

    With `align` the item's size the array ends exactly at the forbidden page.
    """
    dtype = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    room = -(-max(size, 1) // _PAGE) * _PAGE
    memory = mmap.mmap(-1, room + 2 * _PAGE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (base, base + _PAGE + room):
        if _libc.mprotect(ctypes.c_void_p(page), _PAGE, 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    start = _PAGE + (room - size) // align * align
    flat = np.frombuffer(memory, np.uint8, size, start)
    flat[...] = 0xA5
    return flat.view(dtype).reshape(shape)


def guarded_copy(array: Any, align: int = 16) -> np.ndarray[Any, Any]:
    """The array's elements in guarded memory, in C order."""
    made = guarded(array.shape, array.dtype, align)
    made[...] = array
    return made
