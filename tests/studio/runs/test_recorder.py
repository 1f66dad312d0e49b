"""A real kernel whose page is closed: its outputs are kept, told, and written by the server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tengen_studio.runs.connection import PROTOCOL

from ..browser import Browser

COUNT = "for i in range(4):\n    print(i, flush=True); time.sleep(0.4)"


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    """The server writes as soon as nobody looks on."""
    studio = jp_server_config["StudioApp"] | {"away_seconds": 0}
    return jp_server_config | {"StudioApp": studio}


class Page:
    """A page that shows `a.ipynb`: its session, and its websocket to the kernel."""

    def __init__(self, host: Browser, connect: Callable[..., Any], name: str = "page") -> None:
        self._host = host
        self._connect = connect
        self.name = name

    async def open(self) -> None:
        """Start the kernel, or come back to it."""
        wanted = {"path": "a.ipynb", "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        made = await self._host.fetch("POST", "api/sessions", wanted)
        self.kernel = json.loads(made.body)["kernel"]["id"]
        self.socket = await self._connect(self.kernel, self.name)

    async def run(self, code: str, cell: str) -> None:
        """Run a cell, as JupyterLab asks for it."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True}
        await self.send("shell", "execute_request", f"run {cell}", content, {"cellId": cell})

    async def send(
        self,
        channel: str,
        kind: str,
        name: str,
        content: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
    ) -> None:
        """Send a message to the kernel."""
        header = {"msg_id": name, "msg_type": kind, "session": self.name, "username": ""}
        header |= {"date": "2026-01-01T00:00:00Z", "version": "5.3"}
        fields = (header, parent or {}, metadata or {}, content)
        packed = [json.dumps(field).encode() for field in fields]
        await self.socket.write_message(serialize_msg_to_ws_v1(packed, channel), binary=True)

    async def runs(self) -> dict[str, Any]:
        """What the server knows of the kernel's runs, by cell."""
        told = await self._host.api("GET", f"runs?kernel={self.kernel}")
        return {run["cell"]: run for run in told["items"]}

    async def until(self, cell: str, *, state: str) -> dict[str, Any]:
        """Wait until a run has come so far."""
        for _ in range(600):
            run = (await self.runs()).get(cell)
            if run is not None and run["state"] == state:
                return dict(run)
            await asyncio.sleep(0.05)
        raise AssertionError(f"never {state}: {await self.runs()}")


@pytest.fixture
def connect(host: Browser, jp_http_port: int, jp_base_url: str, jp_auth_header: Any) -> Any:
    """Opens the websocket of a kernel as JupyterLab does."""

    async def opened(kernel: str, session: str) -> Any:
        address = f"ws://localhost:{jp_http_port}{jp_base_url}api/kernels/{kernel}/channels"
        request = HTTPRequest(f"{address}?session_id={session}", headers=jp_auth_header)
        return await websocket_connect(request, subprotocols=[PROTOCOL])

    return opened


@pytest.fixture
def page(host: Browser, connect: Any, jp_root_dir: Path) -> Page:
    """A page on a notebook of two cells, not open yet."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import time", id="a"), nbformat.v4.new_code_cell(id="b")]
    )
    nbformat.write(made, jp_root_dir / "a.ipynb")
    return Page(host, connect)


def on_disk(folder: Path) -> list[Any]:
    """The cells of the notebook's file, their outputs' texts and counts."""
    read = nbformat.read(folder / "a.ipynb", as_version=4)
    return [(cell.execution_count, "".join(o["text"] for o in cell.outputs)) for cell in read.cells]


@pytest.mark.parametrize("code", [1001, 1006], ids=["closed", "cut off for good"])
async def test_closed_in_the_middle_written_at_the_end(
    page: Page, host: Browser, jp_root_dir: Path, code: int
) -> None:
    await page.open()
    await page.run("import time", "a")
    await page.run(COUNT, "b")
    run = await page.until("b", state="running")
    assert run["count"] in (None, 2)
    assert on_disk(jp_root_dir) == [(None, ""), (None, "")], "a page that is there saves itself"
    page.socket.close(code)
    run = await page.until("b", state="done")
    assert run["outputs"] == [
        {"kind": "stream", "content": {"name": "stdout", "text": "0\n1\n2\n3\n"}}
    ]
    for _ in range(200):
        if on_disk(jp_root_dir)[1] == (2, "0\n1\n2\n3\n"):
            break
        await asyncio.sleep(0.05)
    assert on_disk(jp_root_dir) == [(1, ""), (2, "0\n1\n2\n3\n")]
    await host.api("POST", "runs", {"kernel": page.kernel, "ids": ["run a", "run b"]}, 204)
    assert await page.runs() == {}


@pytest.mark.long
async def test_a_kernel_that_ends_takes_nothing_along(
    page: Page, host: Browser, jp_root_dir: Path, jp_serverapp: Any
) -> None:
    await page.open()
    await page.run("import time; print('before'); time.sleep(60)", "b")
    while not (await page.until("b", state="running"))["outputs"]:
        await asyncio.sleep(0.05)
    # Cut off, as by a lost network: the page may come back, and the server leaves it its place.
    page.socket.close(1006)
    await jp_serverapp.kernel_manager.shutdown_kernel(page.kernel, now=True)
    for _ in range(200):
        if on_disk(jp_root_dir)[1][1]:
            break
        await asyncio.sleep(0.05)
    assert on_disk(jp_root_dir)[1] == (1, "before\n")


async def test_another_page_answers_what_the_kernel_has_asked_the_first(
    page: Page, host: Browser, connect: Any
) -> None:
    await page.open()
    await page.run("print('Hello,', input('Who? '))", "a")
    while (await page.until("a", state="running"))["question"] is None:
        await asyncio.sleep(0.05)
    page.socket.close(1001)
    another = Page(host, connect, "another")
    await another.open()
    question = (await another.until("a", state="running"))["question"]
    assert (question["prompt"], question["password"]) == ("Who? ", False)
    answer = {"value": "Tengen", "status": "ok"}
    await another.send("stdin", "input_reply", "answer", answer, parent=question["header"])
    run = await another.until("a", state="done")
    assert run["question"] is None
    assert run["outputs"][-1]["content"]["text"] == "Hello, Tengen\n"


@pytest.mark.long
async def test_a_page_is_told_of_a_busy_kernel(page: Page, host: Browser, connect: Any) -> None:
    await page.open()
    await page.run("import time; time.sleep(30)", "a")
    await page.until("a", state="running")
    another = Page(host, connect, "another")
    await another.open()
    await another.send("shell", "kernel_info_request", "who", {})
    told = [b""]
    while b"kernel_info_reply" not in told[-1] and len(told) < 50:
        told.append(await asyncio.wait_for(another.socket.read_message(), 10))
    assert b"ipython" in told[-1]
    idle, busy = [await asyncio.wait_for(another.socket.read_message(), 10) for _ in range(2)]
    assert b'"idle"' in idle and b'"who"' in idle, "the question is answered"
    assert b'"busy"' in busy and b'"run a"' in busy, "and the page knows that the cell goes on"
    assert (await another.runs())["a"]["state"] == "running"
    # What the kernel answers beside the cell ends in "idle"; that, too, is not the last word.
    await another.send("control", "kernel_info_request", "aside", {})
    told = [b""]
    while not (b'"idle"' in told[-1] and b'"aside"' in told[-1]) and len(told) < 50:
        told.append(await asyncio.wait_for(another.socket.read_message(), 10))
    busy = await asyncio.wait_for(another.socket.read_message(), 10)
    while b'"status"' not in busy:
        busy = await asyncio.wait_for(another.socket.read_message(), 10)
    assert b'"busy"' in busy and b'"run a"' in busy


@pytest.mark.parametrize("way", ["killed", "restarted"])
async def test_a_process_that_ends_unseen_takes_its_runs_along(
    page: Page, host: Browser, connect: Any, way: str
) -> None:
    await page.open()
    await page.run("import os; print(os.getpid(), flush=True); import time; time.sleep(60)", "a")
    await page.run("print('never')", "b")
    while not (run := await page.until("a", state="running"))["outputs"]:
        await asyncio.sleep(0.05)
    process = int(run["outputs"][0]["content"]["text"])
    page.socket.close(1001)
    if way == "killed":
        os.kill(process, signal.SIGKILL)
    else:
        await host.fetch("POST", f"api/kernels/{page.kernel}/restart", {})
    await page.until("a", state="done")
    await page.until("b", state="done")
    again = Page(host, connect, "again")
    await again.open()
    assert again.kernel == page.kernel
    await again.run("print('again')", "c")
    run = await again.until("c", state="done")
    assert [output["content"]["text"] for output in run["outputs"]] == ["again\n"]
