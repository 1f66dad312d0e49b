"""Common subexpressions: the same call on the same values."""

from typing import Any

from ...graph.graph import Graph
from ...graph.node import Node
from ..rewrite import Rewrite


def merge_common(graph: Graph) -> Graph:
    """Lets one call stand for all that have its operator, attributes and inputs.

    Matches random operators too: theirs is a function of the state they take. Leaves operators that
    are not deterministic, and calls that give an output of the graph, since outputs may be written
    to later and must not share memory. Best after constants are folded; nothing depends on it.
    """
    outputs = {var for var in graph.outputs if var is not None}
    rewrite = Rewrite(graph)
    seen: dict[tuple[Any, ...], Node] = {}
    merged = False
    for node in graph.nodes:
        if not node.op.deterministic or any(var in outputs for var in node.outputs):
            rewrite.keep(node)
            continue
        key = (node.op, repr(node.attrs), *rewrite.operands(node))
        first = seen.get(key)
        if first is None:
            seen[key] = rewrite.keep(node)
            continue
        merged = True
        for old, new in zip(node.outputs, first.outputs, strict=True):
            rewrite.replace(old, new)
    return rewrite.finish() if merged else graph
