"""What a converted function looks like: its graph, and its memory before and after.

Nothing is left behind: a recorded run is put back as if it had not been.
"""

from typing import Any

from ..base.errors import TraceError
from ..jit.static import unwrapped
from .graph import GraphView, graph
from .memory import batch_of
from .pieces import PieceRuns, document_in_pieces
from .plans import plans, put_back
from .recording import record


def converted_graph(static: Any, samples: tuple[Any, ...], name: str) -> GraphView:
    """The graph of a converted function, with the way back through its passes.

    Where the function looks at values, `before` and `document` are what runs between, end to end.
    """
    function = unwrapped(static)
    try:
        return graph(function, *samples, name=name)
    except TraceError:
        runs = PieceRuns(function, samples)
        before, after = document_in_pieces(runs, name)
        return GraphView(after, before, lambda: runs)


def converted_memory(static: Any, samples: tuple[Any, ...], name: str) -> dict[str, Any]:
    """`documents` of a dynamic call and, where it is one graph, of its static plan; `notes`."""
    function = unwrapped(static)
    batch = batch_of(samples)
    with put_back(function, samples):
        dynamic, _ = record(lambda: function(*samples), name, batch, samples)
    made = plans(function, samples, name, batch)
    return {"documents": [dynamic, *made.documents], "notes": made.notes}
