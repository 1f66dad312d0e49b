"""What a worker needs of the user's program, made ready to be sent.

cloudpickle carries classes and functions of notebooks, scripts and functions by value, so that a
started process does not have to import the main program again. Arrays travel in shared memory,
once for all workers; memory-mapped files are mapped again by the receiver.
"""

import io
import mmap
import pickle
from collections.abc import Mapping
from typing import Any

import cloudpickle
import numpy as np

from .buffers import Span, lay_out, write
from .exceptions import NotPicklableError
from .segment import Segment

_ADVICE = (
    "open files, connections, locks, generators and other things that belong to one process "
    "cannot be sent: make them on first use in __getitem__, leave them out in __getstate__, or "
    "use num_workers=0"
)


class Payload:
    """A pickled object whose arrays lie in a segment of shared memory."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        """Pickle `parts`, named for error messages; raises NotPicklableError."""
        self._raw: list[pickle.PickleBuffer] = []
        try:
            self.data = dumps(tuple(parts.values()), self._raw)
        except Exception as error:
            raise NotPicklableError(_explain(parts, error)) from error
        self.spans: list[Span]
        self.spans, self._total = lay_out(self._raw)
        self.segment: Segment | None = None

    @property
    def nbytes(self) -> int:
        """Bytes that every worker keeps for itself; the shared arrays are not among them."""
        return len(self.data)

    def place(self) -> Segment:
        """The segment that holds the arrays, filled on the first call."""
        if self.segment is None:
            self.segment = Segment.create(self._total)
            write(self._raw, self.spans, self.segment.map)
            self._raw = []
        return self.segment

    def same_as(self, placed: "Payload") -> bool:
        """Whether this payload, not placed yet, holds the same bytes as one that is."""
        if self.data != placed.data or self.spans != placed.spans or placed.segment is None:
            return False
        room = np.frombuffer(placed.segment.map, np.uint8)
        return all(
            np.array_equal(
                np.frombuffer(raw.raw(), np.uint8), room[span.start : span.start + span.size]
            )
            for raw, span in zip(self._raw, self.spans, strict=True)
        )


def dumps(value: Any, buffers: list[pickle.PickleBuffer]) -> bytes:
    """`value` pickled, the bytes of contiguous arrays appended to `buffers` instead."""
    sink = io.BytesIO()
    _Pickler(sink, protocol=5, buffer_callback=buffers.append).dump(value)
    return sink.getvalue()


class _Pickler(cloudpickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is np.memmap and obj.flags.c_contiguous and obj.size:
            place = _place_in_file(obj)
            if place is not None:
                return _map_again, (*place, obj.dtype, obj.shape)
        return super().reducer_override(obj)


def _place_in_file(array: Any) -> tuple[str, int] | None:
    """The file and the byte offset that `array` is a view of, if writes to it reach the file."""
    if array.filename is None or array._mmap is None or array.mode == "c":
        return None
    start = np.frombuffer(array._mmap, np.uint8).__array_interface__["data"][0]
    from_map = array.__array_interface__["data"][0] - start
    # A mapping begins at a multiple of the granularity; numpy keeps the offset asked for.
    map_offset = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    return str(array.filename), map_offset + from_map


def _map_again(path: str, offset: int, dtype: np.dtype, shape: tuple[int, ...]) -> np.memmap:
    return np.memmap(path, dtype=dtype, mode="c", offset=offset, shape=shape)


def _explain(parts: Mapping[str, Any], error: Exception) -> str:
    for name, value in parts.items():
        if not _picklable(value):
            place = _culprit(name, value, 0)
            return f"[DataLoader] {place} cannot be sent to worker processes: {error}; {_ADVICE}"
    return f"[DataLoader] the data set cannot be sent to worker processes: {error}; {_ADVICE}"


def _culprit(name: str, value: Any, depth: int) -> str:
    """The path of the innermost attribute or item that cannot be pickled, with its type."""
    inner: dict[str, Any] = {}
    if isinstance(value, Mapping):
        inner = {f"{name}[{key!r}]": item for key, item in value.items()}
    elif isinstance(value, (list, tuple)):
        inner = {f"{name}[{i}]": item for i, item in enumerate(value)}
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        inner = {f"{name}.{key}": item for key, item in vars(value).items()}
    if depth < 4:
        for path, item in inner.items():
            if not _picklable(item):
                return _culprit(path, item, depth + 1)
    return f"{name} ({type(value).__name__})"


def _picklable(value: Any) -> bool:
    try:
        dumps(value, [])
    except Exception:
        return False
    return True
