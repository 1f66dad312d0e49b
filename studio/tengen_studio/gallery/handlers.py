"""REST: the gallery and stars."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.gallery import schemas, service
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler


class StarHandler(StudioHandler):
    """`/projects/{project_id}/star`: the asker's mark."""

    @contract(schemas.Stars)
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Count a project's stars."""
        self.send(await self.transact(service.stars_of, project_id))

    @contract(schemas.Stars)
    @guarded(Audience.people)
    async def put(self, project_id: str) -> None:
        """Star a project."""
        self.send(await self.transact(service.star, project_id))

    @contract(schemas.Stars)
    @guarded(Audience.people)
    async def delete(self, project_id: str) -> None:
        """Take the star back."""
        self.send(await self.transact(service.unstar, project_id))


class GalleryHandler(StudioHandler):
    """`/gallery`: the public projects."""

    @contract(schemas.GalleryPage, query=schemas.GalleryQuery)
    @guarded(Audience.anyone)
    async def get(self) -> None:
        """Search the public projects, the most recently changed first."""
        it = self.query(schemas.GalleryQuery)
        self.send(await self.transact(service.gallery, it.q, it.tag, it.after))


routes = [
    (r"/projects/([^/]+)/star", StarHandler),
    (r"/gallery", GalleryHandler),
]
