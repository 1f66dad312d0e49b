"""DataLoader: batches, their order, and sameness over numbers of workers."""

import gc
import itertools
import logging
import os
import subprocess
import sys
import textwrap
import weakref

import numpy as np
import pytest

from tengen.base.errors import ArgumentError
from tengen.data import (
    Collator,
    DataLoader,
    Infinite,
    RandomSampler,
    SequentialSampler,
    StreamSampler,
    get_worker_info,
    memory_limit,
)
from tengen.data.dataset import ArrayDataset
from tengen.data.transform import (
    Compose,
    Normalize,
    PseudoTransform,
    RandomCrop,
    RandomHorizontalFlip,
    ToMode,
)
from tests.engine.api.signatures import check_signature

from .samples import Counting, Growing, Noise, Numbers, images

COVERS = ("tengen.data.DataLoader", "tengen.data.DataLoader.check_memory_rationality")


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def numbers_of(loader):
    return [int(i) for _, labels in loader for i in labels]


def test_defaults_and_length():
    data = images(100)
    loader = DataLoader(data)
    assert isinstance(loader.sampler, SequentialSampler)
    assert isinstance(loader.transform, PseudoTransform)
    assert isinstance(loader.collator, Collator)
    assert len(DataLoader(data, RandomSampler(data, 6))) == 17
    assert len(DataLoader(data, RandomSampler(data, 6, drop_last=True))) == 16
    assert len(iter(loader)) == 100


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_come_in_order(workers):
    data = Numbers(50)
    loader = DataLoader(data, SequentialSampler(data, 4), num_workers=workers)
    for _ in range(2):
        batches = list(loader)
        assert [len(labels) for _, labels in batches] == [4] * 12 + [2]
        assert [int(i) for _, labels in batches for i in labels] == list(range(50))
        for values, labels in batches:
            assert values.shape == (len(labels), 3, 40, 40)
            assert values.dtype == np.float32
            assert (values == labels[:, None, None, None]).all()
            values += 1  # batches belong to the program


def test_random_transforms_are_the_same_with_any_number_of_workers():
    data = images()
    augment = Compose([RandomCrop(16, 4), RandomHorizontalFlip(), Normalize(127.0, 64.0), ToMode()])

    def epochs(workers):
        sampler = RandomSampler(data, 8, seed=1)
        loader = DataLoader(data, sampler, augment, num_workers=workers, seed=5)
        return [[[a.copy() for a in batch] for batch in loader] for _ in range(2)]

    serial = epochs(0)
    assert not np.array_equal(serial[0][0][0], serial[1][0][0])
    for ours, theirs in zip(serial, epochs(2), strict=True):
        for left, right in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(left[0], right[0])
            np.testing.assert_array_equal(left[1], right[1])


def test_users_random_calls_are_seeded_too_and_leave_no_trace():
    data = ArrayDataset(np.zeros((8, 2)), np.arange(8))

    def draws(workers):
        np.random.seed(11)
        loader = DataLoader(data, SequentialSampler(data, 2), Noise(), num_workers=workers)
        first = [np.concatenate([b[0].ravel(), b[1]]) for b in loader]
        return first, np.random.rand()

    (serial, after), (parallel, after_parallel) = draws(0), draws(2)
    np.testing.assert_array_equal(serial, parallel)
    assert after == after_parallel
    assert len(np.unique(serial)) == 16  # a draw of numpy's and one of random's for each sample


def test_workers_and_their_memory_are_kept_for_the_next_epoch():
    data = Numbers(12)
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=2)
    assert numbers_of(loader) == list(range(12))
    pids = [worker.pid for worker in loader._pool.workers]
    files = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        assert numbers_of(loader) == list(range(12))
    assert [worker.pid for worker in loader._pool.workers] == pids
    assert len(os.listdir("/proc/self/fd")) <= files + 2


def test_a_changed_data_set_reaches_running_workers():
    values = np.arange(6000, dtype=np.float64).reshape(6, 1000)
    data = ArrayDataset(values, np.arange(6))
    loader = DataLoader(data, SequentialSampler(data, 3), num_workers=1)
    assert [b[0][0, 0] for b in loader] == [0, 3000]
    values += 1  # in place
    assert [b[0][0, 0] for b in loader] == [1, 3001]
    loader.transform = Compose([ToMode()], order=("image_category",))
    loader.dataset = Numbers(2)
    loader.sampler = SequentialSampler(loader.dataset)
    assert numbers_of(loader) == [0, 1]


def test_two_iterations_at_once():
    data = Numbers(10)
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=1)
    pairs = [(int(a[1][0]), int(b[1][0])) for a, b in zip(iter(loader), iter(loader), strict=True)]
    assert pairs == [(i, i) for i in range(0, 10, 2)]
    inner = [len(list(loader)) for _ in itertools.islice(loader, 2)]
    assert inner == [5, 5]


def test_breaking_off_and_starting_again():
    data = Numbers(40)
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=2)
    for stop in (0, 1, 7, 19):
        for step, (_, labels) in enumerate(loader):
            assert labels[0] == 2 * step
            if step == stop:
                break
    assert numbers_of(loader) == list(range(40))


def test_batches_stay_valid_when_kept():
    data = Numbers(200, (64, 64))
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=2)
    kept = list(loader)
    list(loader)
    loader.close()
    del loader
    for i, (values, labels) in enumerate(kept):
        assert (values[0] == 2 * i).all()
        assert (values[1] == 2 * i + 1).all()
        assert labels.tolist() == [2 * i, 2 * i + 1]


def test_batches_may_grow():
    data = Growing(30)
    loader = DataLoader(data, SequentialSampler(data), num_workers=2)
    for _ in range(2):
        for i, (values, labels) in enumerate(loader):
            assert values.shape == (1, (i + 1) * 5000)
            assert (values == i).all()
            assert labels[0] == i


def test_infinite_sampler():
    data = Numbers(5)
    for workers in (0, 2):
        loader = DataLoader(data, Infinite(SequentialSampler(data, 2)), num_workers=workers)
        got = [labels.tolist() for _, labels in itertools.islice(loader, 5)]
        assert got == [[0, 1], [2, 3], [4], [0, 1], [2, 3]]
        assert len(loader) == 2**63 - 1


def test_what_only_cloudpickle_can_send():
    class Local(Numbers):
        def __getitem__(self, index):
            return {"value": Local.twice(index), "name": f"n{index}"}

        @staticmethod
        def twice(index):
            return 2 * index

    class Keep:
        apply = staticmethod(lambda samples: samples)

    data = Local(4)
    loader = DataLoader(data, SequentialSampler(data, 2), collator=Keep(), num_workers=1)
    assert [[s["value"] for s in batch] for batch in loader] == [[0, 2], [4, 6]]
    assert next(iter(loader))[1]["name"] == "n1"


def test_memory_mapped_arrays_are_mapped_again(tmp_path):
    path = tmp_path / "tokens.bin"
    np.arange(300_000, dtype=np.int32).tofile(path)
    tokens = np.memmap(path, np.int32, "r", offset=4 * 5000)
    data = ArrayDataset(tokens[70_000:].reshape(-1, 100))
    loader = DataLoader(data, SequentialSampler(data, 10), num_workers=1)
    first = next(iter(loader))[0]
    np.testing.assert_array_equal(first, np.arange(75_000, 76_000).reshape(10, 100))
    assert loader._payload(True).nbytes < 2000
    assert loader._payload(True).spans == []
    writable = np.memmap(path, np.int32, "c")
    writable[0] = -1  # reaches no file, so the values have to travel
    loader = DataLoader(ArrayDataset(writable[:4]), num_workers=1)
    assert [int(b[0][0]) for b in loader] == [-1, 1, 2, 3]


def test_arrays_of_the_data_set_are_shared_and_private_to_write():
    class Scribbling(ArrayDataset):
        def __getitem__(self, index):
            row = self.arrays[0][index]
            row += 1
            return row, int(row[0])

    values = np.zeros((4, 20_000))
    data = Scribbling(values)
    loader = DataLoader(data, SequentialSampler(data), num_workers=2)
    assert numbers_of(loader) == [1, 1, 1, 1]
    assert (values == 0).all()


@pytest.mark.parametrize("workers", [0, 2])
def test_preload_gives_tensors(workers):
    tengen = pytest.importorskip("tengen")
    tensor = tengen.Tensor
    data = Numbers(5)
    loader = DataLoader(data, SequentialSampler(data, 2), num_workers=workers, preload=True)
    seen = []
    for values, labels in loader:
        assert isinstance(values, tensor)
        assert isinstance(labels, tensor)
        assert (values.numpy()[:, 0, 0, 0] == labels.numpy()).all()
        seen.extend(labels.numpy().tolist())
    assert seen == [0, 1, 2, 3, 4]
    assert len(iter(loader)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_workers": -1}, "num_workers must be 0 or more; got -1"),
        ({"timeout": -1}, "timeout must not be negative; got -1"),
        ({"sampler": StreamSampler()}, "takes a MapSampler; got StreamSampler"),
        ({"dataset": Counting(3), "sampler": SequentialSampler(range(3))}, "takes a StreamSampler"),
        ({"dataset": 3, "sampler": SequentialSampler(range(3))}, "dataset must be a Dataset"),
    ],
)
def test_argument_errors(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        DataLoader(**{"dataset": images(), **arguments})


def test_check_memory_rationality(monkeypatch, caplog):
    data = Numbers(3)
    loader = DataLoader(data, num_workers=2)
    with caplog.at_level(logging.WARNING):
        loader.check_memory_rationality()
        assert not caplog.records
        monkeypatch.setattr("tengen.data.dataloader.memory_limit", lambda: 1000)
        loader.check_memory_rationality()
    assert "2 workers would need about" in caplog.text
    assert memory_limit.memory_limit() > memory_limit.resident_bytes() > 0


def test_no_worker_info_in_the_main_process():
    assert get_worker_info() is None


def test_a_script_without_a_main_guard(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import numpy as np
            from tengen.data import DataLoader, SequentialSampler
            from tengen.data.dataset import Dataset
            OFFSET = 10
            class Mine(Dataset):
                def __init__(self): super().__init__()
                def __getitem__(self, i): return i + OFFSET
                def __len__(self): return 4
            print("started")
            loader = DataLoader(Mine(), SequentialSampler(Mine(), 2), num_workers=2)
            print([b.tolist() for b in loader])
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout == "started\n[[10, 11], [12, 13]]\n"
    assert done.stderr == ""


def test_a_collected_loader_ends_its_workers():
    loader = DataLoader(Numbers(4), num_workers=1)
    list(loader)
    process = loader._pool.workers[0].process
    watched = weakref.ref(loader)
    del loader
    gc.collect()
    assert watched() is None
    with pytest.raises(ValueError, match="closed"):
        process.is_alive()  # ended and reaped
