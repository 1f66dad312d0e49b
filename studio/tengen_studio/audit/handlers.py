"""REST: the audit log."""

from __future__ import annotations

from tengen_studio.audit import service
from tengen_studio.audit.schemas import AuditPage
from tengen_studio.contract import PageQuery, contract
from tengen_studio.errors import ForbiddenError
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler


class AuditHandler(StudioHandler):
    """`/audit`: what was done to people."""

    @contract(AuditPage, query=PageQuery)
    @guarded
    async def get(self) -> None:
        """List invitations, log-ins and changes of accounts, the newest first."""
        query = self.query(PageQuery)
        self.send(await self.transact(service.of_studio, query.after))


class ProjectAuditHandler(StudioHandler):
    """`/projects/{id}/audit`: what was done to a project."""

    @contract(AuditPage, query=PageQuery, refuses=(ForbiddenError,))
    @guarded(Audience.people)
    async def get(self, project_id: str) -> None:
        """List what was done to a project, the newest first; for its owner."""
        query = self.query(PageQuery)
        self.send(await self.transact(service.of_project, project_id, query.after))


routes = [
    (r"/audit", AuditHandler),
    (r"/projects/([^/]+)/audit", ProjectAuditHandler),
]
