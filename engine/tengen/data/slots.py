"""Segments that workers write batches to, and their loan to the program."""

import collections
import dataclasses
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from .buffers import Span, slices
from .segment import Segment


@dataclasses.dataclass
class Slot:
    """A segment that one worker writes batches to, one at a time."""

    number: int
    segment: Segment


class Lender:
    """Lends out the contents of slots, at most `limit` at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._leases: dict[int, weakref.ref[np.ndarray]] = {}

    def lend(
        self, slot: Slot, spans: Sequence[Span], free: collections.deque[Slot]
    ) -> list[memoryview] | list[bytearray]:
        """Buffers at `spans` of `slot`, which joins `free` when the last of them is dropped.

        When many are lent already, copies, so that a program that keeps all its batches does not
        run out of file descriptors.
        """
        if len(self._leases) >= self._limit:
            copies = [bytearray(view) for view in slices(spans, slot.segment.map)]
            free.append(slot)
            return copies
        lease = np.frombuffer(slot.segment.map, np.uint8)
        leases = self._leases

        def give_back(_: Any) -> None:
            leases.pop(slot.number, None)
            free.append(slot)

        leases[slot.number] = weakref.ref(lease, give_back)
        return slices(spans, lease)
