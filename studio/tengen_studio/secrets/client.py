"""A kernel's side of the store: asks the studio's server for one value over its local socket.

Nothing but the standard library and jupyter_core is imported: this runs in every kernel.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_runtime_dir

SECONDS = 10


class SecretError(LookupError):
    """The studio's store did not give the secret; the message says why."""


def get(name: str) -> str:
    """Return the value stored under `name` in the studio.

    The value reaches the kernel over a socket that only the server's own user can open; it is
    in no file and in no process's environment. Where an output shows it, the saved notebook and
    every version have `[secret: name]` in its place.

    Raises:
        SecretError: no studio runs this kernel, or it has no such secret.
    """
    place = announcement(int(os.environ.get("JPY_PARENT_PID", "0")))
    try:
        address = json.loads(place.read_text(encoding="utf-8"))["secrets"]
    except (OSError, ValueError, KeyError):
        raise SecretError(
            "[secrets] a kernel started by Tengen Studio was expected; this one is not"
        ) from None
    answer = _ask(address, {"name": name})
    if "value" not in answer:
        raise SecretError(f"[secrets] {answer.get('refusal', 'the server gave no answer')}")
    return str(answer["value"])


def announcement(server: int) -> Path:
    """Return the file in which the server of that process id says where its socket is."""
    return Path(jupyter_runtime_dir()) / f"tengen-studio-{server}.json"


def _ask(address: str, question: dict[str, Any]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        try:
            connection.connect(address)
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline() or b"{}")
        except (OSError, ValueError) as error:
            raise SecretError(f"[secrets] the studio's server does not answer: {error}") from None
    return dict(answer)
