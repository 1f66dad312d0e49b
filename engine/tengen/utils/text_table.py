"""Rows as text in columns."""

from collections.abc import Sequence
from typing import Any


def text_table(rows: Sequence[dict[str, Any]], header: Sequence[str]) -> str:
    """A header, a rule and one line a row; a cell is empty where a row lacks the column."""
    cells = [list(header)]
    cells += [[str(row.get(column, "")) for column in header] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def in_units(number: float, suffix: str = "B") -> str:
    """A number with a unit: powers of 1024 for bytes ("B"), of 1000 for the rest."""
    step, units = (1024.0, ("", "Ki", "Mi", "Gi", "Ti", "Pi")) if suffix == "B" else (
        1000.0, ("", "K", "M", "G", "T", "P"))  # fmt: skip
    for unit in units[:-1]:
        if abs(number) < step:
            return f"{number:.3f} {unit}{suffix}"
        number /= step
    return f"{number:.3f} {units[-1]}{suffix}"
