"""DataLoader when things go wrong: clear exceptions, no hang, nothing left behind."""

import functools
import gc
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from tengen.data import DataLoader, SequentialSampler, StreamSampler
from tengen.data.dataset import Dataset
from tengen.data.exceptions import (
    LoaderTimeoutError,
    NotPicklableError,
    WorkerDiedError,
    WorkerError,
)
from tengen.data.transform import PseudoTransform, Transform

from .samples import At, Counting, Numbers

COVERS = ()


def children():
    """Process ids of this process's children that load data."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                with open(f"/proc/{entry}/cmdline") as file:
                    command = file.read()
            except OSError:
                continue
            if parent == os.getpid() and "spawn_main" in command:
                found.append(int(entry))
    return found


@pytest.fixture(autouse=True)
def _nothing_left():
    before = set(os.listdir("/dev/shm"))
    yield
    gc.collect()
    assert set(os.listdir("/dev/shm")) == before
    assert children() == []


def loader_of(transform, workers=1, **arguments):
    data = Numbers(20)
    return DataLoader(data, SequentialSampler(data, 4), transform, None, workers, **arguments)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("kill", "was ended by SIGKILL, exit code -9 .often the system's answer"),
        ("segv", "was ended by SIGSEGV"),
        ("exit", "ended with exit code 7"),
        ("sysexit", "ended with exit code 3"),
    ],
)
def test_a_dead_worker_is_named_with_its_end_and_its_samples(what, message):
    loader = loader_of(At(9, what))
    started = time.monotonic()
    with pytest.raises(WorkerDiedError, match=message) as caught:
        list(loader)
    assert time.monotonic() - started < 30
    text = str(caught.value)
    assert "DataLoader worker" in text
    assert "exited unexpectedly" in text
    assert "batch 2 of samples [8, 9, 10, 11]" in text
    assert isinstance(caught.value, RuntimeError)
    assert children() == []
    loader.transform = PseudoTransform()
    assert len(list(loader)) == 5  # new workers


def test_a_worker_killed_while_it_rests_is_replaced():
    loader = loader_of(PseudoTransform(), 2)
    assert len(list(loader)) == 5
    victim = loader._pool.workers[0]
    os.kill(victim.pid, signal.SIGKILL)
    victim.process.join(5)
    assert len(list(loader)) == 5


def test_a_worker_killed_from_outside_in_the_middle():
    loader = loader_of(At(17, "sleep"), 2)
    batches = iter(loader)
    next(batches)
    victims = children()
    threading.Timer(0.5, lambda: [os.kill(pid, signal.SIGKILL) for pid in victims]).start()
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        list(batches)
    assert list(batches) == []


@pytest.mark.parametrize("error", [IndexError("nothing there"), OSError(5, "bad disk")])
def test_an_exception_in_a_worker_is_raised_here(error):
    loader = loader_of(At(6, error))
    batches = iter(loader)
    assert next(batches)[1].tolist() == [0, 1, 2, 3]
    with pytest.raises(type(error), match=r"samples\.py") as caught:
        next(batches)
    text = str(caught.value)
    assert text.startswith(f"Caught {type(error).__name__} in DataLoader worker process")
    assert "batch 1 of samples [4, 5, 6, 7]" in text
    assert "raise self.what" in text
    assert isinstance(caught.value, WorkerError)
    assert isinstance(caught.value, RuntimeError)
    assert type(caught.value.__cause__) is type(error)
    assert caught.value.args == error.args
    assert getattr(caught.value, "errno", None) == getattr(error, "errno", None)
    assert list(batches) == []
    assert len(children()) == 1  # the worker is well
    loader.close()


def test_an_exception_that_cannot_be_sent():
    with pytest.raises(WorkerError, match=r"(?s)Caught Picky in DataLoader worker.*1 and 2"):
        list(loader_of(At(0, "picky")))


def test_an_exception_without_workers_is_itself():
    with pytest.raises(IndexError) as caught:
        list(loader_of(At(6, IndexError("nothing there")), workers=0))
    assert type(caught.value) is IndexError


@pytest.mark.parametrize("workers", [0, 1])
def test_timeout(workers):
    loader = loader_of(At(5, "sleep"), workers, timeout=1)
    batches = iter(loader)
    next(batches)
    started = time.monotonic()
    with pytest.raises(
        LoaderTimeoutError, match=r"timeout: no batch within 1 s.*batch 1"
    ) as caught:
        next(batches)
    assert 0.9 < time.monotonic() - started < 5
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, TimeoutError)


class Slow(Counting):
    """A stream that never gives anything."""

    def __iter__(self):
        time.sleep(60)
        yield 0


@pytest.mark.parametrize(("workers", "own"), [(0, False), (1, False), (1, True)])
def test_timeout_of_a_stream(workers, own):
    loader = DataLoader(
        Slow(3), StreamSampler(2), num_workers=workers, timeout=1, parallel_stream=own
    )
    with pytest.raises(RuntimeError, match="timeout"):
        next(iter(loader))


def test_a_timeout_that_is_kept():
    assert len(list(loader_of(PseudoTransform(), 0, timeout=20))) == 5
    assert len(list(loader_of(PseudoTransform(), 1, timeout=20))) == 5


def test_what_cannot_be_sent_is_named():
    class Open(Transform):
        def __init__(self):
            self.settings = {"log": [1, open(os.devnull, "w")]}  # noqa: SIM115

        def apply(self, input):
            return input

    transform = Open()
    with pytest.raises(NotPicklableError) as caught:
        iter(loader_of(transform))
    assert "transform.settings['log'][1] (TextIOWrapper) cannot be sent" in str(caught.value)
    assert "__getstate__" in str(caught.value)
    transform.settings["log"][1].close()


def test_a_module_the_worker_does_not_have(tmp_path, monkeypatch):
    (tmp_path / "passing_module.py").write_text(
        "from tengen.data.transform import PseudoTransform\n"
        "class Passing(PseudoTransform):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import passing_module  # type: ignore[import-not-found]

    loader = loader_of(passing_module.Passing())
    (tmp_path / "passing_module.py").unlink()
    with pytest.raises(RuntimeError, match="modules must be importable there"):
        list(loader)


def test_breaking_off_ends_quickly():
    loader = loader_of(At(17, "sleep"))
    for _ in loader:
        break
    started = time.monotonic()
    del loader
    gc.collect()
    assert time.monotonic() - started < 6
    assert children() == []


def test_ctrl_c_ends_everything(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import time
            from tengen.data import DataLoader, SequentialSampler
            from tests.engine.data.samples import Numbers
            data = Numbers(10**6)
            try:
                for i, batch in enumerate(DataLoader(data, SequentialSampler(data), num_workers=2)):
                    if i == 3:
                        print("going", flush=True)
                    time.sleep(0.01)
            except KeyboardInterrupt:
                print("interrupted", flush=True)
                raise SystemExit(5)
            """
        )
    )
    process = start(script)
    assert process.stdout.readline() == "going\n"
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=30)
    assert (out, error, process.returncode) == ("interrupted\n", "", 5)
    assert group_is_empty(process.pid)


def test_a_killed_program_leaves_no_worker(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import time
            from tengen.data import DataLoader, SequentialSampler
            from tests.engine.data.samples import Numbers
            data = Numbers(1000)
            batches = iter(DataLoader(data, SequentialSampler(data, 8), num_workers=2))
            next(batches)
            print("going", flush=True)
            time.sleep(60)
            """
        )
    )
    process = start(script)
    assert process.stdout.readline() == "going\n"
    process.kill()
    process.communicate(timeout=30)
    assert group_is_empty(process.pid)


def start(script):
    """The script in a process group of its own that Ctrl-C ends, whatever this process ignores."""
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def group_is_empty(group):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


class Matmul(Dataset):
    """Samples that need a threaded library."""

    def __init__(self):
        self.matrix = np.random.RandomState(0).rand(200, 200)

    def __getitem__(self, index):
        return (self.matrix @ self.matrix)[0, 0], index

    def __len__(self):
        return 4


def test_workers_are_spawned_so_that_threaded_libraries_do_not_hang():
    matrix = np.random.RandomState(0).rand(500, 500)
    expected = matrix @ matrix  # this process has threads now
    assert expected.shape == (500, 500)
    loader = DataLoader(Matmul(), num_workers=1, timeout=60)
    assert [int(labels[0]) for _, labels in loader] == [0, 1, 2, 3]
    with open(f"/proc/{children()[0]}/environ", "rb") as file:
        assert b"OMP_NUM_THREADS=1" in file.read().split(b"\0")


def test_exceptions_survive_pickling():
    error = pickle.loads(pickle.dumps(WorkerDiedError("gone")))
    assert str(error).splitlines()[0] == "gone"
