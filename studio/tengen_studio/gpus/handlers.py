"""REST: who uses the GPUs, and making room on them."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.errors import ConflictError, NotFoundError
from tengen_studio.gpus import service
from tengen_studio.gpus.schemas import GpuPage, ParkedMemory
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler


class GpusHandler(StudioHandler):
    """`/gpus`: the machine's GPUs."""

    @contract(GpuPage)
    @guarded
    async def get(self) -> None:
        """List the GPUs with memory, utilisation and the kernels that use them."""
        self.send(await self.run(service.gpus_of, self.kernel_manager))


class ParkHandler(StudioHandler):
    """`/kernels/{id}/park`: a kernel's tensors leave the GPU until they are used again."""

    @contract(ParkedMemory, refuses=(NotFoundError, ConflictError))
    @guarded
    async def post(self, kernel_id: str) -> None:
        """Move what an idle kernel's tensors hold on GPUs to the machine's memory."""
        self.send(await service.park(self.kernel_manager, kernel_id))


routes = [(r"/gpus", GpusHandler), (r"/kernels/([^/]+)/park", ParkHandler)]
