"""Non-maximum suppression on the device: which boxes stay, without a word to the host."""

from typing import Any

from .program import program

THREADS = 64


def workspace(count: int) -> int:
    """uint64 words that `suppress` needs for `count` boxes."""
    columns = -(-count // THREADS)
    return count * columns + columns


def suppress(
    boxes: Any, kind: str, threshold: float, limit: int, words: Any, kept: Any, total: Any
) -> None:
    """Mark the boxes that stay, of `boxes` (count, 4) by falling score.

    `kind` is their type in the kernels' names; `words` a workspace; `kept` (count,) bytes; `total`
    one int64. A box goes when its intersection with a better one that stays is more than
    `threshold` of their union; at most `limit` stay (-1: any number).
    """
    count = boxes.shape[0]
    columns = -(-count // THREADS)
    kernel = program("suppression", TYPE=kind)
    kernel("overlaps", (columns, columns, 1), THREADS, boxes, words, count, float(threshold))
    gone = words[count * columns :]
    kernel("keep", 1, 256, words, gone, kept, total, count, limit)
