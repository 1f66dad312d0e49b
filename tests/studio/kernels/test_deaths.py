"""Kernels that really die, each in its own way, and what the studio can tell of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import NATIVE_KERNEL_NAME

from tengen_studio.kernels.deaths import Ending, explain
from tengen_studio.kernels.journal import journal_of
from tengen_studio.kernels.limits import Limits, limits_of

DEFINE = """\
import ctypes, os, signal, time
def fall(how):
    how()
"""
WAYS = {
    "kill": "time.sleep(1.5); os.kill(os.getpid(), signal.SIGKILL)",
    "crash": "time.sleep(0)\nfall(lambda: ctypes.string_at(0))",
    "exit": "time.sleep(1.5)\nos._exit(3)",
    "memory": (
        "import resource\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))\n"
        "held = bytearray(2**25 + 2**24 + 2**23)\n"
        "time.sleep(1.5)\n"
        "os.abort()"
    ),
}


class Patient:
    """A running kernel of the server, and the ends that its route tells."""

    def __init__(self, manager: Any, kernel_id: str, fetch: Any) -> None:
        self.manager = manager.get_kernel(kernel_id)
        self.id = kernel_id
        self._fetch = fetch
        self.client = self.manager.client()
        self.client.start_channels()

    async def run(self, code: str, cell: str) -> None:
        """Run code as JupyterLab runs a cell, without waiting for its end."""
        message = self.client.session.msg("execute_request", {"code": code, "silent": False})
        message["metadata"]["cellId"] = cell
        self.client.shell_channel.send(message)

    async def deaths(self) -> list[dict[str, Any]]:
        """Return what the route tells."""
        answer = await self._fetch("tengen-studio", "api", "kernels", self.id, "deaths")
        return list(json.loads(answer.body)["items"])

    async def died(self) -> dict[str, Any]:
        """Wait for the death and return it."""
        for _ in range(300):
            await self.manager.is_alive()
            if found := await self.deaths():
                return found[0]
            await asyncio.sleep(0.1)
        raise AssertionError("the kernel lives")


@asynccontextmanager
async def ready(server: Any, fetch: Any) -> AsyncIterator[Patient]:
    """A kernel that is ready, with a function defined in its first cell."""
    manager = server.kernel_manager
    kernel_id = await manager.start_kernel(kernel_name=NATIVE_KERNEL_NAME)
    # What happens after a death is jupyter_server's own: here the kernel stays dead.
    manager.get_kernel(kernel_id).stop_restarter()
    made = Patient(manager, kernel_id, fetch)
    try:
        await made.client.wait_for_ready(60)
        await made.run(DEFINE, "first")
        yield made
    finally:
        made.client.stop_channels()
        await manager.shutdown_kernel(kernel_id, now=True)


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=[] if way == "crash" else pytest.mark.long) for way in WAYS]
)
async def test_a_death_is_explained(jp_serverapp: Any, jp_fetch: Any, way: str) -> None:
    async with ready(jp_serverapp, jp_fetch) as patient:
        await patient.run(WAYS[way], "fatal")
        death = await patient.died()
        signals = {"kill": "SIGKILL", "crash": "SIGSEGV", "exit": None, "memory": "SIGABRT"}
        assert death["signal"] == signals[way]
        assert death["status"] == (3 if way == "exit" else None)
        causes = {"kill": "signal", "crash": "signal", "exit": "exit", "memory": "memory"}
        assert death["cause"] == causes[way]
        assert death["cell"] == "fatal"
        assert death["peak"] > 2**24
        assert death["exact"] is (way in ("crash", "memory"))
        inner = death["stack"][-1]
        lines = {"kill": 1, "crash": 2, "exit": 1, "memory": 6}
        assert inner["line"] == lines[way]
        if way == "crash":
            assert [part["line"] for part in death["stack"]] == [2, 3, 2]
        if way == "memory":
            assert (death["limit_kind"], death["certain"]) == ("address space", False)
        else:
            assert death["limit"] > death["peak"]
            assert death["ran"] >= (0 if way == "crash" else 1)


async def test_an_end_that_was_asked_for_is_no_death(jp_serverapp: Any, jp_fetch: Any) -> None:
    async with ready(jp_serverapp, jp_fetch) as patient:
        await patient.manager.restart_kernel(now=True)
        assert await patient.deaths() == []
        await patient.manager.shutdown_kernel(now=False)
        assert await patient.deaths() == []
        assert not journal_of(patient.manager.connection_file).exists()


@pytest.mark.long
async def test_an_idle_kernel_dies_without_a_cell(jp_serverapp: Any, jp_fetch: Any) -> None:
    async with ready(jp_serverapp, jp_fetch) as patient:
        await patient.run("answer = 42", "second")
        await asyncio.sleep(0.5)
        patient.manager.provisioner.process.kill()
        death = await patient.died()
        assert (death["signal"], death["cell"], death["stack"]) == ("SIGKILL", None, [])


GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("signal_number", "peak", "group_kills", "machine_kills", "cause", "certain"),
    [
        (9, GIGABYTE, (2, 3), (5, 6), "memory", True),
        (9, GIGABYTE, (0, 0), (5, 6), "memory", False),
        (9, 7 * GIGABYTE, (0, 0), (0, 0), "memory", False),
        (9, GIGABYTE, (0, 0), (0, 0), "signal", True),
        (9, GIGABYTE, (None, None), (None, None), "signal", True),
        (11, 7 * GIGABYTE, (0, 0), (0, 0), "signal", True),
    ],
)
def test_memory_is_named_where_the_system_or_the_sizes_say_so(
    tmp_path: Path,
    signal_number: int,
    peak: int,
    group_kills: tuple[int | None, int | None],
    machine_kills: tuple[int | None, int | None],
    cause: str,
    certain: bool,
) -> None:
    before, after = (
        Limits(8 * GIGABYTE, "control group", group_kills[at], machine_kills[at]) for at in (0, 1)
    )
    ending = Ending(-signal_number, peak, before, after)
    death = explain(str(tmp_path / "kernel-1.json"), ending)
    assert (death.cause, death.certain) == (cause, certain)
    assert (death.limit, death.limit_kind) == (8 * GIGABYTE, "control group")


def test_the_limits_of_a_process_are_those_that_it_was_given() -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))"
    waiting = f"{code}; print('set', flush=True); input()"
    command = [sys.executable, "-c", waiting]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"set\n"
        found = limits_of(child.pid)
        child.communicate(b"\n")
    assert (found.limit, found.kind) == (2**30, "address space")
    own = limits_of(os.getpid())
    assert own.limit and own.limit > 2**30
