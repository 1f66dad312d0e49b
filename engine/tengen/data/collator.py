"""Merging samples into a mini-batch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base.errors import ArgumentError, DTypeError

_ACCEPTED = "numpy arrays, numbers, strings, bytes, mappings and sequences"


class Collator:
    """Stacks the samples of a batch; the default collator of `DataLoader`."""

    def apply(self, inputs: Any) -> Any:
        """The batch made of `inputs`, a sequence of N samples of the same structure.

        Arrays of shape (...) become one array (N, ...), Python floats a float64 array, integers
        and NumPy scalars an array of shape (N,). Strings and bytes stay as they are. Mappings
        give a dict, named tuples the same named tuple, other sequences a list with one entry for
        each field. Arrays of different shapes and types outside this list raise.
        """
        if len(inputs) == 0:
            raise ArgumentError("[collator] expected at least one sample; none came")
        first = inputs[0]
        if isinstance(first, (str, bytes)):
            return inputs
        if isinstance(first, np.ndarray):
            return _stack(inputs)
        if isinstance(first, float):
            return np.array(inputs, dtype=np.float64)
        if isinstance(first, (int, np.generic)):
            return np.array(inputs)
        if isinstance(first, Mapping):
            return {key: self.apply([sample[key] for sample in inputs]) for key in first}
        if isinstance(first, tuple) and hasattr(first, "_fields"):
            return type(first)(*(self.apply(field) for field in zip(*inputs, strict=True)))
        if isinstance(first, Sequence):
            _check_lengths(inputs)
            return [self.apply(field) for field in zip(*inputs, strict=True)]
        hint = "; turn it into an array with .numpy()" if hasattr(first, "numpy") else ""
        raise DTypeError(
            f"[collator] samples must hold {_ACCEPTED}; found {type(first).__name__}{hint}"
        )


def _stack(arrays: Sequence[np.ndarray]) -> np.ndarray:
    first = np.asarray(arrays[0])
    if first.dtype.kind in "OSUa":
        raise DTypeError(
            f"[collator] arrays of dtype {first.dtype} cannot be stacked into a batch of numbers; "
            f"samples must hold {_ACCEPTED}"
        )
    for position, array in enumerate(arrays):
        if np.shape(array) != first.shape:
            raise ArgumentError(
                f"[collator] the samples of a batch must have one shape; sample 0 is "
                f"{first.shape}, sample {position} is {np.shape(array)}: resize or pad them in "
                f"the transform, or give a collator of your own"
            )
    return np.stack(arrays)


def _check_lengths(samples: Sequence[Sequence[Any]]) -> None:
    for position, sample in enumerate(samples):
        if len(sample) != len(samples[0]):
            raise ArgumentError(
                f"[collator] the samples of a batch must have one structure; sample 0 has "
                f"{len(samples[0])} entries, sample {position} has {len(sample)}"
            )
