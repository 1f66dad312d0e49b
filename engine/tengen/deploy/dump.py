"""dump: a function or module as a file that runs without its source."""

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from ..base.errors import ArgumentError, TengenError
from ..compiler.pipeline import STEPS, Pipeline
from ..graph.graph import Graph
from ..jit.capture import captured
from ..jit.reachable import reachable
from ..jit.samples import batch_of, with_batch
from ..jit.static import unwrapped
from ..jit.structure import Place, flatten
from ..runtime.lazy import settled
from ..runtime.plan import to_plain
from ..tensor import Tensor
from . import archive
from .document import to_document

_KEPT = ("drop_dead_code", "simplify", "merge_common")


class _Program:
    """The graph of a call with parameters as constants, its inputs the arguments' tensors."""

    def __init__(self, function: Any, samples: tuple[Any, ...]):
        leaves: list[Tensor] = []
        flatten(samples, leaves)
        found = captured(function, *samples)
        graph = found.graph
        numbers = {id(t): i for i, t in enumerate(leaves)}
        given: dict[int, Any] = {}
        self.names: dict[Any, str] = {}
        for var, source in zip(graph.inputs, found.sources, strict=True):
            number = numbers.get(id(source))
            if number is not None:
                given[number] = var
            else:
                if source is None:
                    raise ArgumentError(
                        "[dump] the program makes data inside the call; pass it in, or make it"
                        " once outside"
                    )
                graph.constants[var] = settled(source._buffer)
                self.names[var] = source.name or ""
        unused = [i for i in range(len(leaves)) if i not in given]
        self.inputs = sorted(given)
        graph.inputs = [given[i] for i in self.inputs]
        outputs = []
        for place in found.returned:
            if not isinstance(place, int):
                raise ArgumentError("[dump] the program returns a tensor that it did not compute")
            outputs.append(found.graph.outputs[place])
        if not outputs:
            raise ArgumentError("[dump] the program returns no tensor")
        graph.outputs = outputs
        graph.prune()
        steps = [step for step in STEPS if step.name in _KEPT]
        self.graph: Graph = Pipeline(None, steps).run(graph)[0]
        self.graph.prune()
        self.template, self.unused = found.template, unused


def dump(
    target: Any,
    file: Any,
    *samples: Any,
    arg_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    optimize_for_inference: bool = True,
    user_info: Any = None,
) -> dict[str, Any]:
    """Write `target(*samples)` as a `.tgm` file to a path or an open binary file; its meta data.

    Parameters and statistics are stored; with `optimize_for_inference` modules are captured in
    evaluation mode. The batch, the first axis that all tensors among the samples share, stays
    free where the program allows it. `arg_names` and `output_names` name the tensors;
    `user_info` is any JSON value to keep beside. Raises TraceError where the program needs a
    tensor's value and ArgumentError for a program that returns no tensor.
    """
    function = unwrapped(target)
    with _evaluating(function) if optimize_for_inference else contextlib.nullcontext():
        first = _Program(function, samples)
        batch, other = _other_batch(function, samples, first)
    second = batch + 1
    try:
        document = to_document(first.graph, other, batch, second)
    except TengenError:
        document, other = to_document(first.graph, None, batch, batch), None
    inputs = _named("arg_names", arg_names, len(first.graph.inputs), "input")
    outputs = _named("output_names", output_names, len(first.graph.outputs), "output")
    names = [first.names.get(v, "") for v in first.graph.constants]
    meta = {
        "format": "tgm",
        "version": 1,
        "engine": _engine_version(),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "name": getattr(function, "__qualname__", type(function).__name__),
        "inputs": inputs,
        "outputs": outputs,
        "batch": batch,
        "batch_is_free": other is not None,
        "constants": names,
        "result": _shape_of(first.template),
        "user_info": user_info,
    }
    weights = [
        (f"c{number}", to_plain(buffer))
        for number, buffer in enumerate(first.graph.constants.values())
    ]
    archive.write(file, document, weights, meta)
    return meta


def _other_batch(function: Any, samples: Any, first: _Program) -> tuple[int, Graph | None]:
    """The batch size, and the graph of one more; None where the batch is not free."""
    try:
        batch = batch_of(samples)
        again = _Program(function, with_batch(samples, batch + 1))
    except Exception:
        return 1, None
    alike = len(again.graph.nodes) == len(first.graph.nodes) and [
        v.type for v in again.graph.constants
    ] == [v.type for v in first.graph.constants]
    return batch, again.graph if alike else None


def _named(what: str, given: Sequence[str] | None, count: int, plain: str) -> list[str]:
    if given is None:
        return [f"{plain}{i}" if count > 1 else plain for i in range(count)]
    if len(given) != count or len(set(given)) != count:
        raise ArgumentError(f"[dump] {what} must be {count} different names; got {list(given)}")
    return list(given)


def _shape_of(template: Any) -> Any:
    """The nesting of the result as JSON: numbers for tensors."""
    if isinstance(template, Place):
        return template.index
    if isinstance(template, (list, tuple)):
        return [_shape_of(item) for item in template]
    if isinstance(template, dict):
        return {str(key): _shape_of(item) for key, item in template.items()}
    return None


@contextlib.contextmanager
def _evaluating(function: Any) -> Iterator[None]:
    modes = [(m, m.training) for m in reachable(function).modules]
    for module, _ in modes:
        module.training = False
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _engine_version() -> str:
    from .. import __version__

    return __version__
