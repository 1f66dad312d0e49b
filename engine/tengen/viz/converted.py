"""What a converted function looks like: its graph, and its memory before and after.

Nothing is left behind: a recorded run is put back as if it had not been.
"""

import contextlib
from typing import Any

from ..base.errors import TraceError
from ..jit.capture import captured
from ..jit.estimate import planned
from ..jit.outcome import outcome_of
from ..jit.reachable import reachable
from ..jit.snapshot import Snapshot
from ..jit.static import unwrapped
from ..jit.structure import flatten
from ..tensor import Tensor
from .graph import graph
from .memory import batch_of
from .plan_document import plan_document
from .recording import record


def converted_graph(static: Any, samples: tuple[Any, ...], name: str) -> dict[str, Any]:
    """The graph document of a converted function, with the way back through its passes.

    Raises TraceError where the function looks at a value that only running can tell.
    """
    return graph(unwrapped(static), *samples, name=name).document


def converted_memory(static: Any, samples: tuple[Any, ...], name: str) -> list[dict[str, Any]]:
    """Memory documents of a dynamic call and, where it is one graph, of its static plan."""
    function = unwrapped(static)
    leaves: list[Tensor] = []
    flatten(samples, leaves)
    before = Snapshot(reachable(function, samples), leaves)
    batch = batch_of(samples)
    taken: list[dict[str, Any]] = []

    def call() -> None:
        taken.append(record(lambda: function(*samples), name, batch)[0])

    made = outcome_of(call, before)
    if made.error is not None:
        raise made.error
    # Cut where Python needs a value, it has no one plan to show.
    with contextlib.suppress(TraceError):
        found = captured(function, *samples)
        taken.append(plan_document(planned(found)[0], name, found.sources, batch=batch))
    return taken
