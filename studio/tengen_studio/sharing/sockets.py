"""The socket that a project's page keeps open: news of the project, and the end of access.

It is closed with `ENDED` as soon as a commit takes the role away that it was opened with (a
member removed, a link revoked, a session ended, a project made private), and within one ping
when time does (an expired link or session).
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado.websocket import WebSocketHandler

from tengen_studio.access import Actor, require
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.errors import StudioError
from tengen_studio.guard import Audience, Identified, guarded
from tengen_studio.live import Change
from tengen_studio.projects.models import Project

ENDED = 4403
# What somebody who only looks at a project may hear of.
_NEWS = ("project.", "version.")


class LiveSocket(
    Identified, WebSocketMixin, WebSocketHandler, ExtensionHandlerMixin, JupyterHandler
):
    """`/projects/{project_id}/live`: says `{"verb": ...}` when the project changes."""

    _project_id = ""
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def context(self) -> StudioContext:
        """The running server."""
        return self.settings[SETTING]

    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Open the socket for those who see the project."""
        self._project_id = project_id
        try:
            await self._check()
        except StudioError as error:
            self.set_status(error.status)
            self.finish()
            return
        await super().get(project_id)

    def open(self, project_id: str) -> None:
        """Listen to commits from now on."""
        super().open(project_id)
        self._loop = asyncio.get_running_loop()
        self.context.rooms.join(self._hear)

    def on_message(self, message: str | bytes) -> None:
        """Leave what the page says unread; there is nothing to be said."""

    def on_close(self) -> None:
        """Stop listening."""
        self.context.rooms.leave(self._hear)
        if self.ping_callback is not None:
            self.ping_callback.stop()

    def send_ping(self) -> None:
        """Keep the connection alive, and see whether time has ended the access."""
        super().send_ping()
        asyncio.get_running_loop().create_task(self._follow([]))

    def _hear(self, changes: list[Change]) -> None:
        # Called in the thread that committed.
        mine = [change for change in changes if change.project_id in (None, self._project_id)]
        if mine and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._answer, mine)

    def _answer(self, changes: list[Change]) -> None:
        asyncio.get_running_loop().create_task(self._follow(changes))

    async def _follow(self, changes: list[Change]) -> None:
        try:
            await self._check()
        except StudioError:
            self.close(ENDED, "access ended")
            return
        if self.ws_connection is None:
            return
        for change in changes:
            if change.project_id and change.verb.startswith(_NEWS):
                await self.write_message(json.dumps({"verb": change.verb}))

    async def _check(self) -> None:
        self._actor = None
        actor = await self.identify()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.context.threads, self._require, actor)

    def _require(self, actor: Actor) -> None:
        with self.context.transaction(read_only=True) as session:
            require(session, actor, session.get(Project, self._project_id))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Refuse without a page."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        self.set_status(error.status if isinstance(error, StudioError) else status_code)
        self.finish()


sockets = [(r"/projects/([^/]+)/live", LiveSocket)]
