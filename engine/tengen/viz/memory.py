"""`memory(step, *samples)`: what a step holds in memory, recorded while it runs and drawn."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..base.errors import ArgumentError
from ..tensor import Tensor
from .recording import record

_BUNDLE = Path(__file__).parent / "static" / "memory.js"


class MemoryView:
    """A recorded memory document; a notebook shows it as the memory view.

    `document` is the record as plain data, `result` what the step returned, and `peak` the most
    bytes held at once. `compare` puts several records on one scale.
    """

    def __init__(self, documents: list[dict[str, Any]], result: Any = None):
        self.documents = documents
        self.result = result

    @property
    def document(self) -> dict[str, Any]:
        """The first record."""
        return self.documents[0]

    @property
    def peak(self) -> int:
        """The most bytes held at once in the first record."""
        return int(self.document["peak"]["bytes"])

    def compare(self, *others: "MemoryView") -> "MemoryView":
        """A view of this and other records side by side, on one scale."""
        found = [*self.documents]
        for other in others:
            found.extend(other.documents)
        return MemoryView(found, self.result)

    def save(self, path: str | Path) -> None:
        """Write the records as JSON; the studio opens a `.tgmem` file by double click."""
        Path(path).write_text(json.dumps({"documents": self.documents}), encoding="utf-8")

    def __repr__(self) -> str:
        lines = []
        for document in self.documents:
            peak = document["peak"]
            lines.append(f"{document['name']} ({document['kind']}): peak {peak['bytes']:,} bytes")
            for held in peak["holders"][:5]:
                module = held["module"] or "outside modules"
                lines.append(f"  {held['bytes']:>14,} bytes  {held['kind']} of {module}")
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        widget = _widget(json.dumps({"documents": self.documents}))
        plain = {"text/plain": repr(self)}
        if widget is None:
            return plain
        data, metadata = widget._repr_mimebundle_()
        return {**data, **plain}, metadata


def memory(
    step: Callable[..., Any], *samples: Any, name: str | None = None, batch: int | None = None
) -> MemoryView:
    """The memory of one call `step(*samples)`, which really runs: a training step trains.

    In a notebook the result draws itself: blocks over time and address, who holds what at the
    peak, and whether another batch size would fit. `name` is its title; `batch` the number of
    samples, by default the first dimension of the first sample that has one. Nothing is recorded,
    and nothing costs time, outside this call.

    Raises ArgumentError if `step` cannot be called, RuntimeError inside another recording.
    """
    if not callable(step):
        raise ArgumentError(
            f"[viz.memory] expected a function or module to call; got {type(step).__name__}"
        )
    label = name or str(getattr(step, "__name__", type(step).__name__))
    size = batch if batch is not None else batch_of(samples)
    document, result = record(lambda: step(*samples), label, size)
    return MemoryView([document], result)


def batch_of(samples: Iterable[Any]) -> int | None:
    """The first dimension of the first sample that has one."""
    for sample in samples:
        shape: Any = sample.shape if isinstance(sample, Tensor) else getattr(sample, "shape", ())
        if len(shape) and int(shape[0]) > 0:
            return int(shape[0])
    return None


def _widget(data: str) -> Any:
    """The notebook widget, None where anywidget or the bundle is not installed."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None
    if not _BUNDLE.is_file():
        return None

    class MemoryWidget(anywidget.AnyWidget):
        _esm = _BUNDLE.read_text(encoding="utf-8")
        input = traitlets.Unicode().tag(sync=True)

    return MemoryWidget(input=data)
