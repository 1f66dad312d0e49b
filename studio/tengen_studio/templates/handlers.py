"""REST: the list of templates, and copies of one."""

from __future__ import annotations

from tengen_studio.access import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.templates import service
from tengen_studio.templates.schemas import CopyRequest


class TemplatesHandler(StudioHandler):
    """`/templates`: what a user can start from."""

    @guarded
    async def get(self) -> None:
        """List the templates."""
        self.send(await self.run(service.list_templates, self.context))


class CopiesHandler(StudioHandler):
    """`/templates/{slug}/copies`: the copies in the user's folder."""

    @guarded
    async def post(self, slug: str) -> None:
        """Copy a template; the answer names the notebook to open."""
        request = self.body(CopyRequest)
        copy = await self.run(service.copy_template, self.context, slug, request.directory)
        self.send(copy, status=201)


routes = [
    (r"/templates", TemplatesHandler),
    (r"/templates/([^/]+)/copies", CopiesHandler),
]
