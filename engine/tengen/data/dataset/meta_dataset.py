"""The base classes of data sets, and those made of arrays or of other data sets."""

import bisect
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from ...base.errors import ArgumentError


class Dataset(ABC):
    """A data set with a length, whose samples are found by their index.

    Subclasses write `__getitem__` and `__len__`. Samples are tuples of NumPy arrays and numbers;
    `tengen.Tensor` is made of a batch, not of a sample.
    """

    @abstractmethod
    def __init__(self) -> None:
        pass

    @abstractmethod
    def __getitem__(self, index: Any) -> Any:
        pass

    @abstractmethod
    def __len__(self) -> int:
        pass


class StreamDataset(Dataset):
    """A data set without a length, read from its beginning; subclasses write `__iter__`.

    With `DataLoader(..., parallel_stream=True)` every worker iterates; `get_worker_info()` tells
    it which worker it is, so that it can give its own share.
    """

    @abstractmethod
    def __init__(self) -> None:
        pass

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        pass

    def __getitem__(self, idx: Any) -> Any:
        raise AssertionError("[StreamDataset] can not get item from StreamDataset by index")

    def __len__(self) -> int:
        raise AssertionError("[StreamDataset] StreamDataset does not have length")


class ArrayDataset(Dataset):
    """The entries of arrays of one length: sample i is `(arrays[0][i], arrays[1][i], ...)`."""

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ArgumentError("[ArrayDataset] expected at least one array; none came")
        lengths = [len(array) for array in arrays]
        if len(set(lengths)) > 1:
            raise ArgumentError(
                f"[ArrayDataset] lengths of input arrays are inconsistent: {lengths}"
            )
        self.arrays = arrays

    def __getitem__(self, index: Any) -> tuple:
        return tuple(array[index] for array in self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])


class ConcatDataset(Dataset):
    """Several data sets one after the other."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("[ConcatDataset] expected at least one data set; none came")
        for dataset in self.datasets:
            if isinstance(dataset, StreamDataset):
                raise ArgumentError("[ConcatDataset] a StreamDataset has no length to add up")
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))

    def __getitem__(self, idx: int) -> Any:
        if not -len(self) <= idx < len(self):
            raise _OutOfRange(f"[ConcatDataset] index {idx} is out of range for {len(self)}")
        idx %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        start = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][idx - start]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class _OutOfRange(ArgumentError, IndexError):
    """An index error, so that plain iteration ends, which MegEngine's ValueError handlers catch."""
