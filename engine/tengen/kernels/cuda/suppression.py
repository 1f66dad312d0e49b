"""Non-maximum suppression on the device: which boxes stay, without a word to the host."""

from typing import Any

from .program import program

THREADS = 64
"""Boxes of a word of bits, and threads of a block, as suppression.cu has them."""


def workspace(count: int) -> int:
    """Bytes that `suppress` needs for `count` boxes."""
    columns = -(-count // THREADS)
    return 8 * (1 + columns + count * columns) + 4 * count


def suppress(
    boxes: Any, scores: Any, kind: str, threshold: float, limit: int, kept: Any, work: Any
) -> None:
    """Write the numbers of the `boxes` (count, 4) that stay to `kept` (count,), int32, by falling
    score (count,), and how many they are to the first 8 bytes of the workspace `work`.

    `kind` is the type of both in the kernels' names. A box goes when its intersection with a better
    one that stays is more than `threshold` of their union; at most `limit` stay (-1: any number).
    """
    count = boxes.shape[0]
    columns = -(-count // THREADS)
    kernel = program("suppression", TYPE=kind)
    kernel("ranks", columns, THREADS, scores, work, count)
    kernel("overlaps", (columns, columns, 1), THREADS, boxes, work, count, float(threshold))
    kernel("keep", 1, 256, work, kept, count, limit)
