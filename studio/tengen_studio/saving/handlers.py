"""REST: saves that were refused, and ways to bring them back."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.errors import ConflictError, ForbiddenError, NoSpaceError
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.saving import schemas, service
from tengen_studio.saving.contents import StudioContents
from tengen_studio.saving.writing import Files


class RefusedSavesHandler(StudioHandler):
    """`/refused-saves`: what stale writers wanted to save."""

    @contract(schemas.RefusedSavePage, query=schemas.RefusedSavesQuery)
    @guarded
    async def get(self) -> None:
        """List refused saves, of one file or of all, the newest first."""
        query = self.query(schemas.RefusedSavesQuery)
        self.send(await self.transact(service.listing, query.path, query.after))


class RefusedSaveHandler(StudioHandler):
    """`/refused-saves/{refused_id}`: one refused save."""

    @contract("application/octet-stream")
    @guarded
    async def get(self, refused_id: str) -> None:
        """Give what was to be saved, as a download."""
        name, data = await self.transact(service.content, refused_id)
        await self.stream(iter([data]), name=name, size=len(data))

    @contract(
        schemas.Settled,
        takes=schemas.SettleRequest,
        refuses=(ConflictError, ForbiddenError, NoSpaceError),
    )
    @guarded
    async def post(self, refused_id: str) -> None:
        """Join a refused save with its file, or put it in its place or beside it."""
        how = self.body(schemas.SettleRequest).how
        manager = self.contents_manager
        files = manager.files if isinstance(manager, StudioContents) else Files()
        settled = await self.transact(service.settle, refused_id, how, files)
        # Pages that have the file open look at it as after every save.
        manager.emit(data={"action": "save", "path": settled.path})
        self.send(settled)

    @contract()
    @guarded
    async def delete(self, refused_id: str) -> None:
        """Forget a refused save."""
        await self.transact(service.discard, refused_id)
        self.send()


routes = [
    (r"/refused-saves", RefusedSavesHandler),
    (r"/refused-saves/([^/]+)", RefusedSaveHandler),
]
