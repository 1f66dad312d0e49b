"""A real Jupyter server with the studio's extension, over temporary folders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403  (its fixtures and its async runner)

from tengen_studio.context import StudioContext

from .actors import PASSWORD
from .browser import Browser
from .factory import OPENED, fresh_database_url, make_context, make_template


@pytest.fixture
def templates_dir(tmp_path: Path) -> Path:
    """A folder with the templates `first` and `second`."""
    folder = tmp_path / "shipped"
    make_template(folder, "second", rank=20)
    make_template(folder, "first", rank=10)
    return folder


@pytest.fixture
def jp_server_config(templates_dir: Path, tmp_path: Path) -> dict[str, Any]:
    """The server's configuration: our extension, these templates."""
    return {
        "ServerApp": {"jpserver_extensions": {"tengen_studio": True, "jupyterlab": True}},
        "StudioApp": {
            "templates_dir": str(templates_dir),
            "data_dir": str(tmp_path / "studio-data"),
            "database_url": fresh_database_url(),
        },
    }


@pytest.fixture(autouse=True)
def _closed_contexts() -> Iterator[None]:
    """Close what a test has opened: a connection that is left open fails another test."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def context(tmp_path: Path) -> Iterator[StudioContext]:
    """A studio over temporary folders, with its database, and no HTTP."""
    made = make_context(tmp_path)
    yield made
    made.close()


@pytest.fixture
def host(http_server_client: Any, jp_base_url: str, jp_serverapp: Any) -> Browser:
    """The host's browser, logged in to Jupyter by the token."""
    return Browser(http_server_client, jp_base_url, jp_serverapp.identity_provider.token)


@pytest.fixture
def browser(http_server_client: Any, jp_base_url: str, jp_serverapp: Any) -> Callable[[], Browser]:
    """Opens browsers that know nobody."""
    return lambda: Browser(http_server_client, jp_base_url)


@pytest.fixture
def invited(host: Browser, browser: Callable[[], Browser]) -> Callable[[str], Awaitable[Browser]]:
    """Invites a person and returns that person's browser, logged in."""

    async def invite(name: str) -> Browser:
        made = await host.api("POST", "people/invitations", {"note": name})
        theirs = browser()
        accepted = {"token": made["token"], "name": name, "password": PASSWORD}
        await theirs.api("POST", "people/acceptances", accepted)
        return theirs

    return invite
