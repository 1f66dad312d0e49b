"""Every route has an example that really happened, and the document is written from them.

`TENGEN_RECORD=1` writes the examples and the document anew; `scripts/openapi.py` sets it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tengen_studio.app import ROUTES
from tengen_studio.openapi import document, service

from ..browser import Browser
from .stage import OPERATIONS, Stage
from .story import tell

COPY = Path(__file__).parents[3] / "docs" / "openapi.json"
REQUEST = ("path", "query", "body")


async def test_every_route_does_what_its_example_shows(
    host: Browser, browser: Callable[[], Browser], jp_root_dir: Path
) -> None:
    stage = Stage(host)
    await tell(stage, jp_root_dir, browser)
    assert sorted(OPERATIONS.keys() - stage.played.keys()) == []
    if os.environ.get("TENGEN_RECORD"):
        played = {name: stage.played[name] for name in sorted(stage.played)}
        text = json.dumps(played, indent=1, ensure_ascii=False) + "\n"
        document.EXAMPLES.write_text(text, encoding="utf-8")
        document.recorded_examples.cache_clear()
        COPY.write_text(service.render(ROUTES), encoding="utf-8")
    kept = document.recorded_examples()
    assert sorted(kept) == sorted(OPERATIONS), "run scripts/openapi.py"
    for name, example in kept.items():
        for part in REQUEST:
            assert _form(example.get(part)) == _form(stage.played[name].get(part)), name
        assert ("answer" in example) == ("answer" in stage.played[name])


def test_the_copy_in_the_docs_is_the_document() -> None:
    assert COPY.read_text(encoding="utf-8") == service.render(ROUTES), "run scripts/openapi.py"


def test_the_recorded_examples_keep_their_schemas() -> None:
    described = document.document(ROUTES, service.PREFIX)
    checked = 0
    for verbs in described["paths"].values():
        for operation in verbs.values():
            parts = [operation.get("requestBody", {}), *operation["responses"].values()]
            for part in parts:
                content = part.get("content", {}).get("application/json", {})
                if "example" in content:
                    schema = {**content["schema"], "components": described["components"]}
                    Draft202012Validator(schema).validate(content["example"])
                    checked += 1
    assert checked > 60


def _form(value: Any) -> Any:
    """Return what stays of a request when ids are left out: its fields and their types."""
    if isinstance(value, dict):
        return {name: _form(part) for name, part in value.items()}
    return type(value).__name__
