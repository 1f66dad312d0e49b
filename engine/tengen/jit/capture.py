"""capture: the graph of one call of a function, without computing anything."""

from collections.abc import Callable
from typing import Any

from ..base.errors import TraceError
from ..base.source import user_line
from ..graph.graph import Graph
from ..graph.state import state
from ..runtime.lazy import LazyBuffer
from .record import Tree
from .segment import segment_graph
from .session import Session
from .structure import flatten


class Capture:
    """What `capture` found: the graph, and which handle each input came from.

    `sources[i]` is the Tensor handle of graph input i (None for data made inside the call);
    `kept[j]` is the handle whose next value graph output j is, None for a returned or otherwise
    held value. `template` is what the function returned, with places for its tensors;
    `returned[k]` the graph output at place k, or the tensor itself where it was not computed.
    """

    def __init__(self, graph: Graph, sources: list[Any], kept: list[Any]):
        self.graph = graph
        self.sources = sources
        self.kept = kept
        self.template: Any = None
        self.returned: list[Any] = []


class _Watcher(Session):
    """A session that computes nothing and puts every handle back as it was."""

    def __init__(self) -> None:
        super().__init__(Tree(), self._refuse)
        self.held: dict[int, tuple[Any, Any, Any, Any]] = {}

    def emit(self, op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        for x in inputs:
            if x is not None:
                self.rebinding(x)
        return super().emit(op, attrs, inputs)

    def origin(self, number: int) -> Any:
        """The handle that an outside value came from, None for data made inside the call."""
        ref = self.sources.get(number)
        return None if ref is None else ref()

    def rebinding(self, tensor: Any) -> None:
        if id(tensor) not in self.held:
            lazy = type(tensor._buffer) is LazyBuffer and tensor._buffer.session is self
            if not lazy:
                self.held[id(tensor)] = (tensor, tensor._buffer, tensor._var, tensor.grad)
        super().rebinding(tensor)

    def need(self, buffer: LazyBuffer) -> None:
        raise TraceError(
            "[capture] the program looks at the value of a tensor, which only running it can tell:"
            f" {user_line()}"
        )

    def flush(self) -> None:
        """Nothing runs."""

    def _island(self, record: Any, buffers: tuple[Any, ...]) -> Any:
        raise TraceError(
            f"[capture] the shape that {record.op.name} gives depends on data: {user_line()}"
        )

    @staticmethod
    def _refuse(session: Session, wanted: list[LazyBuffer]) -> None:
        raise AssertionError("a capture runs nothing")

    def restore(self) -> None:
        """Give every handle the value, the place on the tape and the gradient it had."""
        for tensor, buffer, var, grad in self.held.values():
            tensor._buffer, tensor._var, tensor.grad = buffer, var, grad


def capture(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """The Graph of one call: forward, gradients, updates, whatever the function does.

    Nothing is computed and every tensor it changes is put back. Raises TraceError where Python
    needs a tensor's value.
    """
    return captured(function, *args, **kwargs).graph


def captured(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Capture:
    """Like `capture`, with where inputs come from and outputs go to."""
    watcher = _Watcher()
    before, recorders = state.mode, state.recorders
    state.mode = watcher
    try:
        results = function(*args, **kwargs)
        live = [o for refs in watcher.alive for o in (ref() for ref in refs) if o is not None]
        owners = {id(t._buffer): t for t, *_ in watcher.held.values()}
        kept = [owners.get(id(o)) for o in live]
        graph, numbers = segment_graph(watcher.pending, [o.slot for o in live])
        sources = [watcher.origin(n) for n in numbers]
        found = Capture(graph, sources, kept)
        leaves: list[Any] = []
        found.template = flatten(results, leaves)
        places = {id(o): index for index, o in enumerate(live)}
        found.returned = [places.get(id(t._buffer), t) for t in leaves]
        return found
    finally:
        state.mode, state.recorders = before, recorders
        watcher.restore()
