"""LaTeX formulas as MathML, which browsers draw without a script."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from tengen_studio.pages.sanitize import MATH

LONGEST = 4000
_TAGS = set(MATH.split())
_NAME = re.compile(r"[a-z]+")
# The converter knows align*, whose rows are set the same.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|align|split|gathered|equation)\*?\}")


def mathml(latex: str, *, block: bool) -> str:
    """Return the MathML of a formula, or the formula as code where it cannot be read."""
    try:
        if len(latex) > LONGEST:
            raise ValueError(f"at most {LONGEST} characters were expected")
        text = _ALIGNED.sub(r"\\\1{align*}", latex)
        element = convert_to_element(text, display="block" if block else "inline")
        return "".join(_written(element))
    except Exception:  # the converter names no base class for what it cannot read
        return f"<code>{html.escape(latex)}</code>"


def _written(element: Element) -> Iterator[str]:
    # Written here and not by the library, which would undo the escaping of what it was given.
    if element.tag not in _TAGS:
        raise ValueError(f"an element of MathML was expected; {element.tag!r} came")
    attributes = "".join(
        f' {name}="{_escaped(value)}"'
        for name, value in element.attrib.items()
        if _NAME.fullmatch(name) and name != "href"
    )
    yield f"<{element.tag}{attributes}>{_escaped(element.text)}"
    for child in element:
        yield from _written(child)
        yield _escaped(child.tail)
    yield f"</{element.tag}>"


def _escaped(text: str | None) -> str:
    return html.escape(html.unescape(text or ""))
