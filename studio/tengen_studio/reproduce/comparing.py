"""Compares the outputs of a notebook that was run again with those that a version holds.

Texts are compared word by word; numbers in them may differ within the tolerances. What changes
from run to run by nature is left out: times, dates, memory addresses, progress bars. Pictures
may differ by what nobody sees.
"""

from __future__ import annotations

import base64
import html
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from tengen_studio.reproduce.schemas import CellReport, Verdict

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_UNIT = r"(?:ns|µs|us|ms|s|sec|secs|seconds?|min|minutes?|h|hours?)"
# What differs from one run to the next by nature; each is replaced by its name.
_VOLATILE = (
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),
    (re.compile(r"[^\n]*\r(?!\n)"), ""),
    (re.compile(r"0x[0-9a-fA-F]{6,16}\b"), "ADDRESS"),
    (
        re.compile(
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b"
        ),
        "DATE",
    ),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\b"), "TIME"),
    (re.compile(rf"{_NUMBER} ?(?:it|steps?|batch(?:es)?|samples?|images?|MB|kB|GB)/s\b"), "SPEED"),
    (re.compile(rf"{_NUMBER} ?{_UNIT}/(?:it|step|batch|sample|image|epoch)\b"), "SPEED"),
    (re.compile(rf"(?<![\w.]){_NUMBER} ?{_UNIT}(?![\w/])"), "TIME"),
)
_TOKEN = re.compile(rf"(?P<number>(?<![\w.]){_NUMBER}(?![\w]|\.\d))|\w+|[^\w\s]")
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_PICTURES = ("image/png", "image/jpeg")
_TEXTS = ("text/plain", "text/markdown", "text/latex", "application/json")
_ALIKE = 0.02
_ORDER: list[Verdict] = ["same", "close", "new", "not run", "different", "failed"]


@dataclass(frozen=True)
class Tolerance:
    """Numbers agree if they differ by at most `absolute + relative * |recorded|`."""

    relative: float = 1e-5
    absolute: float = 1e-8


@dataclass(frozen=True)
class _Found:
    verdict: Verdict
    difference: float | None = None
    note: str = ""


def compare_cell(
    number: int, recorded: list[Any], again: list[Any], tolerance: Tolerance
) -> CellReport:
    """Return how the outputs of cell `number` compare: the worst of what its parts give."""
    before, after = list(_parts(recorded)), list(_parts(again))
    failed = next((text for kind, text in after if kind == "error"), None)
    if failed is not None and not any(kind == "error" for kind, _ in before):
        return CellReport(number, "failed", None, str(failed)[:500])
    if not before:
        verdict: Verdict = "new" if after else "same"
        return CellReport(number, verdict, None, "the version has no output" if after else "")
    kinds = [kind for kind, _ in before], [kind for kind, _ in after]
    if kinds[0] != kinds[1]:
        note = f"outputs {_names(kinds[0])} were recorded; {_names(kinds[1])} came"
        return CellReport(number, "different", None, note)
    found = [
        _compare_picture(one, two) if kind in _PICTURES else _compare_text(one, two, tolerance)
        for (kind, one), (_, two) in zip(before, after, strict=True)
    ]
    worst = max(found, key=lambda part: _ORDER.index(part.verdict))
    differences = [part.difference for part in found if part.difference is not None]
    return CellReport(number, worst.verdict, max(differences, default=None), worst.note)


def _parts(outputs: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield each output as its kind and text; the pieces of one stream are joined."""
    streams: dict[str, str] = {}
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            name = str(output.get("name", "stdout"))
            streams[name] = streams.get(name, "") + _joined(output.get("text"))
        elif kind == "error":
            yield "error", f"{output.get('ename', '')}: {output.get('evalue', '')}"
        else:
            yield from _shown(output.get("data") or {})
    # Warnings and logs go to stderr: they are no result.
    if streams.get("stdout", "").strip():
        yield "stdout", streams["stdout"]


def _shown(data: Any) -> Iterator[tuple[str, str]]:
    """Yield the richest form of one output that can be compared."""
    for kind in _PICTURES:
        if kind in data:
            yield kind, _joined(data[kind])
            return
    for kind in _TEXTS:
        if kind in data:
            yield (
                kind,
                _joined(data[kind]) if isinstance(data[kind], (str, list)) else repr(data[kind]),
            )
            return
    if "text/html" in data:
        yield "text/html", html.unescape(_TAG.sub(" ", _joined(data["text/html"])))


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _names(kinds: list[str]) -> str:
    return ", ".join(kinds) if kinds else "none"


def _steady(text: str) -> str:
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    return text


def _compare_text(one: str, two: str, tolerance: Tolerance) -> _Found:
    if one == two:
        return _Found("same")
    before = list(_TOKEN.finditer(_steady(one)))
    after = list(_TOKEN.finditer(_steady(two)))
    worst = 0.0
    for left, right in zip(before, after, strict=False):
        if left["number"] is None or right["number"] is None:
            if left[0] != right[0]:
                return _Found("different", None, f"{_near(left)!r} was; {_near(right)!r} came")
            continue
        difference, agrees = _compare_numbers(float(left[0]), float(right[0]), tolerance)
        worst = max(worst, difference)
        if not agrees:
            return _Found("different", worst, f"{left[0]} was; {right[0]} came")
    if len(before) != len(after):
        return _Found("different", worst, f"{len(before)} words were; {len(after)} came")
    return _Found("close" if worst else "same", worst)


def _near(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - 20) : match.end() + 20].strip()


def _compare_numbers(one: float, two: float, tolerance: Tolerance) -> tuple[float, bool]:
    if one == two:
        return 0.0, True
    if not (math.isfinite(one) and math.isfinite(two)):
        return 1.0, False
    gap = abs(one - two)
    return gap / max(abs(one), abs(two)), gap <= tolerance.absolute + tolerance.relative * abs(one)


def _compare_picture(one: str, two: str) -> _Found:
    if one.split() == two.split():
        return _Found("same")
    try:
        before, after = _pixels(one), _pixels(two)
    except (ValueError, OSError, Image.DecompressionBombError) as error:
        return _Found("different", None, f"a picture cannot be read: {error}")
    if before.shape != after.shape:
        sizes = f"{before.shape[1]} x {before.shape[0]}", f"{after.shape[1]} x {after.shape[0]}"
        return _Found("different", None, f"a picture of {sizes[0]} was; {sizes[1]} came")
    difference = float(np.abs(before - after).mean() / 255)
    if difference == 0:
        return _Found("same", 0.0)
    note = f"a picture differs by {difference:.1%} on average"
    return _Found("close" if difference <= _ALIKE else "different", difference, note)


def _pixels(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
        if picture.width * picture.height > 60_000_000:
            raise ValueError("it is too large")
        return np.asarray(picture.convert("RGBA"), np.float32)
