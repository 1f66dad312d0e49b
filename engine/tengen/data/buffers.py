"""Pickles whose arrays lie outside the byte string, so that they can be put in shared memory."""

import dataclasses
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np

ALIGNMENT = 64


@dataclasses.dataclass(frozen=True)
class Span:
    """Where one array's bytes lie in a segment."""

    start: int
    size: int


def lay_out(buffers: Sequence[pickle.PickleBuffer]) -> tuple[list[Span], int]:
    """Aligned places for `buffers`, one after the other, and the bytes they need together."""
    spans = []
    end = 0
    for buffer in buffers:
        start = -(-end // ALIGNMENT) * ALIGNMENT
        size = buffer.raw().nbytes
        spans.append(Span(start, size))
        end = start + size
    return spans, end


def write(buffers: Sequence[pickle.PickleBuffer], spans: Sequence[Span], target: Any) -> None:
    """Copy `buffers` to their places in `target`, a writable buffer."""
    room = np.frombuffer(target, np.uint8)
    for buffer, span in zip(buffers, spans, strict=True):
        room[span.start : span.start + span.size] = np.frombuffer(buffer.raw(), np.uint8)


def slices(spans: Sequence[Span], source: Any) -> list[memoryview]:
    """Views of the places in `source`; each keeps `source` alive."""
    view = memoryview(source)
    return [view[span.start : span.start + span.size] for span in spans]
