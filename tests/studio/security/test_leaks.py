"""What must stay secret is planted wherever a request or a command takes it, and looked for."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from tengen_studio.scrubbing import scrubbed

from ..browser import API, Browser
from .conftest import World
from .table import API_ROWS, PAGE_ROWS
from .test_requests import state

PLANTED = "planted-7c1f9be2"
# Jupyter's own routes, which are the studio's server's as well.
JUPYTER = [
    "api/contents/none",
    "api/kernels/none",
    "api/kernels/none/channels",
    "api/sessions/none",
    "api/terminals/none",
    "files/none",
    "lab",
    "login",
    "logout",
    "static/none",
    "none",
]
BODIES = [
    {"token": PLANTED, "password": PLANTED, "name": "Ana", "old": PLANTED, "new": PLANTED},
    {"value": PLANTED, "address": f"https://ana:{PLANTED}@git.invalid/a.git"},
    {"git": {"address": f"https://git.invalid/a.git?token={PLANTED}"}, "name": "New"},
    {"name": "x", "kind": "url", "source": f"https://ana:{PLANTED}@data.invalid/a?sig={PLANTED}"},
    f'{{"password": "{PLANTED}", '.encode(),
]
QUERY = urlencode({"token": PLANTED, "password": PLANTED, "access_key": PLANTED})


async def ask(world: World, host: Browser, prefix: str, verb: str, path: str, body: Any) -> None:
    """Make one request with secrets everywhere, as the host by the address, and as others."""
    joined = f"{prefix}{path}{'&' if '?' in path else '?'}{QUERY}"
    headers = {
        "Referer": f"http://127.0.0.1/lab?{QUERY}",
        "Cookie": f"username-127-0-0-1={PLANTED}; tengen-session={PLANTED}; _xsrf={PLANTED}",
        "X-XSRFToken": PLANTED,
        "Authorization": f"token {PLANTED}",
    }
    await world.people["anonymous"].fetch(verb, joined, body, headers)
    token = host._token
    by_address = f"{prefix}{path}{'&' if '?' in path else '?'}token={token}"
    await world.people["anonymous"].fetch(verb, by_address, body)
    await host.fetch(verb, joined, body, {"Referer": f"http://127.0.0.1/lab?token={token}"})


async def ask_everything(world: World, host: Browser, project: str, bodies: list[Any]) -> int:
    """Ask every route; return how many were."""
    rows = [(API, *row[:3]) for row in API_ROWS]
    rows += [("tengen-studio", *row[:3]) for row in PAGE_ROWS]
    rows += [("", verb, path, {}) for path in JUPYTER for verb in ("GET", "POST", "DELETE")]
    for prefix, verb, path, body in rows:
        filled = path.format(project=project, link=f"link-{project[:10]}", slug="first")
        sent = [body if isinstance(body, dict) else {}, *bodies] if verb != "GET" else [None]
        for content in sent:
            await ask(world, host, prefix, verb, filled, content)
    return len(rows)


@pytest.mark.parametrize(
    "bodies", [BODIES[:1], pytest.param(BODIES, marks=pytest.mark.long)], ids=["one", "all"]
)
async def test_no_route_tells_a_secret(
    bodies: list[Any],
    host: Browser,
    world: World,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    jp_runtime_dir: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    capfd.readouterr()
    assert await ask_everything(world, host, world.project(), bodies) > 100
    rows = [row for found in state(world.studio).values() for row in found]
    assert [row for row in rows if PLANTED in row] == []
    project = world.project()
    with world.studio.transaction() as session:
        for table in ("stars", "audit_entries", "refused_saves", "secrets", "links", "versions"):
            session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    await ask_everything(world, host, project, [])
    told = caplog.text + "".join(capfd.readouterr())
    assert "has the reference" in told and "Uncaught exception" in told, "accidents were told"
    assert f"{API}/links/openings" in told
    for secret in (PLANTED, host._token):
        assert secret is not None
        assert [line for line in told.splitlines() if secret in line] == []
    for folder in (Path(jp_runtime_dir), world.studio.data_dir, world.studio.root):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert [path for path in files if PLANTED.encode() in path.read_bytes()] == []


def test_what_counts_as_a_secret_in_an_address() -> None:
    assert scrubbed("GET /a?token=x&b=1&xsrf_token=y (ip)") == (
        "GET /a?token=[secret]&b=1&xsrf_token=[secret] (ip)"
    )
    assert scrubbed("'/a?X-Amz-Signature=x', y") == "'/a?X-Amz-Signature=[secret]', y"
    assert scrubbed("GET /a?page=1") == "GET /a?page=1"


WHOLE = f"postgresql+psycopg://studio:{PLANTED}@127.0.0.1:1/none"
ODD = [
    f"postgresql+psycopg://studio:{PLANTED}/{PLANTED}@127.0.0.1/none",
    f"postgresql+psycopg://studio:{PLANTED}@127.0.0.1:{PLANTED}/none",
]
START = "--debug --no-browser --allow-root"
LONG = [(c, WHOLE) for c in ("doctor", "backup a.tar", "gc --delete")] + [
    (command, address) for command in ("doctor", "migrate", START) for address in ODD
]


@pytest.mark.parametrize(
    ("command", "address"),
    [
        ("migrate", WHOLE),
        (START, WHOLE),
        *(pytest.param(*pair, marks=pytest.mark.long) for pair in LONG),
    ],
)
def test_no_command_tells_the_databases_password(
    tmp_path: Path, command: str, address: str
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "data" / "blobs").mkdir(parents=True)
    settings = {
        "StudioApp.database_url": address,
        "StudioApp.data_dir": str(tmp_path / "data"),
        "IdentityProvider.token": PLANTED,
    }
    lines = [f"c.{name} = {value!r}\n" for name, value in settings.items()]
    config = tmp_path / "config" / "jupyter_tengen_studio_config.py"
    config.write_text("".join(lines), encoding="utf-8")
    done = subprocess.run(
        [
            Path(sys.executable).with_name("tengen-studio"),
            *command.split(),
            "--JupyterApp.log_level=10",
        ],
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(config.parent), "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1 and "database" in said
    assert PLANTED not in said and "Traceback" not in said
