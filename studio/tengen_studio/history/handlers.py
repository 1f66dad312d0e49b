"""REST: versions, their files, what differs between them, and ways back."""

from __future__ import annotations

import tornado.web as web

from tengen_studio.contract import PageQuery, contract
from tengen_studio.errors import ConflictError, ForbiddenError, NoSpaceError, TooLargeError
from tengen_studio.guard import Audience, guarded
from tengen_studio.history import answers, schemas
from tengen_studio.http import StudioHandler
from tengen_studio.uploads import UploadHandler


class VersionsHandler(StudioHandler):
    """`/projects/{project_id}/versions`: the saved states of a project."""

    @contract(schemas.VersionPage, query=PageQuery)
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """List the project's versions, the newest first."""
        query = self.query(PageQuery)
        self.send(await self.transact(answers.versions, project_id, query.after))

    @contract(
        schemas.Version,
        status=201,
        takes=schemas.SaveRequest,
        refuses=(ForbiddenError, ConflictError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Save the project's folder; where nothing has changed, the newest version is given."""
        request = self.body(schemas.SaveRequest)
        self.send(await self.transact(answers.save, project_id, request.message))


class VersionHandler(StudioHandler):
    """`/projects/{project_id}/versions/{number}`: one saved state."""

    @contract(schemas.Version)
    @guarded(Audience.anyone)
    async def get(self, project_id: str, number: str) -> None:
        """Give one version; `latest` is the newest."""
        self.send(await self.transact(answers.version, project_id, number))


class ClearanceHandler(StudioHandler):
    """`/projects/{project_id}/versions/{number}/clearance`: an owner's word for a version."""

    @contract(schemas.Version, refuses=(ForbiddenError,))
    @guarded(Audience.people)
    async def put(self, project_id: str, number: str) -> None:
        """Show a version that is held back, since it may hold secrets, to everybody after all."""
        self.send(await self.transact(answers.clear, project_id, number))


class VersionFilesHandler(StudioHandler):
    """`/projects/{project_id}/versions/{number}/files`: what a version holds."""

    @contract(schemas.FilePage, query=PageQuery)
    @guarded(Audience.anyone)
    async def get(self, project_id: str, number: str) -> None:
        """List a version's files, sorted by path."""
        query = self.query(PageQuery)
        self.send(await self.transact(answers.files, project_id, number, query.after))


class VersionContentHandler(StudioHandler):
    """`/projects/{project_id}/versions/{number}/content`: one file of a version."""

    @contract("application/octet-stream", query=schemas.ContentQuery)
    @guarded(Audience.anyone)
    async def get(self, project_id: str, number: str) -> None:
        """Give the content of one file of a version, as a download."""
        path = self.query(schemas.ContentQuery).path
        size, pieces = await self.transact(answers.content, project_id, number, path)
        await self.stream(pieces, name=path.rpartition("/")[2], size=size)


class DiffHandler(StudioHandler):
    """`/projects/{project_id}/diff`: what differs."""

    @contract(schemas.ChangePage, query=schemas.DiffQuery, refuses=(ForbiddenError, ConflictError))
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """List the files that differ between two versions, or a version and the folder."""
        self.send(await self.transact(answers.diff, project_id, self.query(schemas.DiffQuery)))


class FileDiffHandler(StudioHandler):
    """`/projects/{project_id}/diff/file`: how one file differs."""

    @contract(
        schemas.FileDiff, query=schemas.FileDiffQuery, refuses=(ForbiddenError, ConflictError)
    )
    @guarded(Audience.anyone)
    async def get(self, project_id: str) -> None:
        """Compare one file: texts by lines, notebooks cell by cell."""
        query = self.query(schemas.FileDiffQuery)
        self.send(await self.transact(answers.file_diff, project_id, query))


class RestoresHandler(StudioHandler):
    """`/projects/{project_id}/restores`: ways back."""

    @contract(
        schemas.Version,
        status=201,
        takes=schemas.RestoreRequest,
        refuses=(ForbiddenError, ConflictError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Bring back a version, or one file of it; the present state is saved first."""
        request = self.body(schemas.RestoreRequest)
        self.send(await self.transact(answers.restore, project_id, request))


class ArchiveHandler(StudioHandler):
    """`/projects/{project_id}/versions/{number}/archive`: a whole version."""

    @contract(
        "application/zip", query=schemas.ArchiveQuery, refuses=(ForbiddenError, ConflictError)
    )
    @guarded(Audience.anyone)
    async def get(self, project_id: str, number: str) -> None:
        """Give a version as a zip archive, as a download; 409 while it may hold secrets."""
        despite = self.query(schemas.ArchiveQuery).despite_findings
        name, pieces = await self.transact(answers.archive, project_id, number, despite)
        await self.stream(pieces, name=name)


class PullsHandler(StudioHandler):
    """`/projects/{project_id}/pulls`: the origin's changes."""

    @contract(
        schemas.Merged,
        status=201,
        takes=schemas.PullRequest,
        refuses=(ForbiddenError, ConflictError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Bring what the project's origin has changed into the project."""
        request = self.body(schemas.PullRequest)
        self.send(await self.transact(answers.pull, project_id, request.version))


@web.stream_request_body
class PushesHandler(UploadHandler):
    """`/projects/{project_id}/pushes`: versions from elsewhere."""

    @contract(
        schemas.Merged,
        status=201,
        takes="application/zip",
        query=schemas.PushQuery,
        refuses=(ForbiddenError, ConflictError, TooLargeError, NoSpaceError),
    )
    @guarded(Audience.people)
    async def post(self, project_id: str) -> None:
        """Make a zip archive, which is the request's body, the project's next version."""
        query = self.query(schemas.PushQuery)
        self.send(await self.transact(answers.push, project_id, self.file, query))


routes = [
    (r"/projects/([^/]+)/versions", VersionsHandler),
    (r"/projects/([^/]+)/versions/([^/]+)", VersionHandler),
    (r"/projects/([^/]+)/versions/([^/]+)/clearance", ClearanceHandler),
    (r"/projects/([^/]+)/versions/([^/]+)/files", VersionFilesHandler),
    (r"/projects/([^/]+)/versions/([^/]+)/content", VersionContentHandler),
    (r"/projects/([^/]+)/versions/([^/]+)/archive", ArchiveHandler),
    (r"/projects/([^/]+)/pulls", PullsHandler),
    (r"/projects/([^/]+)/pushes", PushesHandler),
    (r"/projects/([^/]+)/diff", DiffHandler),
    (r"/projects/([^/]+)/diff/file", FileDiffHandler),
    (r"/projects/([^/]+)/restores", RestoresHandler),
]
