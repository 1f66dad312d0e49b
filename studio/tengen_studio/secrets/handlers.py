"""REST: the host's stored secrets, of which no route gives a value, and those found in files."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.errors import InvalidError
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.secrets import looking, service
from tengen_studio.secrets.schemas import FindingList, SecretEntry, SecretList, SecretRequest


class SecretsHandler(StudioHandler):
    """`/secrets`: the names."""

    @contract(SecretList)
    @guarded
    async def get(self) -> None:
        """List the stored secrets by name; their values stay in the server."""
        self.send(await self.transact(service.list_secrets))


class SecretHandler(StudioHandler):
    """`/secrets/{name}`: one value, taken and never given."""

    @contract(SecretEntry, takes=SecretRequest)
    @guarded
    async def put(self, name: str) -> None:
        """Store a value under a name, in place of an earlier one."""
        request = self.body(SecretRequest)
        self.send(await self.transact(service.put, name, request.value))

    @contract()
    @guarded
    async def delete(self, name: str) -> None:
        """Forget a secret."""
        await self.transact(service.remove, name)
        self.send()


class FindingsHandler(StudioHandler):
    """`/projects/{project_id}/versions/{number}/findings`: what should not leave."""

    @contract(FindingList, refuses=(InvalidError,))
    @guarded(Audience.people)
    async def get(self, project_id: str, number: str) -> None:
        """List the possible secrets in a version; `latest` is the newest."""
        self.send(await self.transact(looking.findings, project_id, number))


routes = [
    (r"/projects/([^/]+)/versions/([^/]+)/findings", FindingsHandler),
    (r"/secrets", SecretsHandler),
    (r"/secrets/([^/]+)", SecretHandler),
]
