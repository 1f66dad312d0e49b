"""Groups become calls where order allows it."""

from tengen.compiler.contract import Group, contract
from tengen.graph.opdef import registry
from tengen.graph.text import to_text
from tengen.graph.verify import verify

from .interpreting import read, same_values


def test_a_group_stands_where_its_last_call_stood():
    graph = read("""
        graph(v0: float32[3], v1: float32[3]):
            v2: float32[3] = neg(v0)
            v3: float32[3] = exp(v1)
            v4: float32[3] = add(v2, v3)
            v5: float32[3] = sqrt(v3)
            return v4, v5
    """)
    nodes = [graph.nodes[0], graph.nodes[2]]
    group = Group(
        nodes, registry["sub"], (), (graph.nodes[1].outputs[0], graph.inputs[0]),
        (nodes[1].outputs[0],), nodes[1],
    )  # fmt: skip
    made = verify(contract(graph, [group]))
    assert [n.op.name for n in made.nodes] == ["exp", "sub", "sqrt"]
    same_values(graph, made)


def test_early_readers_wait_for_the_group():
    graph = read("""
        graph(v0: float32[4, 3]):
            v1: float32[4, 3], v2: float32[1, 3], v3: float32[1, 3] = batch_norm(v0)
            v4: float32[1, 3] = exp(v2)
            v5: float32[4, 3] = neg(v1)
            v6: float32[4, 3] = neg(v5)
            return v4, v6
    """)
    norm, _, first, second = graph.nodes
    results = (second.outputs[0], *norm.outputs[1:])
    group = Group([norm, first, second], norm.op, norm.attrs, norm.inputs, results, norm)
    made = verify(contract(graph, [group]))
    assert [n.op.name for n in made.nodes] == ["batch_norm", "exp"]
    same_values(graph, made)


def test_a_group_that_waits_for_itself_is_left():
    graph = read("""
        graph(v0: float32[4, 3]):
            v1: float32[4, 3], v2: float32[1, 3], v3: float32[1, 3] = batch_norm(v0)
            v4: float32[4, 3] = sub(v0, v2)
            v5: float32[4, 3] = add(v1, v4)
            return v5
    """)
    norm, _, last = graph.nodes
    inputs = (*norm.inputs, graph.nodes[1].outputs[0])
    group = Group([norm, last], registry["add"], (), inputs, last.outputs, norm)
    text = to_text(graph)
    assert to_text(contract(graph, [group])) == text
