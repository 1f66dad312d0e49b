"""Markdown as safe HTML: tables, task lists, footnotes, formulas and highlighted code."""

from __future__ import annotations

from typing import Any

import mistune
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from tengen_studio.pages.formula import mathml
from tengen_studio.pages.sanitize import Places, sanitize

LONGEST = 1_000_000
_PLUGINS = ["table", "strikethrough", "task_lists", "footnotes", "url", "math"]


def render(text: str, places: Places, *, styled: bool = False) -> str:
    """Return the sanitized HTML of a Markdown text; see `sanitize` for the rest."""
    return sanitize(raw_html(text), places, styled=styled)


def raw_html(text: str) -> str:
    """Return the HTML of a Markdown text as it was written, dangers included."""
    made = mistune.create_markdown(renderer=_Renderer(), plugins=_PLUGINS)
    made.renderer.register("block_math", _block_math)  # type: ignore[union-attr]
    made.renderer.register("inline_math", _inline_math)  # type: ignore[union-attr]
    made.renderer.register("table_cell", _table_cell)  # type: ignore[union-attr]
    made.renderer.register("task_list_item", _task)  # type: ignore[union-attr]
    return str(made(text[:LONGEST]))


class _Renderer(mistune.HTMLRenderer):
    """Highlights fenced code and gives headings the ids that links in documents expect."""

    def __init__(self) -> None:
        # Raw HTML is let through here, since the sanitizer has the last word.
        super().__init__(escape=False, allow_harmful_protocols=True)
        self._ids: dict[str, int] = {}

    def block_code(self, code: str, info: str | None = None) -> str:
        return highlighted(code, (info or "").split(None, 1)[0] if info else "")

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        plain = mistune.util.striptags(text).strip().lower()
        slug = "".join(c for c in plain.replace(" ", "-") if c.isalnum() or c in "-_")
        count = self._ids.get(slug, 0)
        self._ids[slug] = count + 1
        name = f"{slug}-{count}" if count else slug
        return f'<h{level} id="{mistune.escape(name)}">{text}</h{level}>\n'


def highlighted(code: str, language: str = "") -> str:
    """Return code as highlighted HTML; without a known language as it is."""
    lexer = get_lexer_by_name(known_language(language))
    return str(highlight(code, lexer, HtmlFormatter(cssclass="highlight", wrapcode=True)))


def known_language(name: str) -> str:
    """Return `name` if code in that language can be highlighted, else "text"."""
    try:
        get_lexer_by_name(name)
    except ClassNotFound:
        return "text"
    return name


def _block_math(renderer: Any, text: str) -> str:
    return f"<p>{mathml(text, block=True)}</p>\n"


def _inline_math(renderer: Any, text: str) -> str:
    return mathml(text, block=False)


def _table_cell(renderer: Any, text: str, align: str | None = None, head: bool = False) -> str:
    tag = "th" if head else "td"
    # An inline style, as the library writes it, is not allowed on the page.
    aligned = f' align="{align}"' if align else ""
    return f"<{tag}{aligned}>{text}</{tag}>\n"


def _task(renderer: Any, text: str, checked: bool = False) -> str:
    return f'<li class="task-list-item">{"☑" if checked else "☐"} {text}</li>\n'
