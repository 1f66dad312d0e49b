"""Tables of addresses that a launch over many arrays takes by value.

A kernel's parameters hold 4 KB on every architecture, so that many arrays may need several
launches.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import program

MOST_BYTES = 3800
"""Of the 4096 bytes that parameters may take; the rest is for what stands beside the table."""


def capacity(words: int) -> int:
    """Items of a table with `words` 8-byte words each, and 4 bytes for its first block."""
    return (MOST_BYTES - 16) // (8 * words + 4)


def address() -> Callable[[Any], int]:
    """What tells where an array lies."""
    return program.loader().address  # type: ignore[no-any-return]


def pack(
    items: Sequence[Sequence[int]], sizes: Sequence[int], piece: int, most: int, by_field: bool
) -> tuple[bytes, int]:
    """The table's bytes and its number of blocks, each of `piece` elements.

    The items lie one after another, or `by_field`: the first words of all, then the second ones.
    """
    words = [list(item) for item in items]
    words += [[0] * len(words[0])] * (most - len(words))
    rows = list(zip(*words, strict=True)) if by_field else words
    first, starts = 0, []
    for size in sizes:
        starts.append(first)
        first += -(-size // piece)
    starts += [first] * (most + 1 - len(starts))
    flat = [word for row in rows for word in row]
    form = f"{len(flat)}Q{most + 1}ii"
    return struct.pack(form, *flat, *starts, len(items)), first


def chunks(count: int, most: int) -> Iterator[range]:
    """The items of each launch."""
    for start in range(0, count, most):
        yield range(start, min(start + most, count))
