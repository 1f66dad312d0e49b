"""Answers a page's first questions for a kernel that is busy with a cell.

A page that is opened while a cell runs asks what kernel it is and what its widgets show. The
kernel would answer when the cell is over; until then the page would show nothing of them.
"""

from __future__ import annotations

from typing import Any

from tengen_studio.runs.widgets import Widgets

CONTROL = "jupyter.widget.control"

Answer = tuple[str, str, dict[str, Any], list[bytes]]
"""Channel, kind, content and buffers of a message to the page."""


class StandIn:
    """What was asked of the stand-in by one page."""

    def __init__(self) -> None:
        self._comms: set[str] = set()

    def answer(
        self, kind: str, content: dict[str, Any], info: dict[str, Any] | None, widgets: Widgets
    ) -> list[Answer] | None:
        """Return the answers to a message, None where it is the kernel's to answer.

        `info` is what the kernel has told of itself, None where it may be asked.
        """
        name = content.get("comm_id")
        if kind == "kernel_info_request" and info:
            return [("shell", "kernel_info_reply", info, [])]
        if kind == "comm_open" and content.get("target_name") == CONTROL and info is not None:
            self._comms.add(str(name))
            return []
        if name not in self._comms:
            return None
        if kind == "comm_close":
            self._comms.discard(str(name))
        elif (content.get("data") or {}).get("method") == "request_states":
            data, buffers = widgets.states()
            return [("iopub", "comm_msg", {"comm_id": name, "data": data}, buffers)]
        return []
