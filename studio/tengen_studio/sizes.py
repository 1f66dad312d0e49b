"""Numbers of bytes as people read them."""

from __future__ import annotations


def size_text(count: int) -> str:
    """Return a number of bytes as people read it."""
    size, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
