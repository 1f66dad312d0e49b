"""Samplers: orders, batches, shares of ranks, seeds and errors."""

import copy
import itertools
import pickle

import numpy as np
import pytest

from tengen import random
from tengen.base import seeding
from tengen.base.errors import ArgumentError
from tengen.data import (
    Infinite,
    MapSampler,
    RandomSampler,
    ReplacementSampler,
    Sampler,
    SequentialSampler,
    StreamSampler,
)
from tests.engine.api.signatures import check_signature

COVERS = (
    "tengen.data.Infinite",
    "tengen.data.Infinite.sample",
    "tengen.data.MapSampler",
    "tengen.data.MapSampler.batch",
    "tengen.data.MapSampler.sample",
    "tengen.data.MapSampler.scatter",
    "tengen.data.RandomSampler",
    "tengen.data.RandomSampler.sample",
    "tengen.data.ReplacementSampler",
    "tengen.data.ReplacementSampler.sample",
    "tengen.data.Sampler",
    "tengen.data.SequentialSampler",
    "tengen.data.SequentialSampler.sample",
    "tengen.data.StreamSampler",
    "tengen.data.StreamSampler.batch",
    "tengen.data.StreamSampler.sample",
)


@pytest.fixture(autouse=True)
def _numpy_state():
    before = np.random.get_state()
    yield
    np.random.set_state(before)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize(
    ("size", "batch_size", "drop_last", "expected"),
    [
        (5, 2, False, [[0, 1], [2, 3], [4]]),
        (5, 2, True, [[0, 1], [2, 3]]),
        (4, 2, True, [[0, 1], [2, 3]]),
        (3, 8, False, [[0, 1, 2]]),
        (0, 4, False, []),
    ],
)
def test_sequential_batches(size, batch_size, drop_last, expected):
    sampler = SequentialSampler(range(size), batch_size, drop_last)
    assert list(sampler) == expected
    assert list(sampler.batch()) == expected
    assert len(sampler) == len(expected)


def test_sequential_over_indices():
    sampler = SequentialSampler(range(100), 2, indices=[7, 3, 5])
    assert list(sampler.sample()) == [7, 3, 5]
    assert list(sampler) == [[7, 3], [5]]
    assert len(sampler) == 2


def test_random_order_is_that_of_randomstate():
    sampler = RandomSampler(range(20), seed=7)
    reference = np.random.RandomState(7)
    assert sampler.sample() == reference.permutation(20).tolist()
    assert sampler.sample() == reference.permutation(20).tolist()  # a new order each epoch


def test_random_visits_every_index_once():
    sampler = RandomSampler(range(100), 8, indices=[4, 9, 2, 6], seed=1)
    assert sorted(itertools.chain(*sampler)) == [2, 4, 6, 9]


def test_seeds_follow_the_global_ones(monkeypatch):
    def orders():
        return RandomSampler(range(50)).sample()

    np.random.seed(3)
    first = orders()
    np.random.seed(3)
    assert orders() == first
    monkeypatch.setattr(seeding, "_asked", None)
    random.seed(5)
    second = orders()
    random.seed(5)
    assert orders() == second != first


def test_replacement_follows_weights():
    sampler = ReplacementSampler(range(4), num_samples=4000, weights=[0, 1, 3, 0], seed=0)
    counts = np.bincount(sampler.sample(), minlength=4)
    assert counts[0] == counts[3] == 0
    assert counts[2] / counts[1] == pytest.approx(3, rel=0.15)
    assert len(sampler.sample()) == 4000
    assert len(ReplacementSampler(range(10), num_samples=25).sample()) == 25
    assert set(
        ReplacementSampler(range(3), seed=0, weights=np.array([0.0, 2.0, 0.0])).sample()
    ) == {1}


@pytest.mark.parametrize("size", [8, 10, 1])
def test_ranks_share_everything_evenly(size):
    samplers = [RandomSampler(range(size), 2, world_size=3, rank=rank) for rank in range(3)]
    shares = [list(itertools.chain(*sampler)) for sampler in samplers]
    assert len({len(share) for share in shares}) == 1
    assert set(itertools.chain(*shares)) == set(range(size))
    assert all(len(list(s)) == len(s) for s in samplers)


def test_scatter_takes_every_other_and_wraps_around():
    sampler = MapSampler(range(5), world_size=2, rank=1)
    indices = [10, 11, 12, 13, 14]
    assert sampler.scatter(indices) == [11, 13, 10]
    assert indices == [10, 11, 12, 13, 14]
    with pytest.raises(ArgumentError, match="2 ranks take 6 indices; sample\\(\\) gave 9"):
        sampler.scatter(list(range(9)))


def test_a_sampler_of_ones_own():
    class Backwards(MapSampler):
        def sample(self):
            return range(len(self.dataset) - 1, -1, -1)

    assert list(Backwards("abcde", 2)) == [[4, 3], [2, 1], [0]]
    with pytest.raises(NotImplementedError, match="must define sample"):
        MapSampler(range(3)).sample()
    with pytest.raises(TypeError):
        Sampler()


def test_stream_sampler_counts_without_end():
    sampler = StreamSampler(batch_size=3)
    assert list(itertools.islice(sampler, 2)) == [[0, 1, 2], [3, 4, 5]]
    assert list(itertools.islice(sampler.batch(), 1)) == [[0, 1, 2]]
    assert list(itertools.islice(sampler.sample(), 4)) == [0, 1, 2, 3]


def test_infinite_goes_round_and_lends_attributes():
    sampler = Infinite(SequentialSampler(range(3), 2))
    assert list(itertools.islice(sampler, 5)) == [[0, 1], [2], [0, 1], [2], [0, 1]]
    assert sampler.batch_size == 2
    assert len(sampler) == 2**63 - 1
    with pytest.raises(NotImplementedError, match="Infinite"):
        sampler.sample()
    with pytest.raises(AttributeError):
        _ = sampler.nothing
    with pytest.raises((TypeError, AttributeError)):
        pickle.loads(pickle.dumps(copy.copy(sampler)))  # a generator inside, and no recursion


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SequentialSampler(range(3), 0), "batch_size must be a positive integer; got 0"),
        (lambda: SequentialSampler(range(3), True), "batch_size"),
        (lambda: SequentialSampler(range(3), 2.0), "batch_size"),
        (lambda: RandomSampler(range(3), drop_last=1), "drop_last is True or False; got 1"),
        (lambda: RandomSampler(range(3), 4, True), "at least batch_size=4 samples; it has 3"),
        (lambda: ReplacementSampler(range(3), num_samples=0), "num_samples"),
        (lambda: ReplacementSampler(range(3), weights=[1]), "each of the 3 samples; got 1"),
        (lambda: ReplacementSampler(range(3), weights=3), "weights must be a sequence"),
        (lambda: ReplacementSampler(range(2), weights=[0, 0]), "nor all zero"),
        (lambda: ReplacementSampler(range(2), weights=[2, -1]), "negative"),
        (lambda: RandomSampler(range(3), indices=3), "indices must be a sequence"),
        (lambda: RandomSampler(range(3), world_size=2, rank=2), "rank 2 of 2"),
        (lambda: StreamSampler(0), "batch_size"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert isinstance(caught.value, ArgumentError)
