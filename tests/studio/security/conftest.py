"""A studio with people in every role, whose browsers are logged in without a password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tengen_studio.context import SETTING, StudioContext
from tengen_studio.credentials import digest
from tengen_studio.db import utcnow
from tengen_studio.people.models import Account, LoginSession
from tengen_studio.projects.models import Project
from tengen_studio.roles import Role
from tengen_studio.sharing.models import Link, Member

from ..actors import make_filled_project
from ..browser import Browser

FILES: dict[str, str | bytes] = {
    "README.md": "# Hello",
    "train.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "picture.png": b"\x89PNG\r\n\x1a\n",
}
ACCOUNTS = ("stranger", "viewer", "editor", "owner")


class World:
    """Four accounts, each with a browser, and projects that the one called `owner` owns.

    An account's id is its name, its session's id and token are made from it.
    """

    def __init__(self, studio: StudioContext, people: dict[str, Browser], port: int) -> None:
        self.studio = studio
        self.people = people
        self._cookie = f"tengen-session-127-0-0-1-{port}"

    def project(self) -> str:
        """Return a fresh private project with one version, and everybody logged in (again)."""
        project_id = make_filled_project(self.studio, FILES)
        with self.studio.transaction() as session:
            for name in ACCOUNTS:
                session.merge(Account(id=name, name=name, login=name, removed=None))
                login = LoginSession(
                    id=f"session-{name}",
                    token_hash=digest(f"token-{name}"),
                    account_id=name,
                    expires=utcnow() + timedelta(days=1),
                    address="127.0.0.1",
                )
                session.merge(login)
                self.people[name].cookies[self._cookie] = f"token-{name}"
            project = session.get_one(Project, project_id)
            project.owner_id, project.root, project.directory = "owner", None, None
            for name in ("viewer", "editor"):
                session.add(Member(project_id=project_id, account_id=name, role=Role[name]))
            link = Link(
                id=f"link-{project_id[:10]}",
                project_id=project_id,
                permission="view",
                note="",
                token_hash=digest(project_id),
                created_by="owner",
            )
            session.add(link)
        return project_id


@pytest.fixture
def studio(jp_serverapp: Any) -> StudioContext:
    """The running server's context."""
    return jp_serverapp.web_app.settings[SETTING]


@pytest.fixture
def world(
    studio: StudioContext, browser: Callable[[], Browser], host: Browser, http_server_port: Any
) -> World:
    """The accounts, everybody's browser, and projects to ask for."""
    people = {name: browser() for name in ("anonymous", *ACCOUNTS)} | {"host": host}
    return World(studio, people, http_server_port[1])
