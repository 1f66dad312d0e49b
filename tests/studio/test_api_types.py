"""The front end's types and the JSON Schemas are those of our structs."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import api_types

OUTPUTS = api_types.outputs()


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.name)
def test_the_written_files_are_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == OUTPUTS[path]


def test_every_document_has_a_schema() -> None:
    names = {path.name for path in OUTPUTS}
    assert {"types.ts", "documents.ts", "memory.schema.json"} <= names


def test_every_struct_but_the_internal_ones_is_written() -> None:
    names = {struct.__name__ for struct in api_types.structs()}
    assert {"Template", "CopyRequest", "Machine"} <= names
    assert not names & api_types.INTERNAL
