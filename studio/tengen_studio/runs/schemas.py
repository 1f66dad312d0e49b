"""What the routes of runs take and give."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class RunsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose runs: the kernel's id, as Jupyter gives it."""

    kernel: str


class RunMessage(Struct, frozen=True):
    """A message of the kernel, shortened: its kind and content."""

    kind: Literal["stream", "display_data", "execute_result", "error"]
    content: dict[str, Any]


class Question(Struct, frozen=True):
    """What a kernel asks the user: the message's header, to which an answer refers."""

    header: dict[str, Any]
    prompt: str
    password: bool


class CellRun(Struct, frozen=True):
    """The last run of a cell that is not settled; `recent` are ids of messages that are in it."""

    id: str
    cell: str
    state: Literal["waiting", "running", "done"]
    count: int | None
    outputs: list[RunMessage]
    recent: list[str]
    question: Question | None


class RunList(Struct, frozen=True):
    """The runs of a kernel's cells, in the order in which they were asked for."""

    items: list[CellRun]


class SettledRunsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Runs whose outputs were saved with their notebook."""

    kernel: str
    ids: list[str]
