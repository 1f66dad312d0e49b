"""What every request must carry, may cause, and leaves behind."""

from __future__ import annotations

import logging
import re
import time
from statistics import median
from typing import Any

import pytest
from sqlalchemy import select, text

from tengen_studio.app import ROUTES
from tengen_studio.context import StudioContext
from tengen_studio.contract import contract
from tengen_studio.db.tables import Base
from tengen_studio.gallery import service as gallery
from tengen_studio.gallery.schemas import Stars
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.openapi.routes import operations

from ..actors import PASSWORD, make_account
from ..browser import API, Browser
from .conftest import World
from .table import API_ROWS, PAGE_ROWS

CHANGES = [row for row in API_ROWS if row[0] != "GET"]


def state(studio: StudioContext) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with studio.transaction(read_only=True) as session:
        return {
            table.name: sorted(map(str, session.execute(select(table)).all()))
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("actor", ["owner", "anonymous"])
async def test_no_change_without_the_xsrf_token(world: World, actor: str) -> None:
    project = world.project()
    before = state(world.studio)
    for verb, path, body, _ in CHANGES:
        filled = path.format(project=project, link=f"link-{project[:10]}", slug="first")
        for token in ("", "0" * 32):
            response = await world.people[actor].fetch(
                verb, API + filled, body if isinstance(body, dict) else {}, {"X-XSRFToken": token}
            )
            assert response.code == 403, (verb, path)
    assert state(world.studio) == before


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://evil.example/127.0.0.1",
        "null",
    ],
)
async def test_no_change_for_another_sites_page(world: World, origin: str) -> None:
    project = world.project()
    before = state(world.studio)
    for verb, path, body, _ in CHANGES:
        filled = path.format(project=project, link=f"link-{project[:10]}", slug="first")
        response = await world.people["owner"].fetch(
            verb, API + filled, body if isinstance(body, dict) else {}, {"Origin": origin}
        )
        assert response.code in (403, 404), (verb, path)
    assert state(world.studio) == before


async def test_the_hosts_settings_open_nothing_for_accounts(
    world: World, jp_serverapp: Any
) -> None:
    project = world.project()
    # What a host may set for the host's own programs.
    jp_serverapp.web_app.settings |= {"allow_origin": "*", "disable_check_xsrf": True}
    path = f"{API}/projects/{project}/star"
    for headers in ({"Origin": "http://evil.example"}, {"X-XSRFToken": ""}):
        for name in ("owner", "anonymous"):
            response = await world.people[name].fetch("PUT", path, {}, headers)
            assert response.code == 403, (name, headers)
    guess = {"name": "owner", "password": "x"}
    response = await world.people["anonymous"].fetch(
        "POST", f"{API}/people/session", guess, {"X-XSRFToken": ""}
    )
    assert b"_xsrf" in response.body


async def test_ones_own_page_may_change_things(world: World, http_server_port: Any) -> None:
    project = world.project()
    own = {"Origin": f"http://127.0.0.1:{http_server_port[1]}"}
    path = f"{API}/projects/{project}/star"
    assert (await world.people["owner"].fetch("PUT", path, {}, own)).code == 200


async def test_no_get_changes_anything(world: World) -> None:
    project = world.project()
    before = state(world.studio)
    for actor in ("owner", "host", "anonymous"):
        for prefix, rows in ((API, API_ROWS), ("tengen-studio", PAGE_ROWS)):
            for verb, path, _, _ in rows:
                if verb == "GET":
                    filled = path.format(project=project)
                    await world.people[actor].fetch("GET", f"{prefix}{filled}")
    assert state(world.studio) == before
    assert {operation.verb for operation in operations(ROUTES)} <= {
        "get",
        "post",
        "put",
        "patch",
        "delete",
    }


class StarByAnyVerb(StudioHandler):
    """A route whose author took no care: its GET calls what writes."""

    @contract(Stars)
    @guarded(Audience.people)
    async def get(self, project_id: str) -> None:
        """Star a project."""
        self.send(await self.transact(gallery.star, project_id))

    put = get


async def test_a_get_keeps_nothing_that_it_writes(world: World, jp_serverapp: Any) -> None:
    project = world.project()
    route = (r"/tengen-studio/careless/([\w-]+)", StarByAnyVerb, {"name": "tengen_studio"})
    jp_serverapp.web_app.add_handlers(".*$", [(jp_serverapp.base_url[:-1] + route[0], *route[1:])])
    before = state(world.studio)
    owner = world.people["owner"]
    await owner.fetch("GET", f"tengen-studio/careless/{project}")
    assert state(world.studio) == before
    assert (await owner.fetch("PUT", f"tengen-studio/careless/{project}")).code == 200
    assert state(world.studio) != before, "the same call writes where writing is meant"


async def test_tokens_and_passwords_stay_out_of_the_log(
    host: Browser, world: World, browser: Any, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    project = world.project()
    make_account(world.studio, "Ana")
    secrets = [PASSWORD, "open sesame", "token-owner", "a wrong password"]
    visitor = browser()
    link = await world.people["owner"].api(
        "POST", f"projects/{project}/links", {"password": "open sesame"}
    )
    invitation = await host.api("POST", "people/invitations", {})
    secrets += [link["token"], invitation["token"]]
    opening = {"token": link["token"], "password": "open sesame"}
    await visitor.api("POST", "links/openings", opening)
    await visitor.api("POST", "links/openings", {"token": link["token"] + "x"}, status=403)
    accepted = {"token": invitation["token"], "name": "Eve", "password": PASSWORD}
    await visitor.api("POST", "people/acceptances", accepted)
    await visitor.api("POST", "people/session", {"name": "Ana", "password": PASSWORD})
    wrong = {"name": "Ana", "password": "a wrong password"}
    await visitor.api("POST", "people/session", wrong, status=403)
    # Parts of a request that are wrong end up in log lines and answers more easily.
    referer = {"Referer": f"http://127.0.0.1/tengen-studio/open?token={link['token']}"}
    await visitor.fetch("GET", f"tengen-studio/p/none?token={link['token']}", None, referer)
    answer = await visitor.fetch("POST", f"{API}/people/session", b'{"password": "open sesame"')
    secrets += [value for name, value in visitor.cookies.items() if name != "_xsrf"]
    out, err = capfd.readouterr()
    log = caplog.text + out + err + answer.body.decode()
    assert f"/{API}/links/openings" in log, "the log is on"
    assert len(secrets) == 8
    for secret in secrets:
        assert secret not in log
    audit = (await world.people["owner"].api("GET", f"projects/{project}/audit"))["items"]
    audit += (await host.api("GET", "audit"))["items"]
    assert len(audit) >= 7
    assert not [secret for secret in secrets if secret in str(audit)]


async def test_an_accident_tells_a_client_nothing(world: World) -> None:
    project = world.project()
    with world.studio.transaction() as session:
        session.execute(text("DROP TABLE stars"))
    for path in (f"{API}/projects/{project}/star", f"tengen-studio/p/{project}"):
        response = await world.people["owner"].fetch("GET", path)
        body = response.body.decode()
        assert response.code == 500
        assert not re.search(r"Traceback|SQL|stars|sqlalchemy|site-packages|/tmp/", body), body


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    world: World, browser: Any
) -> None:
    make_account(world.studio, "Ana")
    times: dict[str, list[float]] = {"Ana": [], "Nobody": []}
    for _ in range(4):
        for name, taken in times.items():
            guess = {"name": name, "password": "a wrong password"}
            started = time.perf_counter()
            await browser().api("POST", "people/session", guess, status=403)
            taken.append(time.perf_counter() - started)
    # The first try makes the hash that stands in for a missing one.
    known, unknown = median(times["Ana"][1:]), median(times["Nobody"][1:])
    assert 0.4 < unknown / known < 2.5


async def test_the_studios_own_files_are_nobody_elses(studio: StudioContext) -> None:
    # Nobody else gets past the folder, whatever is in it.
    assert studio.data_dir.stat().st_mode & 0o077 == 0
    assert [path.name for path in studio.data_dir.iterdir()]
