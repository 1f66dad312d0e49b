"""The front end's REST types are those of the server's structs."""

from __future__ import annotations

from scripts import api_types


def test_the_types_are_up_to_date() -> None:
    assert api_types.TARGET.read_text(encoding="utf-8") == api_types.render()


def test_every_struct_but_the_internal_ones_is_written() -> None:
    names = {struct.__name__ for struct in api_types.structs()}
    assert {"Template", "CopyRequest", "Machine"} <= names
    assert not names & api_types.INTERNAL
