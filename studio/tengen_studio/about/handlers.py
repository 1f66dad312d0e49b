"""REST: versions and machine."""

from __future__ import annotations

from tengen_studio.about import service
from tengen_studio.about.schemas import About
from tengen_studio.contract import contract
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler


class AboutHandler(StudioHandler):
    """`/about`: what is running here."""

    @contract(About)
    @guarded
    async def get(self) -> None:
        """Give the versions and the machine's figures."""
        self.send(await self.run(service.about, self.context))


routes = [(r"/about", AboutHandler)]
