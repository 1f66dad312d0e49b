"""REST: what the cells of a running notebook have put out so far."""

from __future__ import annotations

from tengen_studio.contract import contract
from tengen_studio.guard import guarded
from tengen_studio.http import StudioHandler
from tengen_studio.runs import schemas
from tengen_studio.runs.book import Run
from tengen_studio.runs.connection import SETTING
from tengen_studio.runs.recorder import Recorder


class RunsHandler(StudioHandler):
    """`/runs`: the last runs of a kernel's cells, until their outputs are saved."""

    @contract(schemas.RunList, query=schemas.RunsQuery)
    @guarded
    async def get(self) -> None:
        """List the last run of each cell of a kernel, with its outputs so far."""
        recorder: Recorder = self.settings[SETTING]
        book = recorder.book_of(self.query(schemas.RunsQuery).kernel)
        self.send(schemas.RunList([_shape(run) for run in book.runs.values()]))

    @contract(takes=schemas.SettledRunsRequest)
    @guarded
    async def post(self) -> None:
        """Forget runs that are over, and whose outputs were saved with the notebook."""
        recorder: Recorder = self.settings[SETTING]
        asked = self.body(schemas.SettledRunsRequest)
        recorder.settle(asked.kernel, asked.ids)
        self.send()


def _shape(run: Run) -> schemas.CellRun:
    messages = [schemas.RunMessage(kind, content) for kind, content in run.outputs.messages()]  # type: ignore[arg-type]
    question = None
    if run.question is not None:
        asked = run.question["content"]
        question = schemas.Question(
            run.question["header"], str(asked.get("prompt", "")), bool(asked.get("password"))
        )
    return schemas.CellRun(
        run.id, run.cell, run.state, run.count, messages, list(run.recent), question
    )


routes = [(r"/runs", RunsHandler)]
