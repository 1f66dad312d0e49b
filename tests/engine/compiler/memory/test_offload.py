"""Moving values to the host's memory under a budget: what moves, how early, and what it costs."""

import functools

import pytest

from tengen.compiler import cost
from tengen.compiler.eviction import evict
from tengen.compiler.liveness import live_bytes, peak_bytes
from tengen.compiler.offload import Link, hoisted, modelled
from tengen.compiler.recompute import Planner
from tengen.graph.text import to_text
from tengen.graph.verify import verify
from tengen.jit import capture

from ..interpreting import read, same_values
from .test_eviction import optimised, residual

KIND = "float32[64, 64]"
BYTES = 64 * 64 * 4
RATE = 2.0 * BYTES
"""A copy takes half as long as a call."""

CHAIN = f"""
graph(v0: {KIND}):
    v1: {KIND} = exp(v0)
    v2: {KIND} = sin(v1)
    v3: {KIND} = sin(v2)
    v4: {KIND} = sin(v3)
    v5: {KIND} = mul(v4, v3)
    v6: {KIND} = mul(v5, v2)
    v7: {KIND} = mul(v6, v1)
    return v7
"""

MOVED = f"""graph(v0: {KIND}):
    v1: {KIND} = exp(v0)
    v2: {KIND} = sin(v1)
    v3: {KIND} = offload(v1)
    v4: {KIND} = sin(v2)
    v5: {KIND} = offload(v2)
    v6: {KIND} = sin(v4)
    v7: {KIND} = mul(v6, v4)
    v8: {KIND} = prefetch(v5)
    v9: {KIND} = mul(v7, v8)
    v10: {KIND} = prefetch(v3)
    v11: {KIND} = mul(v9, v10)
    return v11
"""

EARLIER = f"""graph(v0: {KIND}):
    v1: {KIND} = exp(v0)
    v2: {KIND} = sin(v1)
    v3: {KIND} = offload(v1)
    v4: {KIND} = sin(v2)
    v5: {KIND} = offload(v2)
    v6: {KIND} = sin(v4)
    v7: {KIND} = prefetch(v5)
    v8: {KIND} = mul(v6, v4)
    v9: {KIND} = prefetch(v3)
    v10: {KIND} = mul(v8, v7)
    v11: {KIND} = mul(v10, v9)
    return v11
"""


def one(node):
    """Every call takes a second; copies go beside them."""
    return 0.0 if node.op.travels else 1.0


def units(graph):
    return [held // BYTES for held in live_bytes(graph)]


def test_what_is_read_last_moves_out_and_comes_back_where_it_is_read():
    graph = read(CHAIN)
    found = evict(graph, 2 * BYTES, one, 1.0, Link(RATE))
    assert to_text(verify(found.graph)) == MOVED
    assert max(units(graph)) == 4 and max(units(found.graph)) == 2 and not found.repeated
    same_values(graph, found.graph)


def test_what_comes_back_comes_earlier_where_there_is_room():
    graph = read(MOVED)
    assert to_text(verify(hoisted(graph, 3 * BYTES, one, RATE))) == EARLIER
    assert hoisted(graph, 2 * BYTES, one, RATE).nodes == graph.nodes
    same_values(graph, read(EARLIER))


def test_only_what_nothing_hides_is_waited_for():
    # out: v1 leaves while v2 is made, v2 while v4 is; back: half a second each, unhidden
    assert modelled(read(CHAIN), one) == 7.0
    assert modelled(read(MOVED), one, RATE) == 8.0
    assert modelled(read(EARLIER), one, RATE) == 7.0
    # at a quarter of the speed a copy takes two seconds: one is waited for out, three back
    assert modelled(read(EARLIER), one, RATE / 4) == 11.0


def test_making_again_is_chosen_where_the_link_is_slow():
    found = evict(read(CHAIN), 2 * BYTES, one, 1.0, Link(RATE / 100))
    assert found.repeated and not any(node.op.travels for node in found.graph.nodes)


def test_nothing_moves_on_the_cpu():
    _, step, a = residual(blocks=2)
    graph = optimised(capture(step, a))
    planner = Planner(graph)
    assert cost.machine_of(graph) == cost.Machine() and not planner.link
    under = planner.under(peak_bytes(graph) // 2)
    assert under.repeated and not any(node.op.travels for node in under.graph.nodes)


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_a_training_step_moves_what_takes_longer_to_make_again(share):
    _, step, a = residual(blocks=4)
    graph = optimised(capture(step, a))
    # calls that take long beside the link, as those of large images do
    seconds = functools.partial(cost.seconds, machine=cost.Machine())
    budget = int(share * peak_bytes(graph))
    alone = Planner(graph, seconds, link=0.0).under(budget)
    moving = Planner(graph, seconds, link=2e10).under(budget)
    moved = [node for node in moving.graph.nodes if node.op.travels]
    assert moved and moving.seconds < alone.seconds
    assert moving.peak <= budget and peak_bytes(verify(moving.graph)) == moving.peak
    again = modelled(moving.graph, seconds, 2e10)
    assert again == pytest.approx(modelled(Planner(graph).split, seconds) + moving.seconds)
