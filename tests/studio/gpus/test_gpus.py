"""What is told of GPUs: by a driver built for the test, and where there is none."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME
from tornado.httpclient import HTTPClientError

from tengen_studio.gpus.nvml import look

pytest.importorskip("pynvml")

from .driver import COMPILER, driver

built = pytest.mark.skipif(COMPILER is None, reason="no C compiler")


def no_driver() -> bool:
    return not Path("/proc/driver/nvidia").exists()


@pytest.mark.skipif(not no_driver(), reason="there is a driver")
def test_without_a_driver_there_is_a_reason() -> None:
    assert look() == ([], "no NVIDIA driver was found")


@built
def test_a_driver_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    with driver(tmp_path, [1], status=18):
        cards, reason = look()
    assert cards == []
    assert reason.startswith("the NVIDIA driver does not answer: ")
    assert "mismatch" in reason


@built
def test_what_a_card_does_not_tell_is_unknown(tmp_path: Path) -> None:
    with driver(tmp_path, [12, 34]):
        (first, second), reason = look()
    assert reason == ""
    assert (first.name, first.used, first.total, first.percent) == (
        "A stand-in", 3 << 30, 1 << 34, 41,
    )  # fmt: skip
    used = [(p.pid, p.bytes, p.percent) for p in first.processes]
    assert used == [(12, 1 << 30, 40), (34, None, None)], "the newest sample counts"
    assert (second.used, second.total, second.percent, second.processes) == (None, None, None, [])


@built
async def test_processes_are_told_by_their_kernel(
    jp_serverapp: Any, jp_fetch: Any, tmp_path: Path
) -> None:
    manager = jp_serverapp.kernel_manager
    kernel_id = await manager.start_kernel(kernel_name=NATIVE_KERNEL_NAME)
    pid = manager.get_kernel(kernel_id).provisioner.pid
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with driver(tmp_path, [pid, child.pid, 1]):
            answer = await jp_fetch("tengen-studio", "api", "gpus")
        gpu, other = json.loads(answer.body)["items"]
        holders = [(h["pid"], h["kernel"], h["bytes"], h["percent"]) for h in gpu["holders"]]
        assert holders == [
            (pid, kernel_id, 1 << 30, 40), (child.pid, None, None, None), (1, None, None, None),
        ]  # fmt: skip
        assert (gpu["used"], gpu["percent"], other["used"]) == (3 << 30, 41, None)
    finally:
        child.communicate(b"\n")
        await manager.shutdown_kernel(kernel_id, now=True)


@built
def test_a_kernels_own_children_are_the_kernel(tmp_path: Path) -> None:
    from tengen_studio.gpus.service import _kernel_of

    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert _kernel_of(child.pid, {os.getpid(): "mine"}) == "mine"
        assert _kernel_of(child.pid, {child.pid + 1: "other"}) is None
    finally:
        child.communicate(b"\n")


async def test_an_idle_kernel_is_asked_to_make_room(jp_serverapp: Any, jp_fetch: Any) -> None:
    """The kernel's framework is one that tells that it was asked."""
    manager = jp_serverapp.kernel_manager
    kernel_id = await manager.start_kernel(kernel_name=NATIVE_KERNEL_NAME)
    path = ("tengen-studio", "api", "kernels", kernel_id, "park")
    client = manager.get_kernel(kernel_id).client()
    client.start_channels()

    async def becomes(state: str) -> None:
        for _ in range(200):
            if manager.get_kernel(kernel_id).execution_state == state:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the kernel does not become {state}")

    async def run(code: str) -> None:
        reply = await client.execute(code, reply=True, timeout=60)
        assert reply["content"]["status"] == "ok", reply["content"]
        await becomes("idle")

    try:
        await client.wait_for_ready(60)
        answer = await jp_fetch(*path, method="POST", body="")
        assert json.loads(answer.body) == {"bytes": 0}
        await run("import sys; assert 'tengen' not in sys.modules")
        await run("import tengen; tengen.device.park = lambda: 123456")
        answer = await jp_fetch(*path, method="POST", body="")
        assert json.loads(answer.body) == {"bytes": 123456}
        await run("def park(): raise MemoryError('the host is full')\ntengen.device.park = park")
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(*path, method="POST", body="")
        assert refused.value.code == 409
        assert "the host is full" in refused.value.response.body.decode()  # type: ignore[union-attr]
        client.execute("import time; time.sleep(20)")
        await becomes("busy")
        with pytest.raises(HTTPClientError) as busy:
            await jp_fetch(*path, method="POST", body="")
        assert busy.value.code == 409
        assert "running a cell" in busy.value.response.body.decode()  # type: ignore[union-attr]
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(kernel_id, now=True)
