"""Segment: a stretch of records as a Graph, with the numbers of the values it takes."""

from ..graph.graph import Graph
from ..graph.node import Var
from .record import NONE, External, Record


def externals_of(record: Record) -> dict[int, External]:
    """Every outside value first taken on the path to `record`, by number."""
    found: dict[int, External] = {}
    at: Record | None = record
    while at is not None:
        for offset, external in enumerate(at.externals):
            found[at.first + offset] = external
        at = at.parent
    return found


def segment_graph(records: list[Record], wanted: list[int]) -> tuple[Graph, list[int]]:
    """The graph of consecutive records whose outputs are the `wanted` numbers.

    Also gives the number of each graph input, in order. Constants come in by their buffers.
    """
    graph = Graph()
    vars: dict[int, Var] = {}
    numbers: list[int] = []
    externals = externals_of(records[-1]) if records else {}
    types = {}
    at: Record | None = records[0].parent if records else None
    while at is not None and at.signature is not None:
        if not at.island:
            for index, kind in enumerate(at.signature.out_types):
                types[at.out + index] = kind
        at = at.parent

    def var_of(number: int) -> Var | None:
        if number == NONE:
            return None
        found = vars.get(number)
        if found is None:
            external = externals.get(number)
            if external is not None and external.constant is not None:
                found = graph.add_constant(external.constant)
            else:
                kind = types[number] if external is None else external.type
                found = graph.add_input(kind)
                numbers.append(number)
            vars[number] = found
        return found

    for record in records:
        operands = tuple([var_of(number) for number in record.ins])
        outs = graph.add_node(record.op, record.attrs, operands)
        graph.nodes[-1].tag = record.tag
        for index, var in enumerate(outs):
            vars[record.out + index] = var
    graph.outputs = [vars[number] for number in wanted]
    return graph, numbers
