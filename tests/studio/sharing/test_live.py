"""Open sockets: news while the role lasts, and the end as soon as it does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tengen_studio.context import SETTING, StudioContext
from tengen_studio.sharing.sockets import ENDED

from ..actors import HOST, make_project
from ..browser import API, Browser

# Less than a ping, which looks again as well.
PATIENCE = 15
Connect = Callable[..., Awaitable[WebSocketClientConnection]]
Invite = Callable[[str], Awaitable[Browser]]


@pytest.fixture
def studio(jp_serverapp: Any) -> StudioContext:
    """The running server's context."""
    return jp_serverapp.web_app.settings[SETTING]


@pytest.fixture
def connect(http_server_client: Any, jp_base_url: str, http_server_port: Any) -> Connect:
    """Opens a project's socket with a browser's cookies."""

    async def open_socket(browser: Browser, project: str, **headers: str) -> Any:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        url = f"ws://127.0.0.1:{http_server_port[1]}{jp_base_url}{API}/projects/{project}/live"
        return await websocket_connect(HTTPRequest(url, headers={"Cookie": cookies, **headers}))

    return open_socket


async def ended(socket: WebSocketClientConnection) -> bool:
    """Wait for the next message; tell whether it was the end, for want of a role."""
    message = await asyncio.wait_for(asyncio.ensure_future(socket.read_message()), PATIENCE)
    return message is None and socket.close_code == ENDED


async def opened(host: Browser, visitor: Browser, project: str) -> str:
    """Let `visitor` open a new link into the project; return the link's id."""
    made = await host.api("POST", f"projects/{project}/links", {})
    await visitor.api("POST", "links/openings", {"token": made["token"]})
    return str(made["link"]["id"])


async def test_a_revoked_link_closes_the_socket_at_once(
    host: Browser, browser: Callable[[], Browser], studio: StudioContext, connect: Connect
) -> None:
    project, visitor, other = make_project(studio), browser(), browser()
    link = await opened(host, visitor, project)
    await opened(host, other, project)
    socket, staying = await connect(visitor, project), await connect(other, project)
    await host.api("DELETE", f"projects/{project}/links/{link}")
    assert await ended(socket)
    await host.api("PATCH", f"projects/{project}/publication", {"scripts": True})
    assert json.loads(await staying.read_message() or "") == {"verb": "project.publish"}
    staying.close()


async def test_a_removed_member_is_cut_off_at_once(
    host: Browser, invited: Invite, studio: StudioContext, connect: Connect
) -> None:
    project, ana = make_project(studio), await invited("Ana")
    member = await host.api(
        "POST", f"projects/{project}/members", {"name": "Ana", "role": "viewer"}
    )
    socket = await connect(ana, project)
    await host.api("DELETE", f"projects/{project}/members/{member['id']}")
    assert await ended(socket)


@pytest.mark.parametrize("end", ["log out", "account removed"])
async def test_the_end_of_a_session_closes_its_sockets(
    host: Browser, invited: Invite, studio: StudioContext, connect: Connect, end: str
) -> None:
    project, ana = make_project(studio), await invited("Ana")
    member = await host.api(
        "POST", f"projects/{project}/members", {"name": "Ana", "role": "viewer"}
    )
    socket = await connect(ana, project)
    if end == "log out":
        await ana.api("DELETE", "people/session")
    else:
        await host.api("DELETE", f"people/accounts/{member['id']}")
    assert await ended(socket)


async def test_a_project_made_private_closes_the_sockets_of_strangers(
    host: Browser, browser: Callable[[], Browser], studio: StudioContext, connect: Connect
) -> None:
    project = make_project(studio, visibility="public")
    socket = await connect(browser(), project)
    await host.api("PATCH", f"projects/{project}/publication", {"public": False})
    assert await ended(socket)


async def test_a_stranger_gets_no_socket(
    browser: Callable[[], Browser], invited: Invite, studio: StudioContext, connect: Connect
) -> None:
    private = make_project(studio, HOST)
    for visitor in (browser(), await invited("Zoe")):
        with pytest.raises(HTTPClientError) as caught:
            await connect(visitor, private)
        assert caught.value.code == 404


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1.evil.example", "null"])
async def test_another_sites_page_gets_no_socket(
    browser: Callable[[], Browser], studio: StudioContext, connect: Connect, origin: str
) -> None:
    project = make_project(studio, visibility="public")
    with pytest.raises(HTTPClientError) as caught:
        await connect(browser(), project, Origin=origin)
    assert caught.value.code == 403
