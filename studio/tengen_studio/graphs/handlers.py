"""REST: the graph of a model file."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.documents.graph import GraphDocument
from tengen_studio.errors import NotFoundError, TooLargeError
from tengen_studio.graphs import service
from tengen_studio.graphs.schemas import GraphQuery
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler


class GraphsHandler(StudioHandler):
    """`/graphs`: graphs of model files."""

    @contract(GraphDocument, query=GraphQuery, refuses=(NotFoundError, TooLargeError))
    @guarded
    async def get(self) -> None:
        """Read a .tgm or .onnx file as a graph document, without running it."""
        path = self.query(GraphQuery).path
        self.send(await self.run(service.read_file, self.context, path))


routes = [(r"/graphs", GraphsHandler)]
