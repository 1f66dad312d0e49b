"""REST: the description of everything else, as a document and as a page."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.openapi import service
from tengen_studio.openapi.routes import ROUTES_SETTING


class DocumentHandler(StudioHandler):
    """`/openapi.json`: the OpenAPI document."""

    @contract("application/json")
    @guarded(Audience.people)
    async def get(self) -> None:
        """Give the OpenAPI document of all routes."""
        self.finish(service.document_json(self.settings[ROUTES_SETTING]))


class PageHandler(StudioHandler):
    """`/docs`: the same for people."""

    @contract("text/html")
    @guarded(Audience.people)
    async def get(self) -> None:
        """Give a page that shows every route, its types and an example."""
        self.set_header("Content-Security-Policy", service.PAGE_POLICY)
        page = service.page(self.settings[ROUTES_SETTING])
        self.finish(page, set_content_type="text/html; charset=utf-8")


routes = [
    (r"/openapi\.json", DocumentHandler),
    (r"/docs", PageHandler),
]
