"""Stream data sets: serial, read here for workers, and read by the workers."""

import itertools

import numpy as np
import pytest

from tengen.data import DataLoader, Infinite, StreamSampler
from tengen.data.dataset import StreamDataset
from tengen.data.transform import Compose, GaussianNoise
from tests.engine.api.signatures import check_signature

from .samples import Counting

COVERS = ("tengen.data.dataset.StreamDataset",)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def loader_of(data, size, workers, own=False, **arguments):
    return DataLoader(
        data, StreamSampler(size), num_workers=workers, parallel_stream=own, **arguments
    )


@pytest.mark.parametrize("leak", [False, True])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_stream_read_in_one_place_comes_in_order_to_its_end(workers, leak):
    loader = loader_of(Counting(11, leak), 3, workers)
    for _ in range(2):
        batches = [labels.tolist() for labels, _ in loader]
        assert batches == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10]]


@pytest.mark.parametrize("leak", [False, True])
def test_a_stream_read_by_the_workers(leak):
    loader = loader_of(Counting(10, leak), 2, 3, own=True)
    for _ in range(2):  # worker 0 has 0 3 6 9, worker 1 has 1 4 7, worker 2 has 2 5 8
        batches = [labels.tolist() for labels, _ in loader]
        assert batches == [[0, 3], [1, 4], [2, 5], [6, 9], [7], [8]]


class Worn(StreamDataset):
    """Iterators kept in the data set: each epoch has them as they were."""

    def __init__(self):
        self.parts = [iter([1, 2, 3]), iter([4, 5, 6])]

    def __iter__(self):
        from tengen.data.dataloader import get_worker_info

        part = self.parts[get_worker_info().idx]
        while True:
            yield next(part)


def test_iterators_inside_the_data_set():
    loader = loader_of(Worn(), 2, 2, own=True)
    for _ in range(2):
        assert [b.tolist() for b in loader] == [[1, 2], [4, 5], [3], [6]]


class Scribbling(StreamDataset):
    """Writes to its own array as it goes."""

    def __init__(self):
        self.values = np.zeros(4)

    def __iter__(self):
        for i in range(4):
            self.values[i:] += 1
            yield self.values[i]


def test_every_epoch_starts_from_the_loaders_data_set():
    data = Scribbling()
    loader = loader_of(data, 4, 1, own=True)
    for _ in range(2):
        assert [b.tolist() for b in loader] == [[1, 2, 3, 4]]
    assert data.values.tolist() == [0, 0, 0, 0]


def test_transforms_draw_the_same_with_any_number_of_workers():
    class Gray(StreamDataset):
        def __init__(self):
            pass

        def __iter__(self):
            return iter(np.full((9, 4, 4, 1), 128, np.uint8))

    noise = Compose([GaussianNoise(std=0.1)])
    first, second = (
        [b.copy() for b in loader_of(Gray(), 2, workers, transform=noise, seed=3)]
        for workers in (0, 2)
    )
    assert len(first) == 5
    assert len(np.unique(np.concatenate(first))) > 20
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_endless_stream(workers):
    class Endless(StreamDataset):
        def __init__(self):
            pass

        def __iter__(self):
            return itertools.count()

    loader = DataLoader(Endless(), Infinite(StreamSampler(4)), num_workers=workers)
    got = [b.tolist() for b in itertools.islice(loader, 3)]
    assert got == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_falsy_samples_are_samples():
    class Zeros(StreamDataset):
        def __init__(self):
            pass

        def __iter__(self):
            return iter([0, 0, 1])

    assert [b.tolist() for b in loader_of(Zeros(), 2, 0)] == [[0, 0], [1]]


def test_an_error_of_the_stream_itself_is_raised():
    class Broken(StreamDataset):
        def __init__(self):
            pass

        def __iter__(self):
            yield 1
            raise RuntimeError("the line is dead")

    for workers in (0, 1):
        with pytest.raises(RuntimeError, match="the line is dead"):
            list(loader_of(Broken(), 2, workers))
    with pytest.raises(RuntimeError, match="the line is dead"):
        list(loader_of(Broken(), 2, 1, own=True))


def test_a_stream_has_no_index_and_no_length():
    data = Counting(3)
    with pytest.raises(AssertionError, match="can not get item"):
        data[0]
    with pytest.raises(AssertionError, match="does not have length"):
        len(data)
    with pytest.raises(TypeError):
        len(DataLoader(data))
    with pytest.raises(TypeError):
        StreamDataset()


def test_one_reader_for_many_workers_is_said_once(caplog):
    loader_of(Counting(3), 2, 2)
    assert "parallel_stream=True" in caplog.text
