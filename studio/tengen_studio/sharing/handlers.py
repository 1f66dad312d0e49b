"""REST: members, links and what is published."""

from __future__ import annotations

from tengen_studio import cookies
from tengen_studio.contract import PageQuery, contract
from tengen_studio.errors import ConflictError, ForbiddenError, LoginRequiredError, TooManyError
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.sharing import links, publication, schemas, service


class MembersHandler(StudioHandler):
    """`/projects/{project_id}/members`: who has a role."""

    @contract(schemas.MemberPage, refuses=(ForbiddenError,))
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """List everybody with a role in the project; for its editors and owners."""
        self.send(await self.transact(service.members, project_id))

    @contract(
        schemas.Member,
        status=201,
        takes=schemas.MemberRequest,
        refuses=(ForbiddenError, TooManyError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Give a person a role, by name."""
        it = self.body(schemas.MemberRequest)
        self.send(await self.transact(service.add_member, project_id, it.name, it.role))


class MemberHandler(StudioHandler):
    """`/projects/{project_id}/members/{account_id}`: one member."""

    @contract(schemas.Member, takes=schemas.RoleRequest, refuses=(ForbiddenError,))
    @guarded(Audience.people)
    async def patch(self, project_id: str, account_id: str) -> None:
        """Change a member's role; a lesser one ends the links that the member made."""
        it = self.body(schemas.RoleRequest)
        self.send(await self.transact(service.change_role, project_id, account_id, it.role))

    @contract(refuses=(ForbiddenError,))
    @guarded(Audience.people)
    async def delete(self, project_id: str, account_id: str) -> None:
        """Take a member's role away, and the links that the member made; or leave."""
        await self.transact(service.remove_member, project_id, account_id)
        self.send()


class LinksHandler(StudioHandler):
    """`/projects/{project_id}/links`: ways in by address."""

    @contract(schemas.LinkPage, query=PageQuery, refuses=(ForbiddenError,))
    @guarded(Audience.people)
    async def get(self, project_id: str) -> None:
        """List the project's links, the newest first; for its owners."""
        query = self.query(PageQuery)
        self.send(await self.transact(links.links, project_id, query.after))

    @contract(
        schemas.NewLink,
        status=201,
        takes=schemas.LinkRequest,
        refuses=(ForbiddenError, ConflictError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Make a link; its token is in this answer only."""
        request = self.body(schemas.LinkRequest)
        self.send(await self.transact(links.make_link, project_id, request))


class LinkHandler(StudioHandler):
    """`/projects/{project_id}/links/{link_id}`: one link."""

    @contract(refuses=(ForbiddenError,))
    @guarded(Audience.people)
    async def delete(self, project_id: str, link_id: str) -> None:
        """Revoke a link, for those who have opened it as well."""
        await self.transact(links.revoke, project_id, link_id)
        self.send()


class OpeningsHandler(StudioHandler):
    """`/links/openings`: links that are being opened."""

    @contract(
        schemas.Opened,
        status=201,
        takes=schemas.OpenRequest,
        refuses=(LoginRequiredError, TooManyError),
    )
    @guarded(Audience.anyone)
    async def post(self) -> None:
        """Open a link; the answer sets the cookie that stands for it from then on."""
        it = self.body(schemas.OpenRequest)
        held = cookies.read(self, "visitor")
        opened, visitor = await self.transact(links.open_link, held, it.token, it.password)
        cookies.write(self, "visitor", visitor)
        self.send(opened)


class PublicationHandler(StudioHandler):
    """`/projects/{project_id}/publication`: what everybody gets to see."""

    @contract(schemas.Publication)
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Tell whether the project is public, and the address of its page."""
        self.send(await self.transact(publication.publication, project_id))

    @contract(
        schemas.Publication,
        takes=schemas.PublicationRequest,
        refuses=(ForbiddenError, ConflictError),
    )
    @guarded(Audience.people)
    async def patch(self, project_id: str) -> None:
        """Publish the project, or take it back; 409 while its files may hold secrets."""
        request = self.body(schemas.PublicationRequest)
        self.send(await self.transact(publication.publish, project_id, request))


routes = [
    (r"/projects/([^/]+)/members", MembersHandler),
    (r"/projects/([^/]+)/members/([^/]+)", MemberHandler),
    (r"/projects/([^/]+)/links", LinksHandler),
    (r"/projects/([^/]+)/links/([^/]+)", LinkHandler),
    (r"/projects/([^/]+)/publication", PublicationHandler),
    (r"/links/openings", OpeningsHandler),
]
