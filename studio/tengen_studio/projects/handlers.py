"""REST: projects, their trash, and making them."""

from __future__ import annotations

import tornado.web as web

from tengen_studio.contract import PageQuery, contract
from tengen_studio.errors import (
    ConflictError,
    ForbiddenError,
    NoSpaceError,
    TooLargeError,
)
from tengen_studio.guard import Audience, guarded
from tengen_studio.http import StudioHandler
from tengen_studio.projects import making, schemas, service
from tengen_studio.uploads import UploadHandler


class ProjectsHandler(StudioHandler):
    """`/projects`: the asker's own, and those shared with them."""

    @contract(schemas.ProjectPage, query=schemas.ProjectsQuery)
    @guarded(Audience.people)
    async def get(self) -> None:
        """List the asker's projects, the latest changed first."""
        it = self.query(schemas.ProjectsQuery)
        self.send(await self.transact(service.listing, it.q, it.tag, it.state, it.after, it.limit))

    @contract(
        schemas.NewProject,
        status=201,
        takes=schemas.ProjectRequest,
        refuses=(ForbiddenError, ConflictError, TooLargeError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self) -> None:
        """Make a project: blank, from a template, a folder or a git address."""
        request = self.body(schemas.ProjectRequest)
        self.send(await self.transact(making.create, request))


class TagsHandler(StudioHandler):
    """`/tags`: the tags of the asker's projects."""

    @contract(schemas.TagList)
    @guarded(Audience.people)
    async def get(self) -> None:
        """List the tags of the asker's own projects."""
        self.send(await self.transact(service.tags))


class ProjectHandler(StudioHandler):
    """`/projects/{project_id}`: one project."""

    @contract(schemas.Project)
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Give one project."""
        self.send(await self.transact(service.show, project_id))

    @contract(schemas.Project, takes=schemas.ChangeRequest, refuses=(ForbiddenError, ConflictError))
    @guarded(Audience.people)
    async def patch(self, project_id: str) -> None:
        """Rename, describe, tag, license, archive or relocate a project."""
        request = self.body(schemas.ChangeRequest)
        self.send(await self.transact(service.change, project_id, request))

    @contract(refuses=(ForbiddenError, ConflictError))
    @guarded(Audience.people)
    async def delete(self, project_id: str) -> None:
        """Delete a project that is in the trash for good."""
        await self.transact(service.delete, project_id)
        self.send()


class TrashHandler(StudioHandler):
    """`/projects/{project_id}/trash`: whether a project is in the trash."""

    @contract(schemas.Project, refuses=(ForbiddenError, ConflictError, NoSpaceError))
    @guarded(Audience.people)
    async def put(self, project_id: str) -> None:
        """Put a project into the trash; its folder is saved and put away."""
        self.send(await self.transact(service.trash, project_id))

    @contract(schemas.Project, refuses=(ForbiddenError, ConflictError))
    @guarded(Audience.people)
    async def delete(self, project_id: str) -> None:
        """Take a project out of the trash; its folder comes back."""
        self.send(await self.transact(service.untrash, project_id))


class ForksHandler(StudioHandler):
    """`/projects/{project_id}/forks`: projects made from this one."""

    @contract(schemas.ForkPage, query=PageQuery)
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """List the project's forks that the asker may see, the newest first."""
        query = self.query(PageQuery)
        self.send(await self.transact(service.forks, project_id, query.after))

    @contract(
        schemas.NewProject,
        status=201,
        takes=schemas.ForkRequest,
        refuses=(ForbiddenError, ConflictError, TooLargeError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Make a project of the asker's own from a version of this one."""
        request = self.body(schemas.ForkRequest)
        self.send(await self.transact(making.fork, project_id, request))


@web.stream_request_body
class ImportsHandler(UploadHandler):
    """`/imports`: projects from archives."""

    @contract(
        schemas.NewProject,
        status=201,
        takes="application/zip",
        query=schemas.ImportQuery,
        refuses=(ForbiddenError, ConflictError, TooLargeError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self) -> None:
        """Make a project of a zip archive, which is the request's body."""
        it = self.query(schemas.ImportQuery)
        made = await self.transact(making.import_archive, self.file, it.name, it.directory)
        self.send(made)


routes = [
    (r"/projects", ProjectsHandler),
    (r"/imports", ImportsHandler),
    (r"/projects/([^/]+)/forks", ForksHandler),
    (r"/tags", TagsHandler),
    (r"/projects/([^/]+)", ProjectHandler),
    (r"/projects/([^/]+)/trash", TrashHandler),
]
