"""The language of a page, and its texts from the studio's one table."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

Language = Literal["en", "zh"]

COOKIE = "tengen-language"
_TABLE = Path(__file__).resolve().parent.parent / "locale/zh_CN/LC_MESSAGES/tengen_studio.json"


def choose(chosen: str | None, accepted: str) -> Language:
    """Return the language that was `chosen`, or the best that the browser accepts.

    `accepted` is an Accept-Language header.
    """
    if chosen in ("en", "zh"):
        return chosen  # type: ignore[return-value]
    ranked = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        if language in ("en", "zh"):
            ranked.append((-_number(weight), place, language))
    return min(ranked)[2] if ranked else "en"  # type: ignore[return-value]


def translator(language: Language) -> Callable[..., str]:
    """Return the function by which templates say a text; `%1` stands for the first value."""
    table = chinese() if language == "zh" else {}

    def say(text: str, *values: object) -> str:
        said = table.get(text, text)
        for number, value in enumerate(values, start=1):
            said = said.replace(f"%{number}", str(value))
        return said

    return say


@functools.cache
def chinese() -> dict[str, str]:
    """Return the Chinese of every text of the studio, by the English."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {english: texts[0] for english, texts in table.items() if english}


def _number(weight: str) -> float:
    try:
        return float(weight or 1)
    except ValueError:
        return 0.0
