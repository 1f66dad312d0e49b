"""The names of accounts: which are allowed, and when two are the same."""

from __future__ import annotations

import unicodedata

from tengen_studio.errors import InvalidError

LONGEST = 64


def clean(name: str) -> str:
    """Return a name as it is kept: NFKC, without spaces around it.

    Raises:
        InvalidError: empty, too long, or with a character that is not a letter, a digit, a
            mark, or one of " .-_@'".
    """
    kept = unicodedata.normalize("NFKC", name).strip()
    if not kept or len(kept) > LONGEST:
        raise InvalidError(f"name: 1 to {LONGEST} characters were expected; {len(kept)} came.")
    for char in kept:
        if unicodedata.category(char)[0] not in "LMN" and char not in " .-_@'":
            raise InvalidError(f"name: letters, digits and .-_@' were expected; {char!r} came.")
    return kept


def fold(name: str) -> str:
    """Return what two spellings of one name have in common: case and width are gone."""
    # Folding may undo the normal form, so it is brought back once more.
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
