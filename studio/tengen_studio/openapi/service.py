"""The document and the page as they are sent; both are made once, since routes do not change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from tengen_studio.openapi.document import document
from tengen_studio.openapi.page import sections, with_code
from tengen_studio.openapi.routes import Route

PREFIX = "/tengen-studio/api"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"

_made: dict[str, str] = {}


def document_json(routes: Sequence[Route]) -> str:
    """Return the OpenAPI document of `routes` as JSON text."""
    if "document" not in _made:
        _made["document"] = render(routes)
    return _made["document"]


def render(routes: Sequence[Route]) -> str:
    """Return the document's text, readable and the same every time; it is also kept in the docs."""
    return json.dumps(document(routes, PREFIX), indent=1, ensure_ascii=False) + "\n"


def page(routes: Sequence[Route]) -> str:
    """Return the page about `routes`: plain HTML that needs no script and no other address."""
    if "page" not in _made:
        described = document(routes, PREFIX)
        _made["page"] = (
            _templates()
            .get_template("page.html")
            .render(
                info=described["info"],
                prefix=PREFIX,
                sections=sections(described),
                with_code=with_code,
            )
        )
    return _made["page"]


@lru_cache(maxsize=1)
def _templates() -> Environment:
    folder = Path(__file__).parent
    return Environment(loader=FileSystemLoader(folder), autoescape=True, trim_blocks=True)
