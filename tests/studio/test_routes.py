"""Every route of the studio: guarded, refused to strangers, and described in the docs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError

from tengen_studio.access import is_guarded
from tengen_studio.app import ROUTES, StudioApp
from tengen_studio.http import API, StudioHandler

DOC = (Path(__file__).parents[2] / "docs" / "studio.md").read_text(encoding="utf-8")
VERBS = ("get", "head", "post", "put", "patch", "delete")


def own_verbs(handler: type[StudioHandler]) -> list[str]:
    """Return the verbs that `handler` itself answers."""
    return [
        verb
        for verb in VERBS
        if any(
            verb in c.__dict__
            for c in handler.__mro__[:-1]
            if c.__module__.startswith("tengen_studio")
        )
    ]


CALLS = [
    (verb.upper(), API + pattern.replace("([^/]+)", "first"))
    for pattern, handler in ROUTES
    for verb in own_verbs(handler)
]


class Nobody(Authorizer):
    """Knows everyone and allows nothing."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return False


def options(method: str) -> dict[str, Any]:
    """Return the tornado options of a call with an empty object as its body, if it has one."""
    return {"method": method} | ({} if method == "GET" else {"body": "{}"})


@pytest.mark.parametrize(("pattern", "handler"), ROUTES)
def test_every_verb_is_guarded(pattern: str, handler: type[StudioHandler]) -> None:
    verbs = own_verbs(handler)
    assert verbs, f"{pattern} answers no verb"
    assert all(is_guarded(getattr(handler, verb)) for verb in verbs)


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_anonymous_is_refused(
    jp_serverapp: Any,
    http_server_client: Any,
    jp_base_url: str,
    method: str,
    path: str,
    jp_root_dir: Path,
) -> None:
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(jp_base_url.rstrip("/") + path, **options(method))
    assert caught.value.code == 403
    assert list(jp_root_dir.iterdir()) == []


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_a_known_user_without_the_right_is_refused(
    jp_fetch: Any, jp_serverapp: Any, method: str, path: str, jp_root_dir: Path
) -> None:
    jp_serverapp.web_app.settings["authorizer"] = Nobody(parent=jp_serverapp)
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(*path.strip("/").split("/"), **options(method))
    assert caught.value.code == 403
    assert list(jp_root_dir.iterdir()) == []


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[0] != "GET"])
async def test_a_cookie_alone_changes_nothing(
    jp_serverapp: Any,
    http_server_client: Any,
    jp_base_url: str,
    method: str,
    path: str,
    jp_root_dir: Path,
) -> None:
    base = jp_base_url.rstrip("/")
    token = jp_serverapp.identity_provider.token
    # Logging in by the token's address sets the session cookie, as in a browser.
    with pytest.raises(HTTPClientError) as moved:
        await http_server_client.fetch(f"{base}/login?token={token}", follow_redirects=False)
    assert moved.value.response is not None
    cookies = moved.value.response.headers.get_list("Set-Cookie")
    cookie = "; ".join(text.split(";")[0] for text in cookies)
    about = await http_server_client.fetch(f"{base}{API}/about", headers={"Cookie": cookie})
    assert about.code == 200, "the cookie logs in"
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(base + path, headers={"Cookie": cookie}, **options(method))
    assert caught.value.code == 403
    assert caught.value.response is not None
    assert set(json.loads(caught.value.response.body)) == {"code", "message"}
    assert list(jp_root_dir.iterdir()) == []


@pytest.mark.parametrize(("pattern", "handler"), ROUTES)
def test_every_route_is_described(pattern: str, handler: type[StudioHandler]) -> None:
    path = API + pattern.replace("([^/]+)", "{slug}")
    for verb in own_verbs(handler):
        assert f"| `{verb.upper()} {path}` |" in DOC


@pytest.mark.parametrize("name", sorted(StudioApp.class_own_traits(config=True)))
def test_every_setting_is_described(name: str) -> None:
    if name not in StudioApp.__dict__:
        pytest.skip("inherited from jupyter_server, described there")
    assert f"| `StudioApp.{name}` |" in DOC
