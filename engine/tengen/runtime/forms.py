"""The physical types in which a program would best get its inputs."""

from collections import Counter
from collections.abc import Collection, Sequence

from ..graph.graph import Graph
from ..graph.types import TensorType
from .buffer import Buffer
from .lower import Lowered, lower
from .plan import convert

Forms = tuple[TensorType, ...]


def followed_forms(graph: Graph, forms: Sequence[TensorType], donated: frozenset[int]) -> Forms:
    """`forms` with the parameters and states that the graph updates in the layouts of their
    gradients: their next values come in these, and no later run converts them."""
    return preferred_forms(graph, forms, donated, updated(graph) & donated)


def updated(graph: Graph) -> frozenset[int]:
    """The numbers of the inputs for which the graph computes next values in their place."""
    numbers = {var: index for index, var in enumerate(graph.inputs)}
    found = [
        numbers.get(node.inputs[source], -1)  # type: ignore[arg-type]
        for node in graph.nodes
        for source, _ in node.op.overwrites(node.attrs)
    ]
    return frozenset(found) - {-1}


def convert_all(buffers: list[Buffer], forms: Sequence[TensorType]) -> None:
    """Put the buffers of a list into the physical types `forms`, one after another, so that each
    can go before the next one is converted."""
    for index, form in enumerate(forms):
        buffer = buffers[index]
        if buffer.type is not form:
            buffers[index] = convert(buffer, form.layout, buffer.root.tag)


def preferred_forms(
    graph: Graph,
    forms: Sequence[TensorType],
    donated: frozenset[int] = frozenset(),
    movable: Collection[int] | None = None,
) -> Forms:
    """`forms` with those inputs in another layout that kernels would convert in every run.

    `movable` are the inputs that may change (None: all), such as parameters that a caller
    converts once. A parameter follows the layout in which its gradient comes, its optimizer
    states follow the parameter. What would not lessen the bytes converted stays.
    """
    given = tuple(forms)
    lowered = lower(graph, given, donated)
    best, least = given, converted_bytes(lowered)
    for _ in range(2):
        layouts = {i: Counter(found).most_common(1)[0][0] for i, found in lowered.wanted.items()}
        layouts |= _of_gradients(graph, lowered)
        trial = list(best)
        for index, layout in layouts.items():
            if movable is None or index in movable:
                trial[index] = trial[index].with_layout(layout)
        if tuple(trial) == best:
            break
        lowered = lower(graph, trial, donated)
        found = converted_bytes(lowered)
        if found >= least:
            break
        best, least = tuple(trial), found
    return best


def converted_bytes(lowered: Lowered) -> int:
    """Bytes written by layout conversions in one run."""
    return sum(step.outs[0].type.nbytes for step in lowered.steps if step.what == "layout")


def _of_gradients(graph: Graph, lowered: Lowered) -> dict[int, object]:
    """The layout of its gradient for every input that an optimizer's operator updates."""
    numbers = {var: index for index, var in enumerate(graph.inputs)}
    found: dict[int, object] = {}
    for node in graph.nodes:
        written = {source for source, _ in node.op.overwrites(node.attrs)}
        packed = [
            (index, var.type.shape, layout)
            for index, var in enumerate(node.inputs)
            if var is not None and index not in written
            if (layout := lowered.places[var].type.layout) is not None
        ]
        for source in written if packed else ():
            param = node.inputs[source]
            if param not in numbers:
                continue
            near = [
                (abs(index - source), layout)
                for index, shape, layout in packed
                if shape == param.type.shape
            ]
            if near:
                found[numbers[param]] = min(near, key=lambda item: item[0])[1]
    return found
