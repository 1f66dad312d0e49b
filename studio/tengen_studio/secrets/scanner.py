"""Looks for secrets in text files and in the cells of notebooks, sources and outputs alike.

A line with the words `not a secret` is passed over: a person has looked at it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tengen_studio.secrets.rules import RULES, is_placeholder, is_suspect
from tengen_studio.secrets.schemas import Finding, Part

STORED = "stored secret"
_MOST_BYTES = 20 * 2**20
_LONGEST_LINE = 20_000
_DISMISSED = "not a secret"


def scan(files: Iterable[tuple[str, bytes]], values: Sequence[str] = ()) -> list[Finding]:
    """Return the possible secrets in `files`, given as path and content, in their order.

    `values` are looked for literally, whatever they look like: those of the studio's own store.
    Binary files and what lies beyond the first 20 MB of a file are left out.
    """
    return list(dict.fromkeys(finding for finding, _ in _matches(files, values)))


def values_in(path: str, content: bytes, values: Sequence[str] = ()) -> set[str]:
    """Return the possible secrets in one file themselves, to be compared and never shown."""
    return {value for _, value in _matches([(path, content)], values)}


def mask(value: str) -> str:
    """Return `value` with everything hidden but a start of at most four characters."""
    shown = min(4, len(value) // 4)
    return value[:shown] + "•" * 6


def _matches(
    files: Iterable[tuple[str, bytes]], values: Sequence[str]
) -> Iterator[tuple[Finding, str]]:
    for path, content in files:
        for cell, part, text in _texts(path, content[:_MOST_BYTES]):
            yield from _scan_text(path, cell, part, text, values)


def _texts(path: str, content: bytes) -> Iterator[tuple[int | None, Part, str]]:
    if b"\0" in content[:8192]:
        return
    if path.endswith(".ipynb"):
        try:
            notebook = json.loads(content)
        except ValueError:
            notebook = None
        if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
            yield from _notebook_texts(notebook)
            return
    yield None, "text", content.decode("utf-8", errors="replace")


def _notebook_texts(notebook: dict[str, Any]) -> Iterator[tuple[int | None, Part, str]]:
    yield None, "metadata", _flat(notebook.get("metadata"))
    for number, cell in enumerate(notebook["cells"], start=1):
        if not isinstance(cell, dict):
            continue
        yield number, "source", _joined(cell.get("source"))
        yield number, "metadata", _flat(cell.get("metadata"))
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else []:
            for text in output_texts(output):
                yield number, "output", text


def output_texts(output: Any) -> Iterator[str]:
    """Yield every text that a notebook's output shows; pictures have none."""
    if not isinstance(output, dict):
        return
    for field in ("text", "evalue", "traceback"):
        if field in output:
            yield _joined(output[field], "\n" if field == "traceback" else "")
    data = output.get("data")
    for kind, value in data.items() if isinstance(data, dict) else []:
        if isinstance(value, dict) or kind.endswith("json"):
            yield _flat(value)
        elif not kind.startswith(("image/", "application/pdf")) or kind == "image/svg+xml":
            yield _joined(value)


def _joined(value: Any, between: str = "") -> str:
    if isinstance(value, list):
        return between.join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _flat(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _scan_text(
    path: str, cell: int | None, part: Part, text: str, values: Sequence[str]
) -> Iterator[tuple[Finding, str]]:
    if not is_suspect(text) and not any(value in text for value in values):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if _DISMISSED in line:
            continue
        for value in values:
            if value in line:
                yield Finding(path, cell, part, number, STORED, mask(value)), value
        if not is_suspect(line):
            continue
        for start in range(0, max(1, len(line)), _LONGEST_LINE):
            piece = line[start : start + _LONGEST_LINE + 400]
            yield from _scan_line(path, cell, part, number, piece)


def _scan_line(
    path: str, cell: int | None, part: Part, number: int, line: str
) -> Iterator[tuple[Finding, str]]:
    taken: list[tuple[int, int]] = []
    for rule in RULES:
        for match in rule.pattern.finditer(line):
            start, end = match.span("value")
            value = match["value"]
            # The general rules come last: what an issuer's own rule named is not named twice.
            if any(start < b and a < end for a, b in taken) or is_placeholder(rule, value):
                continue
            taken.append((start, end))
            yield Finding(path, cell, part, number, rule.kind, mask(value)), value
