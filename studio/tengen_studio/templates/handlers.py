"""REST: the list of templates, and copies of one."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.errors import ForbiddenError, NoSpaceError
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.templates import service
from tengen_studio.templates.schemas import Copy, CopyRequest, TemplateList


class TemplatesHandler(StudioHandler):
    """`/templates`: what a user can start from."""

    @contract(TemplateList)
    @guarded
    async def get(self) -> None:
        """List the templates."""
        self.send(await self.run(service.list_templates, self.context))


class CopiesHandler(StudioHandler):
    """`/templates/{slug}/copies`: the copies in the user's folder."""

    @contract(Copy, status=201, takes=CopyRequest, refuses=(ForbiddenError, NoSpaceError))
    @guarded
    async def post(self, slug: str) -> None:
        """Copy a template; the answer names the notebook to open."""
        request = self.body(CopyRequest)
        copy = await self.run(service.copy_template, self.context, slug, request.directory)
        self.send(copy)


routes = [
    (r"/templates", TemplatesHandler),
    (r"/templates/([^/]+)/copies", CopiesHandler),
]
