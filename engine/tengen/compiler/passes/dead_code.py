"""Dead code: calls whose results nobody reads."""

from ...graph.graph import Graph


def drop_dead_code(graph: Graph) -> Graph:
    """Drops every call and constant that no output depends on.

    Matches calls of any operator: none has an effect besides its results. Leaves the inputs, read
    or not. May run at any place.
    """
    read = {var for var in graph.outputs if var is not None}
    kept = []
    for node in reversed(graph.nodes):
        if any(var in read for var in node.outputs):
            kept.append(node)
            read.update(var for var in node.inputs if var is not None)
    if len(kept) == len(graph.nodes) and all(var in read for var in graph.constants):
        return graph
    made = Graph()
    made.inputs = list(graph.inputs)
    made.outputs = list(graph.outputs)
    made.nodes = kept[::-1]
    made.constants = {var: buffer for var, buffer in graph.constants.items() if var in read}
    return made
