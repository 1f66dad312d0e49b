"""Which kernel holds what on the GPUs, and asking an idle one to make room."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jupyter_client.session import Session
from jupyter_core.utils import ensure_async

from tengen_studio.errors import ConflictError, NotFoundError
from tengen_studio.gpus.nvml import look
from tengen_studio.gpus.schemas import Gpu, GpuHolder, GpuPage, ParkedMemory

WAIT = 60.0
"""Seconds for a kernel to move what it holds: some 10 GB a second."""
# A kernel that has not loaded the framework is not made to.
_PARK = "(lambda tg: tg.device.park() if tg else 0)(__import__('sys').modules.get('tengen'))"


def gpus_of(kernels: Any) -> GpuPage:
    """Return the GPUs of the machine, and who uses them."""
    cards, reason = look()
    pids = {
        pid: kernel_id
        for kernel_id in kernels.list_kernel_ids()
        if (pid := _pid(kernels, kernel_id))
    }
    items = [
        Gpu(
            name=card.name,
            used=card.used,
            total=card.total,
            percent=card.percent,
            holders=[
                GpuHolder(
                    pid=found.pid,
                    kernel=_kernel_of(found.pid, pids),
                    bytes=found.bytes,
                    percent=found.percent,
                )
                for found in card.processes
            ],
        )
        for card in cards
    ]
    return GpuPage(items, reason)


async def park(kernels: Any, kernel_id: str) -> ParkedMemory:
    """Have an idle kernel move what its tensors hold on GPUs to the machine's memory.

    Every value comes back by itself when it is next used.

    Raises:
        NotFoundError: this server runs no such kernel.
        ConflictError: it is running a cell, or could not do it.
    """
    if kernel_id not in kernels:
        raise NotFoundError("There is no such kernel.")
    kernel = kernels.get_kernel(kernel_id)
    if getattr(kernel, "execution_state", None) == "busy":
        raise ConflictError("The kernel is running a cell; it can make room when that has ended.")
    known = kernel.session
    # Its own session, hence its own address: answers to others would stop where two share one.
    own = Session(key=known.key, signature_scheme=known.signature_scheme)
    client = kernel.client(session=own)
    client.start_channels(iopub=False, stdin=False, hb=False, control=False)
    try:
        asked = client.execute(
            "", silent=True, store_history=False, allow_stdin=False,
            user_expressions={"bytes": _PARK},
        )  # fmt: skip
        return ParkedMemory(await asyncio.wait_for(_answer(client, asked), WAIT))
    except TimeoutError:
        raise ConflictError("The kernel does not answer; it may be busy.") from None
    finally:
        client.stop_channels()


async def _answer(client: Any, asked: str) -> int:
    while True:
        reply = await ensure_async(client.get_shell_msg(timeout=WAIT))
        if reply["parent_header"].get("msg_id") != asked:
            continue
        found = reply["content"].get("user_expressions", {}).get("bytes", {})
        if found.get("status") != "ok":
            reason = found.get("evalue") or reply["content"].get("evalue") or "no reason given"
            raise ConflictError(f"The kernel could not make room: {reason}")
        return int(found["data"]["text/plain"])


def _pid(kernels: Any, kernel_id: str) -> int | None:
    """Return the process of a local kernel."""
    return getattr(kernels.get_kernel(kernel_id).provisioner, "pid", None)


def _kernel_of(pid: int, pids: dict[int, str]) -> str | None:
    """Return the kernel that a process is, or that started it."""
    seen = 0
    while pid > 1 and seen < 100:
        if pid in pids:
            return pids[pid]
        pid, seen = _parent(pid), seen + 1
    return None


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    # The name, in parentheses, may have spaces and parentheses of its own.
    return int(text.rpartition(")")[2].split()[1])
