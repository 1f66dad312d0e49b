"""REST: what a version needs to be run again, and the runs."""

from __future__ import annotations

from tengen_studio.contract import PageQuery, contract
from tengen_studio.errors import ConflictError, InvalidError
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.reproduce import service
from tengen_studio.reproduce.schemas import (
    ReproductionEntry,
    ReproductionPage,
    ReproductionRequest,
    VersionEnvironment,
)


class EnvironmentHandler(StudioHandler):
    """`/projects/{id}/versions/{number}/environment`: what a version was saved with."""

    @contract(VersionEnvironment, refuses=(InvalidError,))
    @guarded(Audience.anyone)
    async def get(self, project_id: str, number: str) -> None:
        """Give the recorded packages of a version, and what is missing here to run it again."""
        self.send(await self.transact(service.version_environment, project_id, number))


class ReproductionsHandler(StudioHandler):
    """`/projects/{id}/reproductions`: the runs of a project's versions."""

    @contract(ReproductionPage, query=PageQuery)
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """List the reproductions of a project, the newest first."""
        query = self.query(PageQuery)
        self.send(await self.transact(service.listing, project_id, query.after))

    @contract(ReproductionEntry, status=201, takes=ReproductionRequest, refuses=(ConflictError,))
    @guarded
    async def post(self, project_id: str) -> None:
        """Run a version again and compare its outputs.

        The run goes on after the answer: ask for it until its state is not `running`.
        """
        request = self.body(ReproductionRequest)
        entry, job = await self.transact(service.start, project_id, request)
        await self.run(service.begin, self.context, job)
        self.send(entry)


class ReproductionHandler(StudioHandler):
    """`/projects/{id}/reproductions/{id}`: one run."""

    @contract(ReproductionEntry)
    @guarded(Audience.anyone)
    async def get(self, project_id: str, reproduction_id: str) -> None:
        """Give one reproduction: how far it is, or its report."""
        self.send(await self.transact(service.show, project_id, reproduction_id))

    @contract()
    @guarded
    async def delete(self, project_id: str, reproduction_id: str) -> None:
        """Cancel a reproduction, or forget one that has ended."""
        await self.transact(service.cancel, project_id, reproduction_id)
        self.send()


routes = [
    (r"/projects/([^/]+)/versions/([^/]+)/environment", EnvironmentHandler),
    (r"/projects/([^/]+)/reproductions", ReproductionsHandler),
    (r"/projects/([^/]+)/reproductions/([^/]+)", ReproductionHandler),
]
