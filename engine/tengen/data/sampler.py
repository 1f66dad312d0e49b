"""Samplers: in which order, and in which batches, a loader asks a data set for samples.

Orders for a given seed are those of `numpy.random.RandomState`, whose streams NumPy has frozen:
they stay the same over NumPy versions, and equal MegEngine's.
"""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..base.errors import ArgumentError
from .randomness import draw_seed


class Sampler(ABC):
    """Base class of all samplers: an iterable of batches of indices."""

    @abstractmethod
    def __init__(self) -> None:
        pass


class MapSampler(Sampler):
    """Base class of samplers for data sets with a length; subclasses write `sample`.

    Args:
        dataset: what to sample from; only its length is used.
        batch_size: indices in a batch.
        drop_last: leave out a last batch that is not full.
        num_samples: indices in an epoch over all ranks; the length of `dataset` by default.
        world_size: number of ranks that share the data set; 1 by default.
        rank: this process's rank; 0 by default.
        seed: of the random order. Without one, several ranks use 0, so that they agree; a single
            process takes a seed from `tengen.random.seed` or NumPy's global generator.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        drop_last: bool = False,
        num_samples: int | None = None,
        world_size: int | None = None,
        rank: int | None = None,
        seed: int | None = None,
    ) -> None:
        name = type(self).__name__
        _check_positive(name, "batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ArgumentError(f"[{name}] drop_last is True or False; got {drop_last!r}")
        if num_samples is not None:
            _check_positive(name, "num_samples", num_samples)
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.world_size = 1 if world_size is None else world_size
        self.rank = 0 if rank is None else rank
        if not 0 <= self.rank < self.world_size:
            raise ArgumentError(
                f"[{name}] rank must be in [0, world_size); got rank {self.rank} of "
                f"{self.world_size}"
            )
        total = len(dataset) if num_samples is None else num_samples
        self.num_samples = math.ceil(total / self.world_size)
        if drop_last and self.num_samples < batch_size:
            raise ArgumentError(
                f"[{name}] with drop_last a rank needs at least batch_size={batch_size} samples; "
                f"it has {self.num_samples}"
            )
        if seed is None:
            seed = 0 if self.world_size > 1 else draw_seed()
        self.rng = np.random.RandomState(seed)

    def __iter__(self) -> Iterator[list[Any]]:
        return self.batch()

    def __len__(self) -> int:
        if self.drop_last:
            return self.num_samples // self.batch_size
        return math.ceil(self.num_samples / self.batch_size)

    def sample(self) -> Any:
        """The indices of one epoch, over all ranks; subclasses write it."""
        raise NotImplementedError(f"[{type(self).__name__}] a sampler must define sample()")

    def scatter(self, indices: list[Any]) -> list[Any]:
        """This rank's share of `indices`: every `world_size`-th, from `rank` on.

        Indices from the beginning are used again where the number is not divisible. Override it
        to share them out in another way.
        """
        total = self.num_samples * self.world_size
        if not indices or total < len(indices):
            raise ArgumentError(
                f"[{type(self).__name__}] {self.world_size} ranks take {total} indices; sample() "
                f"gave {len(indices)}"
            )
        padded = list(itertools.islice(itertools.cycle(indices), total))
        return padded[self.rank : total : self.world_size]

    def batch(self) -> Iterator[list[Any]]:
        """The epoch's batches, each a list of indices."""
        indices = list(self.sample())
        if self.world_size > 1:
            indices = self.scatter(indices)
        for start in range(0, len(indices), self.batch_size):
            chosen = indices[start : start + self.batch_size]
            if len(chosen) == self.batch_size or not self.drop_last:
                yield chosen


class SequentialSampler(MapSampler):
    """Indices in order: of the whole data set, or those given as `indices`."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        drop_last: bool = False,
        indices: Sequence[Any] | None = None,
        world_size: int | None = None,
        rank: int | None = None,
    ) -> None:
        count = _count_of(self, indices)
        super().__init__(dataset, batch_size, drop_last, count, world_size, rank, seed=0)
        self.indices = indices

    def sample(self) -> Iterator[Any]:
        """An iterator over the indices, in order."""
        return iter(range(len(self.dataset)) if self.indices is None else self.indices)


class RandomSampler(MapSampler):
    """Every index once, in an order that is new in each epoch."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        drop_last: bool = False,
        indices: Sequence[Any] | None = None,
        world_size: int | None = None,
        rank: int | None = None,
        seed: int | None = None,
    ) -> None:
        count = _count_of(self, indices)
        super().__init__(dataset, batch_size, drop_last, count, world_size, rank, seed)
        self.indices = indices

    def sample(self) -> list[Any]:
        """A permutation of the indices, as a list."""
        chosen = len(self.dataset) if self.indices is None else self.indices
        return self.rng.permutation(chosen).tolist()


class ReplacementSampler(MapSampler):
    """Indices drawn with replacement, with probabilities proportional to `weights`."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        drop_last: bool = False,
        num_samples: int | None = None,
        weights: Sequence[float] | None = None,
        world_size: int | None = None,
        rank: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(dataset, batch_size, drop_last, num_samples, world_size, rank, seed)
        self.weights = None if weights is None else _normalised(weights, len(dataset))

    def sample(self) -> list[Any]:
        """The drawn indices, as a list."""
        size = self.num_samples * self.world_size
        return self.rng.choice(len(self.dataset), size=size, replace=True, p=self.weights).tolist()


class StreamSampler(Sampler):
    """Numbers the samples of a `StreamDataset` and says how many make a batch.

    With several machines the data set itself has to give each of them its own samples.
    """

    def __init__(self, batch_size: int = 1) -> None:
        _check_positive("StreamSampler", "batch_size", batch_size)
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[list[int]]:
        return self.batch()

    def batch(self) -> Iterator[list[int]]:
        """Batches of running numbers, without an end."""
        numbers = iter(self.sample())
        while chosen := list(itertools.islice(numbers, self.batch_size)):
            yield chosen

    def sample(self) -> Iterator[int]:
        """The numbers 0, 1, 2, ... without an end."""
        return itertools.count(start=0)


class Infinite(Sampler):
    """Repeats another sampler for ever, each round drawn anew.

    Attributes that it does not have itself are the wrapped sampler's.
    """

    def __init__(self, sampler: Any) -> None:
        self.sampler = sampler
        self.sampler_iter = iter(sampler)

    def sample(self) -> Any:
        """Raises: an infinite sampler has no epoch."""
        raise NotImplementedError("[Infinite] sample() has no end here; iterate over batches")

    def __iter__(self) -> "Infinite":
        return self

    def __next__(self) -> Any:
        try:
            return next(self.sampler_iter)
        except StopIteration:
            self.sampler_iter = iter(self.sampler)
            return next(self.sampler_iter)

    def __len__(self) -> int:
        return int(np.iinfo(np.int64).max)

    def __getattr__(self, name: str) -> Any:
        # copy and pickle ask for attributes before `sampler` is set
        if name == "sampler":
            raise AttributeError(name)
        return getattr(self.sampler, name)


def _check_positive(owner: str, name: str, value: Any) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value <= 0:
        raise ArgumentError(f"[{owner}] {name} must be a positive integer; got {value!r}")


def _count_of(sampler: Sampler, indices: Any) -> int | None:
    if indices is None:
        return None
    if not isinstance(indices, (Sequence, np.ndarray)) or len(indices) == 0:
        raise ArgumentError(
            f"[{type(sampler).__name__}] indices must be a sequence that is not empty, or None; "
            f"got {indices!r}"
        )
    return len(indices)


def _normalised(weights: Any, count: int) -> np.ndarray:
    if not isinstance(weights, (Sequence, np.ndarray)):
        raise ArgumentError(
            f"[ReplacementSampler] weights must be a sequence or None; got {weights!r}"
        )
    if len(weights) != count:
        raise ArgumentError(
            f"[ReplacementSampler] needs one weight for each of the {count} samples; got "
            f"{len(weights)}"
        )
    values = np.asarray(weights, dtype=np.float64)
    if (values < 0).any() or not values.sum() > 0:
        raise ArgumentError("[ReplacementSampler] weights must not be negative, nor all zero")
    return values / values.sum()
