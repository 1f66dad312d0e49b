"""What a converted function looks like: its graph, and its memory before and after.

Nothing is left behind: a recorded run is put back as if it had not been.
"""

from typing import Any

from ..jit.static import unwrapped
from .graph import graph
from .memory import batch_of
from .plans import plans, put_back
from .recording import record


def converted_graph(static: Any, samples: tuple[Any, ...], name: str) -> dict[str, Any]:
    """The graph document of a converted function, with the way back through its passes.

    Raises TraceError where the function looks at a value that only running can tell.
    """
    return graph(unwrapped(static), *samples, name=name).document


def converted_memory(static: Any, samples: tuple[Any, ...], name: str) -> dict[str, Any]:
    """`documents` of a dynamic call and, where it is one graph, of its static plan; `notes`."""
    function = unwrapped(static)
    batch = batch_of(samples)
    with put_back(function, samples):
        dynamic, _ = record(lambda: function(*samples), name, batch)
    made = plans(function, samples, name, batch)
    return {"documents": [dynamic, *made.documents], "notes": made.notes}
