"""REST: how a kernel came to its end."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.documents.trouble import DeathPage
from tengen_studio.errors import NotFoundError
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.kernels import service


class DeathsHandler(StudioHandler):
    """`/kernels/{id}/deaths`: the ends of a kernel that is started again when it dies."""

    @contract(DeathPage, refuses=(NotFoundError,))
    @guarded
    async def get(self, kernel_id: str) -> None:
        """List how a kernel died: signal or status, memory, and the cell and line it was at."""
        self.send(await self.run(service.deaths_of, self.kernel_manager, kernel_id))


routes = [(r"/kernels/([^/]+)/deaths", DeathsHandler)]
