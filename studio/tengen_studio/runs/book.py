"""The runs of one kernel's cells: which were asked for, what they have put out, how they ended."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from tengen_studio.runs.outputs import KINDS, Outputs, display_id
from tengen_studio.runs.widgets import Widgets

State = Literal["waiting", "running", "done"]

MOST_RUNS = 1_000
_RECENT = 500


@dataclass
class Run:
    """One run of a cell; `count` is None as long as the kernel has not begun with it.

    `recent` are the ids of the messages it was made of last, by which a page that joins knows
    which of those on their way to it are in the outputs already. `question` is the kernel's
    message that waits for the user's input, `session` the page that has asked for the run.
    """

    id: str
    cell: str
    session: str = ""
    state: State = "waiting"
    count: int | None = None
    outputs: Outputs = field(default_factory=Outputs)
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=_RECENT))
    unwritten: bool = True
    question: dict[str, Any] | None = None


class Book:
    """Follows the messages of one kernel, over the processes that it has one after the other.

    `starts` says that nothing was heard yet of the process that runs now.
    """

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.widgets = Widgets()
        self.session = ""
        self.starts = True
        self._captured: dict[str, str] = {}

    def ask(self, run_id: str, cell: str, session: str = "") -> None:
        """Note that a cell is to run: its earlier runs are of no interest any more."""
        self.runs = {key: run for key, run in self.runs.items() if run.cell != cell}
        self.runs[run_id] = Run(run_id, cell, session)
        if len(self.runs) > MOST_RUNS:
            # Cells of a console are new ones each time, and nobody saves them.
            oldest = next((key for key, run in self.runs.items() if run.state == "done"), run_id)
            del self.runs[oldest]

    def settle(self, run_ids: list[str]) -> None:
        """Forget runs that are over and whose outputs are saved in the notebook."""
        for run_id in run_ids:
            run = self.runs.get(run_id)
            if run is not None and run.state == "done":
                del self.runs[run_id]

    def end(self) -> None:
        """Note that the process is gone: nothing of before runs or waits any more."""
        self.starts = True
        for run in self.runs.values():
            run.state, run.question = "done", None
        self.widgets.clear()
        self._captured.clear()

    @property
    def busy_with(self) -> str | None:
        """The id of the run that keeps the kernel busy, None if there is none."""
        return next((run.id for run in self.runs.values() if run.state == "running"), None)

    def is_running_for(self, session: str) -> bool:
        """Whether a cell that this page has asked for waits or runs."""
        return any(r.session == session and r.state != "done" for r in self.runs.values())

    def question(self, message: dict[str, Any]) -> None:
        """Note that the kernel asks the user for input."""
        run = self.runs.get((message.get("parent_header") or {}).get("msg_id", ""))
        if run is not None and message["header"]["msg_type"] == "input_request":
            run.question = message

    def answered(self, question: str) -> None:
        """Note that the user has answered."""
        for run in self.runs.values():
            if run.question is not None and run.question["header"]["msg_id"] == question:
                run.question = None

    def follow(self, message: dict[str, Any], watched: bool = True, size: int = 0) -> None:
        """Take in a message that the kernel has published, of `size` bytes.

        Where a page is `watched`, what an output widget captures is that page's: the widget
        holds it there. Otherwise it is shown below the cell, rather than lost.
        """
        kind, content = message["header"]["msg_type"], message["content"]
        if (session := message["header"]["session"]) != self.session:
            if not self.starts:
                self.end()  # of another process, and nobody had told of the end of this one
            # What was asked since an end was noted is the new process's to do.
            self.session, self.starts = session, False
        if kind == "status" and content.get("execution_state") == "starting":
            return  # often said late, when other threads have answered already
        if kind in ("comm_open", "comm_msg", "comm_close"):
            self._capture(content)
            self.widgets.follow(kind, content, message.get("buffers", []), size)
            return
        parent = (message.get("parent_header") or {}).get("msg_id", "")
        captured = watched and parent in self._captured.values()
        if kind in ("display_data", "update_display_data") and display_id(content):
            self._update_elsewhere(parent, message)
        run = self.runs.get(parent)
        if run is None or (captured and kind in (*KINDS, "clear_output")):
            return
        run.recent.append(message["header"]["msg_id"])
        run.unwritten = True
        if kind == "status":
            run.state = "done" if content.get("execution_state") == "idle" else "running"
            run.question = None
        elif kind == "execute_input":
            run.count = content.get("execution_count")
        else:
            run.outputs.apply(kind, content)

    def _update_elsewhere(self, parent: str, message: dict[str, Any]) -> None:
        for run in self.runs.values():
            if run.id != parent and run.outputs.update(message["content"]):
                run.recent.append(message["header"]["msg_id"])
                run.unwritten = True

    def _capture(self, content: dict[str, Any]) -> None:
        """Note which run's outputs an output widget takes: its state says so."""
        state = (content.get("data") or {}).get("state") or {}
        comm = content.get("comm_id", "")
        if "msg_id" in state and (
            state.get("_model_name") == "OutputModel" or comm in self._captured
        ):
            self._captured[comm] = state["msg_id"]
