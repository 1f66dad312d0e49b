"""The planner on lifetimes alone: nothing overlaps, and the arena is close to what must be live."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tengen.compiler.memory import EXACT, plan_memory
from tengen.graph.lifetimes import (
    ALIGN,
    HOST_ALIGN,
    Lifetime,
    aligned,
    grain,
    largest_live,
    side_by_side,
)

BLOCKS = st.builds(
    lambda nbytes, birth, length: Lifetime(nbytes, birth, birth + length),
    st.one_of(st.integers(0, 4000), st.integers(0, 1 << 40)),
    st.integers(0, 30),
    st.integers(0, 12),
)


def check(lifetimes, plan, align=ALIGN):
    """Every block has its place, none overlaps one that lives at the same time."""
    assert len(plan.offsets) == len(lifetimes)
    placed = list(zip(lifetimes, plan.offsets, strict=True))
    for life, offset in placed:
        assert offset >= 0 and offset % grain(life.nbytes, align) == 0
        assert not life.nbytes or life.birth == life.death or offset + life.nbytes <= plan.size
    for (a, at), (b, other) in itertools.combinations(placed, 2):
        together = max(a.birth, b.birth) < min(a.death, b.death)
        if together and a.nbytes and b.nbytes:
            assert at + a.nbytes <= other or other + b.nbytes <= at
    assert plan.live == largest_live(lifetimes)


def rounded_live(lifetimes, align=ALIGN):
    return largest_live([Lifetime(aligned(x.nbytes, align), x.birth, x.death) for x in lifetimes])


@settings(deadline=None, max_examples=300)
@given(st.lists(BLOCKS, max_size=40))
@example([])
@example([Lifetime(0, 0, 3)])
@example([Lifetime(1, 0, 0)])
@example([Lifetime(256, 0, 2), Lifetime(257, 2, 3), Lifetime(1, 1, 3)])
def test_no_two_living_blocks_overlap(lifetimes):
    for align in (ALIGN, HOST_ALIGN):
        plan, apart = plan_memory(lifetimes, align), side_by_side(lifetimes, align)
        check(lifetimes, plan, align)
        check(lifetimes, apart, align)
        assert rounded_live(lifetimes, align) <= plan.size
        assert align == HOST_ALIGN or plan.size <= apart.size


def test_small_blocks_lie_close_on_a_cpu_and_large_ones_at_lines_of_its_cache():
    lifetimes = [Lifetime(40, n, n + 3) for n in range(100)]
    assert plan_memory(lifetimes, HOST_ALIGN).size == 3 * 40
    assert plan_memory(lifetimes).size == 3 * ALIGN
    mixed = [Lifetime(8000 if n % 3 else 20, n, n + 4) for n in range(40)]
    plan = plan_memory(mixed, HOST_ALIGN)
    check(mixed, plan, HOST_ALIGN)
    assert plan.size <= 1.03 * plan.live


def smallest(lifetimes):
    """The smallest arena, by brute force over every order, each block as low as it fits."""
    best = side_by_side(lifetimes).size
    for order in itertools.permutations(range(len(lifetimes))):
        placed = []
        for index in order:
            life = lifetimes[index]
            offset = 0
            for start, stop, other in sorted(placed, key=lambda item: item[0]):
                if max(life.birth, other.birth) < min(life.death, other.death):
                    if start - offset >= aligned(life.nbytes):
                        break
                    offset = max(offset, stop)
            placed.append((offset, offset + aligned(life.nbytes), life))
        best = min(best, max((stop for _, stop, _ in placed), default=0))
    return best


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.builds(
            lambda size, birth, length: Lifetime(size * ALIGN, birth, birth + length),
            st.integers(1, 9),
            st.integers(0, 6),
            st.integers(1, 4),
        ),
        max_size=6,
    )
)
def test_few_blocks_get_the_smallest_arena(lifetimes):
    assert plan_memory(lifetimes).size == smallest(lifetimes)


def test_a_plan_that_no_greedy_order_of_sizes_finds():
    units = [(3, 0, 2), (2, 1, 4), (4, 3, 6), (1, 0, 5), (2, 5, 7), (3, 4, 6), (1, 2, 4)]
    lifetimes = [Lifetime(size * ALIGN, birth, death) for size, birth, death in units]
    assert len(lifetimes) <= EXACT
    plan = plan_memory(lifetimes)
    check(lifetimes, plan)
    assert plan.size == smallest(lifetimes)


def training_lifetimes(layers, rng):
    """Like a training step: activations live until their gradient, gradients and scratch short."""
    found, last = [], 6 * layers
    for layer in range(layers):
        size = int(rng.integers(1, 40)) * 4096 * (1 + (layer % 7 == 0) * 5)
        begin, end = 3 * layer, last - 3 * layer
        found += [
            Lifetime(size, begin, end),
            Lifetime(size // 2, begin + 1, begin + 3),
            Lifetime(64, begin, end - 1),
            Lifetime(size, end - 2, end + 1),
            Lifetime(int(rng.integers(1, 1 << 16)), end - 1, end),
            Lifetime(size // 3, end - 1, end + 2),
        ]
    return found


@pytest.mark.parametrize("layers", [5, 40, 160])
def test_a_training_step_wastes_at_most_three_percent(layers):
    lifetimes = training_lifetimes(layers, np.random.default_rng(layers))
    plan = plan_memory(lifetimes)
    check(lifetimes, plan)
    assert plan.size <= 1.03 * plan.live + ALIGN * 4 * layers


def test_thousands_of_blocks_are_planned_in_seconds():
    lifetimes = training_lifetimes(1200, np.random.default_rng(0))
    plan = plan_memory(lifetimes)
    assert plan.size <= 1.03 * plan.live + ALIGN * 5000
    ranges = {}
    for life, offset in zip(lifetimes, plan.offsets, strict=True):
        for step in range(life.birth, life.death, 37):
            ranges.setdefault(step, []).append((offset, offset + life.nbytes))
    for found in ranges.values():
        found.sort()
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))
