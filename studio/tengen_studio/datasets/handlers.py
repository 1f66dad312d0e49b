"""REST: data sets, their files and first rows, and those that a project uses."""

from __future__ import annotations

from tengen_studio.contract import PageQuery, contract
from tengen_studio.datasets import service
from tengen_studio.datasets.schemas import (
    DatasetEntry,
    DatasetFilePage,
    DatasetPage,
    DatasetQuery,
    DatasetRequest,
    Mount,
    MountList,
    MountRequest,
    Preview,
    PreviewQuery,
)
from tengen_studio.errors import ConflictError, NotFoundError
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler


class DatasetsHandler(StudioHandler):
    """`/datasets`: the host's data sets."""

    @contract(DatasetPage, query=DatasetQuery)
    @guarded
    async def get(self) -> None:
        """List data sets, the newest first."""
        query = self.query(DatasetQuery)
        self.send(await self.transact(service.list_datasets, query.q, query.after))

    @contract(
        DatasetEntry, status=201, takes=DatasetRequest, refuses=(NotFoundError, ConflictError)
    )
    @guarded
    async def post(self) -> None:
        """Register a data set.

        Its files are taken in after the answer: ask for it until its state is not `copying`.
        """
        dataset = await self.transact(service.register, self.body(DatasetRequest))
        await self.run(service.start, self.context, dataset.id)
        self.send(dataset)


class DatasetHandler(StudioHandler):
    """`/datasets/{id}`: one data set."""

    @contract(DatasetEntry)
    @guarded
    async def get(self, dataset_id: str) -> None:
        """Give one data set, and how far its files have been taken in."""
        self.send(await self.transact(service.show, dataset_id))

    @contract()
    @guarded
    async def delete(self, dataset_id: str) -> None:
        """Forget a data set, or cancel one that is being copied.

        Projects that have it mounted keep their files.
        """
        await self.transact(service.remove, dataset_id)
        self.send()


class DatasetFilesHandler(StudioHandler):
    """`/datasets/{id}/files`: what is in it."""

    @contract(DatasetFilePage, query=PageQuery)
    @guarded
    async def get(self, dataset_id: str) -> None:
        """List the files of a data set with their checksums, by path."""
        query = self.query(PageQuery)
        self.send(await self.transact(service.files, dataset_id, query.after))


class PreviewHandler(StudioHandler):
    """`/datasets/{id}/preview`: its beginning."""

    @contract(Preview, query=PreviewQuery, refuses=(ConflictError,))
    @guarded
    async def get(self, dataset_id: str) -> None:
        """Give the first rows or pictures of a data set."""
        query = self.query(PreviewQuery)
        self.send(await self.transact(service.show_preview, dataset_id, query.path))


class MountsHandler(StudioHandler):
    """`/projects/{id}/datasets`: what a project uses."""

    @contract(MountList, refuses=(ConflictError,))
    @guarded
    async def get(self, project_id: str) -> None:
        """List the data sets that a project uses, and whether their files are here."""
        self.send(await self.transact(service.of_project, project_id))

    @contract(Mount, status=201, takes=MountRequest, refuses=(ConflictError,))
    @guarded
    async def post(self, project_id: str) -> None:
        """Mount a data set into the project's folder under `datasets/<name>`."""
        request = self.body(MountRequest)
        self.send(await self.transact(service.mount, project_id, request.dataset_id, request.name))


class MountHandler(StudioHandler):
    """`/projects/{id}/datasets/{name}`: one of them."""

    @contract(refuses=(ConflictError,))
    @guarded
    async def delete(self, project_id: str, name: str) -> None:
        """Take a data set out of the project's folder; the studio keeps its files."""
        await self.transact(service.unmount, project_id, name)
        self.send()


routes = [
    (r"/datasets", DatasetsHandler),
    (r"/datasets/([^/]+)", DatasetHandler),
    (r"/datasets/([^/]+)/files", DatasetFilesHandler),
    (r"/datasets/([^/]+)/preview", PreviewHandler),
    (r"/projects/([^/]+)/datasets", MountsHandler),
    (r"/projects/([^/]+)/datasets/([^/]+)", MountHandler),
]
