"""Loading in the calling process: the iterators of a `DataLoader` without workers."""

from collections.abc import Callable, Iterator
from typing import Any

from .deadline import TimedCalls
from .fetch import fetch, finish, take
from .randomness import batch_scope


class SerialIterator:
    """Batches of a map data set or of a stream, made when they are asked for."""

    def __init__(self, loader: Any, stream: bool) -> None:
        self._loader = loader
        self._seed = loader._next_seed()
        self._index = 0
        self._timed = TimedCalls()
        self._make: Callable[[], Any]
        if stream:
            self._items = iter(loader.dataset)
            self._make = self._from_stream
        else:
            self._batches = iter(loader.sampler)
            self._make = self._from_indices

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        seconds = self._loader.timeout
        what = f"batch {self._index}, made in this process"
        try:
            batch = self._timed.run(self._make, seconds, what) if seconds else self._make()
        except _NoMore:
            self._timed.close()
            raise StopIteration from None
        self._index += 1
        return batch

    def _from_indices(self) -> Any:
        indices = next(self._batches, None)
        if indices is None:
            raise _NoMore
        loader = self._loader
        with batch_scope(self._seed, self._index):
            return fetch(loader.dataset, indices, loader.transform, loader.collator)

    def _from_stream(self) -> Any:
        loader = self._loader
        with batch_scope(self._seed, self._index):
            items = take(self._items, loader.sampler.batch_size)
            if not items:
                raise _NoMore
            return finish(items, loader.transform, loader.collator)


class _NoMore(Exception):
    """The end, from a place where StopIteration would be ambiguous."""
