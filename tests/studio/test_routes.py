"""What holds for every route whatever it does: the authorizer, the _xsrf token, the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer

from tengen_studio.app import ROUTES, StudioApp
from tengen_studio.http import API
from tengen_studio.openapi.routes import Operation, operations

from .browser import Browser

DOC = (Path(__file__).parents[2] / "docs" / "studio.md").read_text(encoding="utf-8")
OPERATIONS = operations(ROUTES)


class Nobody(Authorizer):
    """Knows everyone and allows nothing."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return False


def path_of(operation: Operation) -> str:
    """Return an address of the operation, with a word for each of its parameters."""
    return API + re.sub(r"\{\w+\}", "first", operation.path)


async def test_a_host_whom_the_authorizer_refuses_reaches_no_route(
    host: Browser, jp_serverapp: Any, jp_root_dir: Path
) -> None:
    jp_serverapp.web_app.settings["authorizer"] = Nobody(parent=jp_serverapp)
    for operation in OPERATIONS:
        response = await host.fetch(operation.verb.upper(), path_of(operation))
        assert response.code == 403, operation.name
    assert list(jp_root_dir.iterdir()) == []


async def test_the_hosts_cookie_alone_changes_nothing(
    host: Browser, jp_serverapp: Any, http_server_client: Any, jp_base_url: str, jp_root_dir: Path
) -> None:
    token = jp_serverapp.identity_provider.token
    # Logging in by the token's address sets the session cookie, as in a browser.
    moved = await http_server_client.fetch(
        f"{jp_base_url}login?token={token}", follow_redirects=False, raise_error=False
    )
    cookies = [text.split(";")[0] for text in moved.headers.get_list("Set-Cookie")]
    forged = Browser(http_server_client, jp_base_url)
    forged.cookies = dict(cookie.split("=", 1) for cookie in cookies)
    assert (await forged.api("GET", "people/me"))["kind"] == "host", "the cookie logs in"
    changes = [operation for operation in OPERATIONS if operation.verb != "get"]
    assert len(changes) > 20
    for operation in changes:
        response = await forged.fetch(
            operation.verb.upper(), path_of(operation), headers={"X-XSRFToken": ""}
        )
        assert response.code == 403, operation.name
    assert list(jp_root_dir.iterdir()) == []


@pytest.mark.parametrize("name", sorted(StudioApp.class_own_traits(config=True)))
def test_every_setting_is_described(name: str) -> None:
    if name not in StudioApp.__dict__:
        pytest.skip("inherited from jupyter_server, described there")
    assert f"| `StudioApp.{name}` |" in DOC
