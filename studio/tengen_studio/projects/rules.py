"""What a project's name, tags and other texts may be."""

from __future__ import annotations

import re
import unicodedata

from tengen_studio.errors import InvalidError
from tengen_studio.projects.models import NAME_LENGTH, TAG_LENGTH

MOST_TAGS = 20
MOST_DESCRIPTION = 5_000
MOST_LICENCE = 100
_MOST_SLUG = 60
_RESERVED = {"con", "prn", "aux", "nul", *(f"{x}{n}" for x in ("com", "lpt") for n in range(10))}


def name(text: str) -> str:
    """Return a project's name as it is kept: NFC, on one line, without spaces around it.

    Raises:
        InvalidError: empty, too long, or with a control character.
    """
    kept = unicodedata.normalize("NFC", text).strip()
    if not kept or len(kept) > NAME_LENGTH:
        raise InvalidError(f"name: 1 to {NAME_LENGTH} characters were expected; {len(kept)} came.")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for char in kept):
        raise InvalidError("name: a line of text was expected; it has a control character.")
    return kept


def slug(text: str) -> str:
    """Return the name of a project's folder: letters, digits and dashes, never empty.

    Letters of any script stay; what a file system could take for another name does not.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    words = re.findall(r"[^\W_]+", folded)
    kept = ""
    for char in "-".join(words):
        if len((kept + char).encode()) > _MOST_SLUG * 3 or len(kept) == _MOST_SLUG:
            break
        kept += char
    kept = kept.strip("-") or "project"
    return f"{kept}-project" if kept in _RESERVED else kept


def tags(texts: list[str]) -> list[str]:
    """Return tags as they are kept: small letters, sorted, each once.

    Raises:
        InvalidError: too many, or one that is empty, too long or more than words.
    """
    kept = sorted({unicodedata.normalize("NFKC", text).strip().casefold() for text in texts})
    if len(kept) > MOST_TAGS:
        raise InvalidError(f"tags: at most {MOST_TAGS} were expected; {len(kept)} came.")
    for tag in kept:
        if not re.fullmatch(r"[\w][\w .+#/-]*", tag) or len(tag) > TAG_LENGTH:
            raise InvalidError(
                f"tags: words of at most {TAG_LENGTH} characters were expected; {tag!r} came."
            )
    return kept


def text(field: str, value: str, most: int) -> str:
    """Return a free text as it is kept.

    Raises:
        InvalidError: too long, or with a character that no database keeps.
    """
    if len(value) > most:
        raise InvalidError(f"{field}: at most {most} characters were expected; {len(value)} came.")
    if "\0" in value or any(unicodedata.category(char) == "Cs" for char in value):
        raise InvalidError(f"{field}: text was expected; it has a character that is none.")
    return value
