"""The graph document: a model, a training step or one of their compiled forms, for the viewers.

Edges are not listed: a node names the tensors that it reads, and a tensor has one origin, namely
an input, a state slot or an output of a node. Everything with a default may be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from tengen_studio.documents.source import Source
from tengen_studio.errors import InvalidError

Dimension = int | str | None
Attribute = None | bool | int | float | str | list[int | float | str]


class GraphTensor(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value between nodes. A dimension is a number, a name ("N"), or null where unknown.

    `layout` is "" for plain row-major memory, else a name such as "channels_last" or "nChw16c";
    `bytes` includes what a layout pads.
    """

    id: str
    shape: list[Dimension]
    dtype: str
    layout: str = ""
    bytes: int = 0
    name: str = ""


class GraphSlot(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """State that outlives a run: read as tensor `id` at its start.

    `kind` is "parameter", "buffer", "optimizer", "constant" or a word of the writer's; `written`
    is the tensor whose value it holds after the run, null if the run does not change it.
    """

    id: str
    name: str
    kind: str
    shape: list[Dimension]
    dtype: str
    layout: str = ""
    bytes: int = 0
    written: str | None = None


class GraphNode(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One call of an operator. Absent figures are null: 0 means measured or counted as 0.

    `group` is the dotted path of the module that made the call ("layer1.0.conv1"; "" is the top).
    `inputs` holds tensor ids, null for an operand left out. `bytes` is what the call allocates,
    `ms` the measured time of one call. `phase` is "forward", "backward", "update" or "".
    """

    id: str
    op: str
    inputs: list[str | None] = []
    outputs: list[GraphTensor] = []
    group: str = ""
    name: str = ""
    attrs: dict[str, Attribute] = {}
    source: Source | None = None
    flops: int | None = None
    bytes: int | None = None
    ms: float | None = None
    phase: str = ""
    note: str = ""


class GraphGroup(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of a module path beyond the nodes in it; a group may be left out.

    `kind` is the class of the module ("Bottleneck").
    """

    path: str
    kind: str = ""
    source: Source | None = None
    note: str = ""


class GraphPatch(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The way from one graph to another: take `remove` out (node ids), then put `add` in.

    A node that changed is in both. `outputs` and `state` replace the lists unless null.
    """

    remove: list[str] = []
    add: list[GraphNode] = []
    outputs: list[str] | None = None
    state: list[GraphSlot] | None = None


class GraphPass(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A compiler pass that ran: `summary` for people, `counts` of what it did by name.

    `before` leads from the graph after this pass to the graph before it, null where that was not
    kept; a viewer steps backwards from the document's own graph, which is the last.
    """

    name: str
    summary: str = ""
    counts: dict[str, int] = {}
    ms: float | None = None
    before: GraphPatch | None = None


class GraphTotals(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Figures of the whole graph; null where unknown. `parameters` counts numbers, not tensors."""

    flops: int | None = None
    bytes: int | None = None
    ms: float | None = None
    parameters: int | None = None
    parameter_bytes: int | None = None
    peak_bytes: int | None = None


class GraphDocument(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A graph with what is known about it. `form` is "dynamic", "static", "file" or ""."""

    version: Literal[1]
    name: str
    nodes: list[GraphNode]
    inputs: list[GraphTensor] = []
    outputs: list[str] = []
    state: list[GraphSlot] = []
    groups: list[GraphGroup] = []
    passes: list[GraphPass] = []
    totals: GraphTotals = GraphTotals()
    form: str = ""
    device: str = ""
    note: str = ""


def read_graph(data: bytes | str) -> GraphDocument:
    """Return the checked document in a JSON text.

    Raises:
        InvalidError: not JSON, not of this shape or version, or not consistent in itself.
    """
    try:
        document = msgspec.json.decode(data, type=GraphDocument)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"This is not a graph document: {error}.") from error
    check_graph(document)
    return document


def check_graph(document: GraphDocument) -> None:
    """Check what types cannot: unique ids, one origin a tensor, and nothing read that nobody makes.

    Raises:
        InvalidError: naming the first thing that is wrong.
    """
    _refuse_repeated("node", (node.id for node in document.nodes))
    _refuse_repeated("group", (group.path for group in document.groups))
    tensors = set(_refuse_repeated("tensor", _origins(document)))
    for reader, name in _reads(document):
        if name not in tensors:
            raise InvalidError(f"{reader} reads tensor {name!r}, which nothing makes.")


def _origins(document: GraphDocument) -> Iterator[str]:
    yield from (tensor.id for tensor in document.inputs)
    yield from (slot.id for slot in document.state)
    for node in document.nodes:
        yield from (tensor.id for tensor in node.outputs)


def _reads(document: GraphDocument) -> Iterator[tuple[str, str]]:
    for node in document.nodes:
        yield from ((f"Node {node.id!r}", name) for name in node.inputs if name is not None)
    yield from (("The list of outputs", name) for name in document.outputs)
    for slot in document.state:
        if slot.written is not None:
            yield f"State slot {slot.name!r}", slot.written


def _refuse_repeated(what: str, names: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidError(f"There are two {what}s with the id {name!r}.")
        seen.add(name)
    return seen
