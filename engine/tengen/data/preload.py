"""Turning batches into tensors one step ahead."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor


class Preloader:
    """The batches of `batches`, their arrays made tensors, each ready before it is asked for."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self._ready: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._batches)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        batch = self._ready.pop() if self._ready else to_tensors(next(self._batches))
        following = next(self._batches, None)
        if following is not None:
            self._ready.append(to_tensors(following))
        return batch


def to_tensors(batch: Any) -> Any:
    """`batch` with every array a `Tensor`; mappings become dicts and sequences lists."""
    if isinstance(batch, np.ndarray):
        return Tensor(batch)
    if isinstance(batch, Mapping):
        return {key: to_tensors(value) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*map(to_tensors, batch))
    if isinstance(batch, Sequence) and not isinstance(batch, (str, bytes)):
        return [to_tensors(value) for value in batch]
    return batch
