"""Turning batches into tensors one step ahead; for a GPU they are copied there meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..base.device import as_device
from ..graph.value import wrap
from ..runtime.buffer import make_tag, sent
from ..tensor import Tensor, host_array


class Preloader:
    """The batches of `batches`, their arrays made tensors, each ready before it is asked for.

    On a GPU the next batch is copied from pinned memory, beside what the GPU computes.
    """

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self._ready: list[tuple[Any, list[Any]]] = []

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._batches)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        batch, arrivals = self._ready.pop() if self._ready else started(next(self._batches))
        following = next(self._batches, None)
        if following is not None:
            self._ready.append(started(following))
        for arrival in arrivals:
            arrival.wait()
        return batch


def started(batch: Any) -> tuple[Any, list[Any]]:
    """`batch` with tensors, and the copies that must have arrived before it is used."""
    arrivals: list[Any] = []
    return to_tensors(batch, arrivals), arrivals


def to_tensors(batch: Any, arrivals: list[Any]) -> Any:
    """`batch` with every array a `Tensor`; mappings become dicts and sequences lists."""
    if isinstance(batch, np.ndarray):
        return _tensor(batch, arrivals)
    if isinstance(batch, Mapping):
        return {key: to_tensors(value, arrivals) for key, value in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*[to_tensors(value, arrivals) for value in batch])
    if isinstance(batch, Sequence) and not isinstance(batch, (str, bytes)):
        return [to_tensors(value, arrivals) for value in batch]
    return batch


def _tensor(array: np.ndarray[Any, Any], arrivals: list[Any]) -> Tensor:
    device = as_device(None)
    if device.host or not array.size:
        return Tensor(array)
    values = host_array(array)
    buffer, arrival = sent(values, device, make_tag("data", values.nbytes))
    arrivals.append(arrival)
    return wrap(buffer, None)  # type: ignore[no-any-return]
