"""The socket: a kernel of this server gets a value, and only by name."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tengen_studio import secrets
from tengen_studio.context import StudioContext
from tengen_studio.secrets.channel import Channel, asker_is_ours
from tengen_studio.secrets.client import announcement

from .test_service import VALUE, put


@pytest.fixture
def channel(
    context: StudioContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Channel]:
    """An open channel of this process, as a kernel that this process started sees it."""
    # A path longer than a socket's may be: the announcement must lead to a short one.
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / ("r" * 120)))
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getpid()))
    opened = Channel(context)
    opened.start()
    yield opened
    opened.stop()


def test_a_kernel_gets_the_value(context: StudioContext, channel: Channel) -> None:
    put(context)
    code = "from tengen_studio import secrets; print(secrets.get('HF_TOKEN'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == VALUE
    environment = Path("/proc/self/environ")
    assert not environment.exists() or VALUE.encode() not in environment.read_bytes()


def test_an_unknown_name_is_refused_by_name(channel: Channel) -> None:
    with pytest.raises(secrets.SecretError, match="HF_TOKEN: No secret of this name"):
        secrets.get("HF_TOKEN")


def test_outside_a_studio_there_are_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_PARENT_PID", "0")
    with pytest.raises(secrets.SecretError, match="started by Tengen Studio"):
        secrets.get("HF_TOKEN")


def test_socket_and_announcement_are_the_users_alone(channel: Channel) -> None:
    place = announcement(os.getpid())
    address = Path(json.loads(place.read_text(encoding="utf-8"))["secrets"])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(address.stat().st_mode) == 0o600
    assert stat.S_IMODE(address.parent.stat().st_mode) == 0o700
    channel.stop()
    assert not place.exists()
    assert not address.parent.exists()


@pytest.mark.parametrize("line", [b"", b"\n", b"{", b"[]", b'{"name": 3}', b"x" * 5000])
def test_broken_questions_are_refused(channel: Channel, line: bytes) -> None:
    address = json.loads(announcement(os.getpid()).read_text(encoding="utf-8"))["secrets"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(address)
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").readline()
    assert json.loads(answer) == {"refusal": "the name of a secret was expected"}


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system tells no user")
def test_another_users_process_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert asker_is_ours(one)
        monkeypatch.setattr(os, "getuid", lambda: 4242)
        assert not asker_is_ours(one)
