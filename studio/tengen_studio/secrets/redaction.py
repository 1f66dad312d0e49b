"""Takes stored values out of what is about to be kept, in each form that an output gives them."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any


class Redaction:
    """Replaces the values of `secrets`, a map from name to value, by `[secret: name]`."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        forms = {
            form: f"[secret: {name}]" for name, value in secrets.items() for form in _forms(value)
        }
        self.values = tuple(secrets.values())
        # Longest first: a value inside another one must not break the longer one up.
        self._forms = dict(sorted(forms.items(), key=lambda entry: -len(entry[0])))
        self._bytes = {form.encode(): mark.encode() for form, mark in self._forms.items()}

    def __bool__(self) -> bool:
        return bool(self._forms)

    def text(self, text: str) -> str:
        """Return `text` without the values."""
        for form, mark in self._forms.items():
            text = text.replace(form, mark)
        return text

    def content(self, content: bytes) -> bytes:
        """Return a file's content without the values; a binary file comes back as it is."""
        if b"\0" in content[:8192]:
            return content
        for form, mark in self._bytes.items():
            content = content.replace(form, mark)
        return content

    def outputs(self, notebook: Any) -> int:
        """Take the values out of the outputs of a notebook, in place; return how many changed."""
        changed = 0
        for cell in notebook.get("cells", []):
            outputs = cell.get("outputs")
            if not outputs:
                continue
            clean = self._clean(outputs)
            if clean != outputs:
                cell["outputs"] = clean
                changed += 1
        return changed

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            if value and all(isinstance(part, str) for part in value):
                # A text in lines: a value may go over the end of one.
                whole = "".join(value)
                clean = self.text(whole)
                return value if clean == whole else clean.splitlines(keepends=True)
            return [self._clean(part) for part in value]
        if isinstance(value, Mapping):
            # Outputs keep their own kind of mapping, which nbformat reads by attribute.
            kind: Any = type(value)
            return kind((key, self._clean(part)) for key, part in value.items())
        return value


def _forms(value: str) -> set[str]:
    """Return `value` as text, in JSON, in an address, in HTML, in Python and in base 64."""
    return {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
        html.escape(value),
        repr(value)[1:-1],
        base64.b64encode(value.encode()).decode().rstrip("="),
    }
