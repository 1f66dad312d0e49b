"""Notebooks as HTML documents for a sandboxed frame. Nothing is run, and nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode, ValidationError, converter, from_dict
from traitlets import default

from tengen_studio.errors import InvalidError
from tengen_studio.pages import markdown
from tengen_studio.pages.sanitize import Places, sanitize

LONGEST = 30_000_000
LONGEST_TEXT = 200_000
_HERE = Path(__file__).resolve().parent
_STYLE = (_HERE / "static" / "notebook.css").read_text(encoding="utf-8")
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_SCRIPT = "application/javascript"
_PRIORITY = ["text/html", "text/markdown", *_PICTURES, "text/latex", "text/plain"]


def render(content: bytes, places: Places, *, scripts: bool = False) -> str:
    """Return a notebook as one HTML document with its style and pictures inside.

    With `scripts`, outputs keep their scripts: only for a frame of an opaque origin.

    Raises:
        InvalidError: not a notebook, or too large to be shown.
    """
    notebook = _read(content, scripts)
    exporter = _Exporter(places, scripts=scripts)
    body, _ = exporter.from_notebook_node(notebook)
    if not scripts:
        body = sanitize(body, places, styled=True)
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<base target="_blank"><title>Notebook</title><style>{_STYLE}</style></head>\n'
        f"<body>{body}</body></html>\n"
    )


class _Exporter(HTMLExporter):
    """nbconvert with our template, our Markdown, and no search for templates anywhere."""

    def __init__(self, places: Places, *, scripts: bool) -> None:
        super().__init__(template_file="notebook.html.j2")
        self._places = places
        self._scripts = scripts

    # nbconvert would look in the working directory, where a project could have left one.
    @default("template_paths")
    def _own_template_paths(self) -> list[str]:
        return [str(_HERE / "templates")]

    @default("extra_template_basedirs")
    def _no_base_folders(self) -> list[str]:
        return []

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return the HTML of a Markdown cell, sanitized unless the whole document will be."""
        if self._scripts:
            return markdown.render(source, self._places, styled=True)
        return markdown.raw_html(source)


def _read(content: bytes, scripts: bool) -> NotebookNode:
    """Return the notebook with every field of the type that the template expects."""
    if len(content) > LONGEST:
        raise InvalidError(f"A notebook of at most {LONGEST} bytes was expected.")
    try:
        found = json.loads(content)
        if isinstance(found, dict) and found.get("nbformat") in (2, 3):
            found = converter.convert(from_dict(found), 4)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ValidationError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise InvalidError("This file is not a notebook.")
    metadata = found.get("metadata")
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    lexer = info.get("pygments_lexer") or info.get("name") if isinstance(info, dict) else None
    cells = [
        {"id": f"cell-{number}"} | _cell(cell, scripts)
        for number, cell in enumerate(found["cells"], start=1)
        if isinstance(cell, dict)
    ]
    language = {"language_info": {"name": markdown.known_language(_text(lexer) or "python")}}
    return from_dict({"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5})


def _cell(cell: dict[str, Any], scripts: bool) -> dict[str, Any]:
    kind = cell.get("cell_type")
    hidden = _dict(_dict(cell.get("metadata")).get("jupyter"))
    read: dict[str, Any] = {
        "cell_type": kind if kind in ("code", "markdown") else "raw",
        "source": _with_attachments(_text(cell.get("source")), _dict(cell.get("attachments"))),
        "metadata": {
            "source_hidden": hidden.get("source_hidden") is True,
            "outputs_hidden": hidden.get("outputs_hidden") is True,
        },
    }
    if kind == "code":
        count = cell.get("execution_count")
        outputs = cell.get("outputs")
        read["execution_count"] = count if isinstance(count, int) else None
        read["outputs"] = [
            read_output
            for output in (outputs if isinstance(outputs, list) else [])
            if isinstance(output, dict) and (read_output := _output(output, scripts))
        ]
    return read


def _output(output: dict[str, Any], scripts: bool) -> dict[str, Any] | None:
    """Return an output with the one form of it that is shown, or None without any."""
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _short(output.get("text"))}
    if kind == "error":
        traceback = output.get("traceback")
        lines = [_text(line) for line in traceback] if isinstance(traceback, list) else []
        name, value = _text(output.get("ename")), _text(output.get("evalue"))
        text = _short("\n".join(lines) or f"{name}: {value}")
        return {"output_type": "error", "ename": name, "evalue": value, "traceback": [text]}
    data = _dict(output.get("data"))
    shown = next((kind for kind in ([_SCRIPT] if scripts else []) + _PRIORITY if kind in data), "")
    if not shown:
        return None
    text = _short(data[shown]) if shown == "text/plain" else _text(data[shown])
    return {"output_type": "display_data", "metadata": {}, "data": {shown: text}}


def _with_attachments(source: str, attachments: dict[str, Any]) -> str:
    for name, bundle in attachments.items():
        for kind, data in _dict(bundle).items():
            if kind in _PICTURES and kind != "image/svg+xml":
                source = source.replace(f"attachment:{name}", f"data:{kind};base64,{_text(data)}")
    return source


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _short(value: Any) -> str:
    text = _text(value)
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}\n… {len(text) - LONGEST_TEXT} more characters"
