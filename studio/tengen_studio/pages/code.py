"""Text files as highlighted lines that can be linked to."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import TextLexer, get_lexer_for_filename
from pygments.util import ClassNotFound


def render(text: str, path: str) -> str:
    """Return the text of the file at `path` as safe HTML with numbered lines `L1`, `L2`, …"""
    return str(
        highlight(
            text,
            _lexer(path),
            HtmlFormatter(linenos="inline", lineanchors="L", anchorlinenos=True, wrapcode=True),
        )
    )


def _lexer(path: str) -> Lexer:
    try:
        return get_lexer_for_filename(path, stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)
