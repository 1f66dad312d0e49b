"""The table of translations holds every text that the studio shows, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scripts.refusal_texts import TARGET, refusal_texts, render

import tengen_studio
from tengen_studio.roles import Role

ROOT = Path(__file__).parents[2]
STUDIO = Path(tengen_studio.__file__).parent
TABLE = json.loads(
    (STUDIO / "locale/zh_CN/LC_MESSAGES/tengen_studio.json").read_text(encoding="utf-8")
)
TEXTS = {key: value for key, value in TABLE.items() if key}


def front_end_texts() -> set[str]:
    """Return every text that the front end asks the table for, or shows of a lost network."""
    found: set[str] = set()
    for path in (ROOT / "extensions/lab/src").rglob("*.ts*"):
        source = path.read_text(encoding="utf-8")
        found.update(re.findall(r"trans\.__\(\s*'((?:[^'\\]|\\.)*)'", source))
        found.update(re.findall(r"new RequestError\(0, '\w+', '([^']*)'\)", source))
    return found


def page_texts() -> set[str]:
    """Return every text that the pages for visitors say."""
    found = {role.name for role in Role}
    for path in (STUDIO / "pages/templates").glob("*.j2"):
        source = path.read_text(encoding="utf-8")
        found.update(re.findall(r"\bt\('((?:[^'\\]|\\.)*)'", source))
    return found


def setting_texts(schema: dict[str, Any]) -> set[str]:
    """Return every title and description of a settings schema."""
    found: set[str] = set()
    for key, value in schema.items():
        if isinstance(value, dict):
            found |= setting_texts(value)
        elif isinstance(value, list):
            found.update(*(setting_texts(part) for part in value if isinstance(part, dict)))
        elif key in ("title", "description"):
            found.add(value)
    return found


def schema_texts() -> set[str]:
    """Return what JupyterLab's settings editor shows of ours."""
    schemas = (ROOT / "extensions/lab/schema").glob("*.json")
    return set().union(*(setting_texts(json.loads(path.read_text("utf-8"))) for path in schemas))


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    texts = front_end_texts() | refusal_texts() | page_texts() | schema_texts()
    assert len(texts) > 20
    assert set(TEXTS) == texts


@pytest.mark.parametrize("english", sorted(TEXTS))
def test_translations_are_chinese_and_keep_their_places(english: str) -> None:
    (chinese,) = TEXTS[english]
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert re.findall(r"%\d", chinese) == re.findall(r"%\d", english)


def test_the_front_end_knows_where_refusals_have_values() -> None:
    assert TARGET.read_text(encoding="utf-8") == render()


async def test_the_server_hands_out_the_table(jp_fetch: Any) -> None:
    body = json.loads((await jp_fetch("lab", "api", "translations", "zh_CN")).body)
    assert body["data"]["tengen_studio"]["Studio home"] == TEXTS["Studio home"]
    languages = json.loads((await jp_fetch("lab", "api", "translations")).body)["data"]
    assert "zh_CN" in languages
