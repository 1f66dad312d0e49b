"""`graph(model, *samples)`: what a model or a step computes, operator by operator, drawn."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..base.errors import ArgumentError, StateError
from ..jit.static import unwrapped
from .budget_runs import Requests, Runs
from .graph_document import document_of, record_graph
from .times import RUNS, GraphRuns, Times

_BUNDLE = Path(__file__).parent / "static" / "graph.js"


class GraphView:
    """A graph as a document; a notebook shows it as the graph view.

    `document` is plain data. `compare` shows another graph beside it, with what differs.
    """

    def __init__(
        self,
        document: dict[str, Any],
        before: dict[str, Any] | None = None,
        runs: Callable[[], Runs] | None = None,
    ):
        self.document = document
        self.before = before
        self._runs = runs

    @property
    def measurable(self) -> bool:
        """Whether `measure` has something to run."""
        return self._runs is not None

    def requests(self) -> Requests:
        """Answers to a viewer that asks for times, one run at a time."""
        assert self._runs is not None
        begin = self._runs
        return Requests(lambda _: begin(), self._join, RUNS)

    def measure(self, runs: int = RUNS) -> Times:
        """Run the call and give each node of `document` its milliseconds, the least of `runs`.

        It runs on the values that it was recorded with; nothing of yours changes. The result has
        the times of the compiled calls and, where they can be had, of those before the passes.
        Raises StateError for a view of two graphs, which has no call.
        """
        if self._runs is None:
            raise StateError("[viz.graph] measure the graphs one by one, and compare them then")
        made = self._runs()
        try:
            for _ in range(max(runs, 1)):
                made.run()
            found = made.point()
        finally:
            made.release()
        self._join(found)
        return found

    def _join(self, times: Times) -> None:
        for node in self.document["nodes"]:
            if node["id"] in times["compiled"]:
                node["ms"] = times["compiled"][node["id"]]
        for step in self.document["passes"]:
            for node in step["before"]["add"]:
                if node["id"] in times["recorded"]:
                    node["ms"] = times["recorded"][node["id"]]
        self.document["totals"]["ms"] = times["ms"]["compiled"]

    def compare(self, other: "GraphView") -> "GraphView":
        """A view of `other` and this graph side by side: what was added, removed or changed."""
        return GraphView(self.document, other.document)

    def save(self, path: str | Path) -> None:
        """Write the document as JSON; the studio opens a `.tggraph` file by double click."""
        Path(path).write_text(json.dumps(self.document, separators=(",", ":")), encoding="utf-8")

    def __repr__(self) -> str:
        document = self.document
        count, totals = len(document["nodes"]), document["totals"]
        lines = [
            f"{document['name']}: {count:,} calls, {totals['flops']:,} floating-point operations, "
            f"{totals['parameters']:,} parameters"
        ]
        for step in document["passes"]:
            lines.append(f"  {step['name']}: {step['summary']}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        shown = {"document": self.document, "before": self.before, "timed": self.measurable}
        widget = _widget(
            json.dumps(shown, separators=(",", ":")), self.requests() if self.measurable else None
        )
        plain = {"text/plain": repr(self)}
        if widget is None:
            return plain
        data, metadata = widget._repr_mimebundle_()
        return {**data, **plain}, metadata


def graph(function: Callable[..., Any], *samples: Any, name: str | None = None) -> GraphView:
    """The graph of one call `function(*samples)`: a model, or a whole training step.

    Nothing is computed and nothing changes: the call is recorded by shapes alone, and then
    compiled pass by pass. In a notebook the result draws itself as nested modules, with shapes,
    the line of code behind each call, and every pass. `name` is its title.

    Raises ArgumentError if `function` cannot be called, TraceError where it looks at a value
    that only running can tell.
    """
    if not callable(function):
        raise ArgumentError(
            f"[viz.graph] expected a function or module to call; got {type(function).__name__}"
        )
    plain = unwrapped(function)
    title = name or str(getattr(plain, "__name__", type(plain).__name__))
    recorded = record_graph(plain, samples)
    document, compiled = document_of(recorded, plain, title)
    return GraphView(document, runs=lambda: GraphRuns(recorded.capture, compiled))


def _widget(data: str, requests: Requests | None) -> Any:
    """The notebook widget, None where anywidget or the bundle is not installed."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None
    if not _BUNDLE.is_file():
        return None

    class GraphWidget(anywidget.AnyWidget):
        _esm = _BUNDLE.read_text(encoding="utf-8")
        input = traitlets.Unicode().tag(sync=True)

    made = GraphWidget(input=data)
    if requests is not None:

        def heard(_: Any, asked: Any, __: Any) -> None:
            answer = requests.answer(asked)
            if answer is not None:
                made.send(answer)

        made.on_msg(heard)
    return made
