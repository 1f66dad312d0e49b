"""`graph(model, *samples)`: what a model or a step computes, operator by operator, drawn."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..base.errors import ArgumentError
from ..jit.static import unwrapped
from .graph_document import document_of, record_graph

_BUNDLE = Path(__file__).parent / "static" / "graph.js"


class GraphView:
    """A graph as a document; a notebook shows it as the graph view.

    `document` is plain data. `compare` shows another graph beside it, with what differs.
    """

    def __init__(self, document: dict[str, Any], before: dict[str, Any] | None = None):
        self.document = document
        self._before = before

    def compare(self, other: "GraphView") -> "GraphView":
        """A view of `other` and this graph side by side: what was added, removed or changed."""
        return GraphView(self.document, other.document)

    def save(self, path: str | Path) -> None:
        """Write the document as JSON; the studio opens a `.tggraph` file by double click."""
        Path(path).write_text(json.dumps(self.document), encoding="utf-8")

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
        shown = {"document": self.document, "before": self._before}
        widget = _widget(json.dumps(shown))
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
    return GraphView(document_of(record_graph(plain, samples), plain, title))


def _widget(data: str) -> Any:
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

    return GraphWidget(input=data)
