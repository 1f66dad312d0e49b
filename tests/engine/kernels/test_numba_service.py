"""The compile service: readiness, modes, failures, threads, and the cache on disk."""

import os
import stat
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import tengen
from tengen.kernels.numba import library, service
from tengen.kernels.numba.optimizer import sgd
from tengen.kernels.numba.passes import Pass, entry, header, shared

ENGINE = str(Path(tengen.__file__).parents[1])

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")


def doubling(number: float) -> str:
    """A kernel that multiplies by `number`; the comment makes the source a new one."""
    run = Pass([f"STORE(x, LOAD(x) * {number})"])
    arguments = [("x", "OUT"), ("size", "int64")]
    body = ["at = first", *run.along_run("(last - first)")]
    return "\n".join([header("float32"), *shared(arguments, body)]) + entry(arguments)


@pytest.fixture
def own_cache(tmp_path: Path):
    library.set_cache_directory(tmp_path)
    yield tmp_path
    library.set_cache_directory(None)
    service.set_mode("background")


def test_background_compile_becomes_ready(own_cache: Path):
    service.set_mode("background")
    kernel = service.request("double", doubling(2.5))
    assert kernel.wait(120)
    x = np.arange(37, dtype=np.float32)
    kernel(x, x.size, 1)
    np.testing.assert_array_equal(x, np.arange(37, dtype=np.float32) * np.float32(2.5))


def test_compiling_leaves_the_streams_and_warning_filters_of_the_process_alone(
    own_cache: Path, monkeypatch
):
    library.load()
    errors = pytest.importorskip("numba.core.errors")
    opened: list[str] = []

    class Watched(warnings.catch_warnings):
        def __enter__(self):
            opened.append(threading.current_thread().name)
            return super().__enter__()

    monkeypatch.setattr(warnings, "catch_warnings", Watched)
    monkeypatch.setattr(errors, "init", lambda: opened.append("colorama"), raising=False)
    service.set_mode("background")
    assert service.request("double", doubling(6.5)).wait(120)
    assert "tengen-kernels" not in opened and "colorama" not in opened
    with errors.WarningsFixer(errors.NumbaWarning).catch_warnings():
        pass
    assert opened == [threading.current_thread().name]


def test_same_source_gives_same_kernel(own_cache: Path):
    service.set_mode("now")
    assert service.request("a", doubling(3.5)) is service.request("b", doubling(3.5))


def test_never_means_numpy(own_cache: Path):
    service.set_mode("never")
    kernel = service.request("double", doubling(4.5))
    assert not kernel.wait(0.1) and not kernel.ready
    service.set_mode("now")
    assert service.request("double", doubling(4.5)).ready


def test_numpy_stands_in_while_nothing_is_compiled(own_cache: Path):
    service.set_mode("never")
    param, gradient = np.ones(5), np.full(5, 2.0)
    sgd(param, gradient, lr=0.25)
    np.testing.assert_array_equal(param, np.full(5, 0.5))


def test_a_failed_compile_is_reported_and_not_ready(own_cache: Path, caplog):
    service.set_mode("now")
    kernel = service.request("broken", "kernel = missing_name\n")
    assert not kernel.ready
    assert kernel.error is not None and "missing_name" in kernel.error
    assert "[broken] could not be compiled" in caplog.text


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_every_part_is_done_once(own_cache: Path, parts: int):
    service.set_mode("now")
    kernel = service.request("double", doubling(5.5))
    x = np.ones(100_003, np.float32)
    kernel(x, x.size, parts)
    np.testing.assert_array_equal(x, np.full(x.size, 5.5, np.float32))


def test_kernels_run_from_many_threads(own_cache: Path):
    service.set_mode("now")
    kernel = service.request("double", doubling(1.0625))
    arrays = [np.full(50_000, i, np.float32) for i in range(4)]

    def work(array: np.ndarray) -> None:
        for _ in range(50):
            kernel(array, array.size, 2)

    runners = [threading.Thread(target=work, args=(array,)) for array in arrays]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    expected = np.float32(1)
    for _ in range(50):
        expected *= np.float32(1.0625)
    for i, array in enumerate(arrays):
        np.testing.assert_allclose(array, i * expected, rtol=1e-5)


SECOND_PROCESS = """
import sys, time
import numpy as np
from tengen.kernels.numba import library, service, optimizer, rows
library.set_cache_directory(sys.argv[1])
service.set_mode("now")
library.load()
x = np.ones((4, 9), np.float32)
optimizer.sgd(x, x.copy(), lr=0.5)
rows.softmax(x, x.copy())
for kernel in service.kernels():
    stats = kernel._function.stats
    print(kernel.name, sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
"""


def run_process(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"PYTHONPATH": ENGINE} | environment,
    )


def test_a_second_process_loads_from_disk_without_compiling(tmp_path: Path):
    first = run_process(SECOND_PROCESS, str(tmp_path))
    second = run_process(SECOND_PROCESS, str(tmp_path))
    assert first.stdout.split() == ["sgd_float32", "0", "1", "softmax_float32", "0", "1"], first
    assert second.stdout.split() == ["sgd_float32", "1", "0", "softmax_float32", "1", "0"], second


def test_processes_that_start_together_share_the_cache(tmp_path: Path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SECOND_PROCESS, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": ENGINE},
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=240)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert not list(tmp_path.rglob("*.tmp"))


UNWRITABLE = """
import numpy as np
from tengen.kernels.numba import service, optimizer
service.set_mode("now")
x = np.ones(20, np.float32)
optimizer.sgd(x, x.copy(), lr=0.5)
assert x[0] == 0.5 and service.kernels()[0].ready
"""


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path: Path):
    blocked = tmp_path / "a_file_where_a_folder_should_be"
    blocked.write_text("")
    blocked.chmod(stat.S_IRUSR)
    done = run_process(UNWRITABLE, HOME=str(blocked), XDG_CACHE_HOME=str(blocked))
    assert done.returncode == 0, done.stderr


def test_importing_the_package_leaves_numba_out():
    code = (
        "import sys; import tengen.kernels.numba, tengen.kernels.numba.batch_norm, "
        "tengen.kernels.numba.elementwise; assert 'numba' not in sys.modules"
    )
    done = run_process(code)
    assert done.returncode == 0, done.stderr


def test_a_process_may_end_while_a_kernel_compiles(tmp_path: Path):
    code = (
        "import sys, numpy as np; from tengen.kernels.numba import library, optimizer; "
        "library.set_cache_directory(sys.argv[1]); x = np.ones(9, np.float32); "
        "optimizer.adam(x, x, x.copy(), x.copy(), step=1, lr=0.1); "
        "optimizer.adadelta(x, x, x.copy(), x.copy())"
    )
    started = time.monotonic()
    done = run_process(code, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started < 120


def test_a_kernel_asked_for_while_compiling_was_off_is_made_later():
    source = doubling(1.2345)
    before = service.mode()
    try:
        service.set_mode("never")
        kernel = service.request("later", source)
        assert not kernel.wait(0.1)
        service.set_mode("background")
        assert not kernel.wait(0.1), "nobody has asked again"
        assert service.request("later", source) is kernel
        assert kernel.wait(60)
    finally:
        service.set_mode(before)


def test_a_compilation_that_another_threads_imports_disturb_is_tried_again(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    load, disturbed = service._import, []

    def importing(name: str, source: str):
        if len(disturbed) < 2:
            disturbed.append(name)
            raise RuntimeError("dictionary changed size during iteration")
        return load(name, source)

    monkeypatch.setattr(service, "_import", importing)
    service.set_mode("now")
    assert service.request("disturbed", doubling(7.25)).ready
    assert len(disturbed) == 2

    def failing(name: str, source: str):
        raise RuntimeError("another reason")

    monkeypatch.setattr(service, "_import", failing)
    kernel = service.request("failing", doubling(7.5))
    assert not kernel.ready
    assert "another reason" in (kernel.error or "")
