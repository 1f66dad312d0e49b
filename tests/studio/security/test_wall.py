"""What is Jupyter's stays the host's: an account's cookie is worth nothing on Jupyter's routes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado.websocket import websocket_connect

from ..browser import Browser
from .conftest import World

# For everybody by Jupyter's own design: the way in, and files that hold nothing of the host's.
OPEN = re.compile(r"/(|login|logout|static/.*|favicon\.ico|robots\.txt|api)")


def jupyter_paths(app: Any) -> list[str]:
    """Return an address for each of the server's routes that is not ours."""
    found = set()
    for group in app.web_app.default_router.rules:
        for rule in getattr(group.target, "rules", []):
            pattern = getattr(rule.matcher, "regex", None)
            # jupyterlab_server's list of licences fails to end the answer when it refuses.
            ours = pattern is None or "tengen-studio" in pattern.pattern
            if not ours and "licenses" not in pattern.pattern:
                path = example(pattern.pattern)
                assert pattern.fullmatch(path), f"{path} is no example for {pattern.pattern}"
                found.add(path)
    return sorted(found)


def example(pattern: str) -> str:
    """Return a text that a route's regular expression takes."""
    text = re.sub(r"(\[(?:\\.|[^\]])*\]|\\w|(?<!\\)\.)[+*]", "first", pattern.removesuffix("$"))
    while "(" in text:
        text = re.sub(
            r"\((?:\?P<\w+>|\?:)?((?:[^()\\]|\\.)*)\)([?*+]?)",
            lambda group: "" if group[2] == "?" else group[1].split("|")[0],
            text,
        )
    return re.sub(r"\\(.)", r"\1", text).replace("/?", "")


async def status_of(browser: Browser, verb: str, path: str) -> int:
    """Return the status of a request; 0 if the server hangs up instead."""
    try:
        return (await browser.fetch(verb, path)).code
    except HTTPStreamClosedError:
        return 0


async def test_no_jupyter_route_takes_an_account_for_its_user(
    world: World, jp_serverapp: Any, jp_base_url: str
) -> None:
    world.project()
    paths = [path for path in jupyter_paths(jp_serverapp) if path.startswith(jp_base_url)]
    assert len(paths) > 50
    base = jp_base_url.rstrip("/")
    account, nobody = world.people["owner"], world.people["anonymous"]
    let_in = []
    for path in paths:
        for verb in ("GET", "POST", "DELETE"):
            asked = path.removeprefix(base)
            status, strangers = await status_of(account, verb, asked), None
            if status >= 300 or OPEN.fullmatch(asked):
                strangers = await status_of(nobody, verb, asked)
            if status != strangers:
                let_in.append((verb, path, status, strangers))
    assert let_in == []


KNOWN = [
    ("GET", "api/contents"),
    ("PUT", "api/contents/x.txt"),
    ("GET", "api/kernels"),
    ("POST", "api/kernels"),
    ("POST", "api/sessions"),
    ("POST", "api/terminals"),
    ("GET", "api/status"),
    ("GET", "api/me"),
    ("GET", "api/config/notebook"),
    ("POST", "api/shutdown"),
    ("GET", "files/x.txt"),
    ("GET", "nbconvert/html/x.ipynb"),
    ("GET", "lab"),
    ("GET", "lab/api/settings"),
    ("GET", "metrics"),
]


@pytest.mark.parametrize(("verb", "path"), KNOWN)
async def test_jupyters_own_work_is_refused_to_accounts_and_links(
    world: World, verb: str, path: str
) -> None:
    world.project()
    for name in ("owner", "anonymous"):
        response = await world.people[name].fetch(verb, path)
        logging_in = response.code == 302 and "/login" in response.headers["Location"]
        assert response.code == 403 or logging_in, (name, response.code)


async def test_the_host_reaches_what_the_others_do_not(host: Browser) -> None:
    for path in ("api/contents", "api/kernels", "api/status"):
        assert (await host.fetch("GET", path)).code == 200


@pytest.mark.parametrize(
    "path",
    [
        "api/kernels/00000000-0000-0000-0000-000000000000/channels",
        "api/events/subscribe",
        "terminals/websocket/1",
        "lsp/ws/pylsp",
    ],
)
async def test_jupyters_sockets_are_refused_to_accounts(
    world: World, http_server_port: Any, jp_base_url: str, path: str
) -> None:
    world.project()
    url = f"ws://127.0.0.1:{http_server_port[1]}{jp_base_url}{path}"
    for name in ("owner", "anonymous"):
        cookies = world.people[name].cookies
        cookie = "; ".join(f"{key}={value}" for key, value in cookies.items())
        with pytest.raises(HTTPClientError) as caught:
            await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie}))
        assert caught.value.code in (403, 404), name
