"""REST: the host's stored secrets; no route gives a value."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.secrets import service
from tengen_studio.secrets.schemas import SecretEntry, SecretList, SecretRequest


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


routes = [
    (r"/secrets", SecretsHandler),
    (r"/secrets/([^/]+)", SecretHandler),
]
