"""The pages: for everybody with a browser, without a studio and without logging in."""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
from collections.abc import Callable
from http.client import responses
from pathlib import Path, PurePosixPath
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import tornado.web as web
from jinja2 import Environment, FileSystemLoader
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from sqlalchemy.orm import Session

from tengen_studio.access import Actor
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.errors import InvalidError, StudioError
from tengen_studio.guard import Audience, Identified, guarded
from tengen_studio.pages import service, shelves, texts
from tengen_studio.pages.places import PICTURES, Addresses

HERE = Path(__file__).resolve().parent
PREFIX = "/tengen-studio"

P = ParamSpec("P")
R = TypeVar("R")

_NOTHING = "default-src 'none'; base-uri 'none'"
PAGE_POLICY = (
    f"{_NOTHING}; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
RAW_POLICY = f"sandbox; {_NOTHING}; style-src 'unsafe-inline'; frame-ancestors 'self'"
# No `allow-same-origin`: the frame has no origin, hence no cookies and no way to the page.
_FRAME = "sandbox allow-popups allow-popups-to-escape-sandbox"
FRAME_POLICY = (
    f"{_FRAME}; {_NOTHING}; img-src data:; media-src data:; font-src data:; "
    "style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'"
)
SCRIPTS_POLICY = (
    FRAME_POLICY.replace(_FRAME, f"{_FRAME} allow-scripts")
    + "; script-src 'unsafe-inline' 'unsafe-eval'"
)
_PIECES = 2**20

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True
)


class PageHandler(Identified, ExtensionHandlerMixin, JupyterHandler):
    """Base of the pages: a strict policy, two languages, and refusals as pages."""

    @functools.cached_property
    def nonce(self) -> str:
        """The mark of the one script that the page may run."""
        return secrets.token_urlsafe(16)

    @property
    def content_security_policy(self) -> str:
        """What the browser is to allow: nothing but our own parts."""
        return f"{PAGE_POLICY}; script-src 'nonce-{self.nonce}'"

    def set_default_headers(self) -> None:
        """Say nothing to other sites, and let none of them in."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        # Kept, but asked for again each time: the right to see it may have ended.
        self.set_header("Cache-Control", "private, no-cache")

    @property
    def context(self) -> StudioContext:
        """The running server."""
        return self.settings[SETTING]

    @property
    def language(self) -> texts.Language:
        """The language to speak."""
        accepted = self.request.headers.get("Accept-Language", "")
        return texts.choose(self.get_cookie(texts.COOKIE), accepted)

    def addresses(self, project_id: str) -> Addresses:
        """Return the addresses of the version that the request asks for."""
        given = self.get_query_argument("version", None)
        if given is not None and not (given.isascii() and given.isdigit() and len(given) < 9):
            raise InvalidError("version: a number was expected.")
        return Addresses(self.base_url, project_id, int(given) if given else None)

    async def look(
        self, view: Callable[Concatenate[Session, Actor, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Return what `view(session, actor, ...)` gives, from a thread; it cannot write."""
        actor = await self.identify()

        def work() -> R:
            with self.context.transaction(read_only=True) as session:
                return view(session, actor, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self.context.threads, work)

    async def show(self, template: str, **values: Any) -> None:
        """Finish with a page."""
        actor = await self.identify()
        self.finish(self._page(template, actor, values))

    def _page(self, template: str, actor: Actor | None, values: dict[str, Any]) -> str:
        return _templates.get_template(template).render(
            values,
            t=texts.translator(self.language),
            language=self.language,
            actor=actor,
            base=self.base_url,
            root=self.base_url + PREFIX.lstrip("/"),
            nonce=self.nonce,
            xsrf=self.xsrf_token.decode(),
            here=self.request.path,
        )

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Keep refusals out of the error log."""
        if not isinstance(value, StudioError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a page that says what happened, and nothing of the server's inside."""
        error: Any = (kwargs.get("exc_info") or (None, None, None))[1]
        known = isinstance(error, StudioError)
        status = error.status if known else status_code
        reference = "" if known or status < 500 else secrets.token_hex(4)
        if reference:
            self.log.error("tengen_studio: the failure above has the reference %s", reference)
        self.set_status(status)
        values = {
            "status": status,
            "reason": responses.get(status, ""),
            "message": error.message if known else "",
            "reference": reference,
        }
        self.finish(self._page("refusal.html.j2", self._actor, values))


class HomeHandler(PageHandler):
    """`/`: one's own projects, and the gallery."""

    @guarded(Audience.anyone)
    async def get(self) -> None:
        """Show what the visitor can open."""
        q, tag = self.get_query_argument("q", ""), self.get_query_argument("tag", "")
        after = self.get_query_argument("after", None)
        shelf = await self.look(shelves.home, q, tag, after)
        await self.show("home.html.j2", shelf=shelf, q=q, tag=tag)


class ProjectHandler(PageHandler):
    """`/p/{project_id}`: a project's README and facts."""

    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Show a project."""
        at = self.addresses(project_id)
        head = await self.look(service.head, project_id, at.number)
        readme = await self.look(service.readme, at, self.language)
        items = await self.look(service.folder, at, "") if head.version else []
        await self.show("project.html.j2", head=head, at=at, readme=readme, items=items)


class FilesHandler(PageHandler):
    """`/p/{project_id}/files/{path}`: a folder or a file."""

    @guarded(Audience.anyone)
    async def get(self, project_id: str, path: str = "") -> None:
        """Show a folder as a list, a file by its kind."""
        at, path = self.addresses(project_id), path.strip("/")
        head = await self.look(service.head, project_id, at.number)
        found = await self.look(service.folder_or_document, at, path)
        await self.show("files.html.j2", head=head, at=at, path=path, **found)


class FrameHandler(PageHandler):
    """`/p/{project_id}/frame/{path}`: a notebook, for the frame on its page."""

    @guarded(Audience.anyone)
    async def get(self, project_id: str, path: str) -> None:
        """Give a notebook as a document without an origin."""
        html, scripts = await self.look(service.frame, self.addresses(project_id), path)
        policy = SCRIPTS_POLICY if scripts else FRAME_POLICY
        self.set_header("Content-Security-Policy", policy)
        self.finish(html)


class RawHandler(PageHandler):
    """`/p/{project_id}/raw/{path}`: a file's content."""

    @guarded(Audience.anyone)
    async def get(self, project_id: str, path: str) -> None:
        """Give a picture to be shown, and anything else to be saved."""
        size, pieces = await self.look(service.raw, self.addresses(project_id), path)
        name = PurePosixPath(path).name
        kind = PICTURES.get(PurePosixPath(path).suffix.lower())
        self.set_header("Content-Security-Policy", RAW_POLICY)
        self.set_header("Content-Type", kind or "application/octet-stream")
        self.set_header("Content-Length", size)
        if kind is None:
            attachment = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
            self.set_header("Content-Disposition", attachment)
        loop = asyncio.get_running_loop()
        while piece := await loop.run_in_executor(self.context.threads, next, pieces, b""):
            self.write(piece)
            await self.flush()
        self.finish()


class HistoryHandler(PageHandler):
    """`/p/{project_id}/history`: the versions."""

    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Show a project's versions, the newest first."""
        after = self.get_query_argument("after", None)
        head = await self.look(service.head, project_id, None)
        rows, cursor = await self.look(service.history, project_id, after)
        at = self.addresses(project_id)
        await self.show("history.html.j2", head=head, at=at, rows=rows, next=cursor)


class FormHandler(PageHandler):
    """A page with one form, which its script sends to the REST interface."""

    template = ""

    @guarded(Audience.anyone)
    async def get(self) -> None:
        """Show the form; a token stands in the address's fragment, which stays in the browser."""
        await self.show(self.template)


class OpenHandler(FormHandler):
    """`/open`: where links lead to."""

    template = "open.html.j2"


class JoinHandler(FormHandler):
    """`/join`: where invitations lead to."""

    template = "join.html.j2"


class LoginHandler(FormHandler):
    """`/login`: for invited people."""

    template = "login.html.j2"


class AccountHandler(PageHandler):
    """`/account`: one's own name, password and sessions."""

    @guarded(Audience.people)
    async def get(self) -> None:
        """Show one's account."""
        await self.show("account.html.j2", sessions=await self.look(shelves.sessions))


class TextsHandler(PageHandler):
    """`/texts/zh.json`: what the pages' script needs to say a refusal in Chinese."""

    @guarded(Audience.anyone)
    async def get(self) -> None:
        """Give the studio's texts in Chinese by the English."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(texts.chinese(), ensure_ascii=False))


class AssetHandler(web.StaticFileHandler):
    """`/static/{name}`: the pages' style, script and picture; the same for everybody."""

    def set_extra_headers(self, path: str) -> None:
        """Let browsers keep them, and ask whether they have changed."""
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")


pages: list[tuple[Any, ...]] = [
    (r"/?", HomeHandler),
    (r"/p/([^/]+)", ProjectHandler),
    (r"/p/([^/]+)/files", FilesHandler),
    (r"/p/([^/]+)/files/(.*)", FilesHandler),
    (r"/p/([^/]+)/frame/(.+)", FrameHandler),
    (r"/p/([^/]+)/raw/(.+)", RawHandler),
    (r"/p/([^/]+)/history", HistoryHandler),
    (r"/open", OpenHandler),
    (r"/join", JoinHandler),
    (r"/login", LoginHandler),
    (r"/account", AccountHandler),
    (r"/texts/zh\.json", TextsHandler),
    (r"/static/([a-z]+\.(?:css|js|svg))", AssetHandler, {"path": str(HERE / "static")}),
]
