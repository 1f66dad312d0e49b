"""Where something came from: a line of a file or of a notebook cell."""

from __future__ import annotations

from msgspec import Struct


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A line of the user's code; `line` counts from 1.

    `file` is a path as Python knows it. For code of a notebook `cell` is the cell's id where it
    is known, else its number as "In[3]", and `line` counts within the cell. `text` is the line
    itself, if it could be read.
    """

    file: str
    line: int
    cell: str | None = None
    text: str = ""
