"""Every route x everybody, by the one table."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest

from tengen_studio.app import ROUTES, SOCKETS
from tengen_studio.guard import audience_of
from tengen_studio.pages.handlers import AssetHandler, pages

from ..browser import API
from .conftest import World
from .table import ACTORS, API_ROWS, ARCHIVE, PAGE_ROWS, Row

VERBS = ("get", "head", "post", "put", "patch", "delete")
TABLES = {API: (API_ROWS, ROUTES + SOCKETS), "tengen-studio": (PAGE_ROWS, pages)}


def verbs(handler: type) -> list[str]:
    """Return the verbs that one of our classes answers."""
    ours = [c for c in handler.__mro__ if c.__module__.startswith("tengen_studio")]
    return [verb for verb in VERBS if any(verb in c.__dict__ for c in ours)]


def row_for(rows: list[Row], verb: str, pattern: str) -> Row | None:
    """Return a row whose path the route's pattern takes."""
    for row in rows:
        if row[0] == verb.upper() and re.fullmatch(pattern, row[1].split("?")[0]):
            return row
    return None


@pytest.mark.parametrize("prefix", TABLES)
def test_every_route_has_a_row_and_every_row_a_route(prefix: str) -> None:
    rows, routes = TABLES[prefix]
    found = []
    for pattern, handler, *_ in routes:
        answered = ["get"] if handler is AssetHandler else verbs(handler)
        assert answered, f"{pattern} answers no verb"
        for verb in answered:
            row = row_for(rows, verb, pattern)
            assert row, f"{verb.upper()} {pattern} is missing from the table"
            found.append(row[:2])
    for row in rows:
        taken = [route for route in routes if re.fullmatch(route[0], row[1].split("?")[0])]
        assert taken, f"{row[1]} is no route"


@pytest.mark.parametrize("prefix", TABLES)
def test_every_verb_is_guarded(prefix: str) -> None:
    for pattern, handler, *_ in TABLES[prefix][1]:
        for verb in verbs(handler):
            # The pages' own style and script are the same for everybody, and hold nothing.
            guarded = audience_of(getattr(handler, verb)) is not None or handler is AssetHandler
            assert guarded, f"{verb.upper()} {pattern} is not guarded"


def body_of(given: Any) -> Any:
    """Return what a row's body stands for."""
    if given != ARCHIVE:
        return given
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("README.md", "pushed")
    return made.getvalue()


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("prefix", TABLES)
async def test_the_table_holds(prefix: str, actor: str, world: World) -> None:
    wrong = []
    project = world.project()
    for verb, path, body, expected in TABLES[prefix][0]:
        filled = path.format(project=project, link=f"link-{project[:10]}", slug="first")
        response = await world.people[actor].fetch(verb, f"{prefix}{filled}", body_of(body))
        should = int(expected.split()[ACTORS.index(actor)])
        if response.code != should:
            wrong.append(
                f"{verb} {path}: {should} expected, {response.code}, {response.body[:120]!r}"
            )
        if verb != "GET" and response.code < 300:
            project = world.project()
    assert not wrong, f"{actor}:\n" + "\n".join(wrong)
