"""Compares two texts line by line."""

from __future__ import annotations

from difflib import SequenceMatcher

from tengen_studio.history.schemas import Hunk

AROUND = 3
MOST_LINES = 20_000


def hunks(old: str, new: str, around: int = AROUND) -> list[Hunk]:
    """Return the stretches of lines that differ, with the lines around them."""
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return []
    matcher = SequenceMatcher(None, before, after)
    found = []
    for group in matcher.get_grouped_opcodes(around):
        lines = []
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [f" {line}" for line in before[old_from:old_to]]
                continue
            lines += [f"-{line}" for line in before[old_from:old_to]]
            lines += [f"+{line}" for line in after[new_from:new_to]]
        found.append(Hunk(group[0][1] + 1, group[0][3] + 1, lines))
    return found


def is_long(text: str) -> bool:
    """Tell whether a text has too many lines to be compared while somebody waits."""
    return text.count("\n") > MOST_LINES


def decoded(data: bytes) -> str | None:
    """Return what `data` says as text, or None if it is none."""
    if b"\0" in data[:8192]:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
