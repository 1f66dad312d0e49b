"""Why no GPU can be used: one sentence for each reason, with a driver made for the test."""

import ctypes
import importlib.util
import shutil
import subprocess
import sys

import pytest

import tengen as tg
from tengen.base import device as devices
from tengen.base.errors import DeviceError
from tengen.kernels.cuda import gpu as gpus
from tengen.kernels.cuda import library

DRIVER = """
int version, begin, count;
int cuDriverGetVersion(int *v) { *v = version; return 0; }
int cuInit(unsigned flags) { return begin; }
int cuDeviceGetCount(int *n) { *n = count; return 0; }
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """A driver whose answers are three variables."""
    compiler = shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no compiler to make a driver with")
    folder = tmp_path_factory.mktemp("driver")
    source, target = folder / "driver.c", folder / "libcuda.so.1"
    source.write_text(DRIVER)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", target, source], check=True)
    return ctypes.CDLL(str(target))


@pytest.fixture
def anew(monkeypatch):
    """The framework has not looked for GPUs yet."""
    monkeypatch.setattr(library, "_looked", None)
    monkeypatch.setattr(library, "_loaded", None)
    yield monkeypatch
    for name in [n for n, d in devices._devices.items() if d.kind == "gpu"]:
        del devices._devices[name]
    gpus._gpus.clear()


def install(anew, driver, version=13000, begin=0, count=0):
    """Put a driver in the place of the machine's."""
    for name, value in (("version", version), ("begin", begin), ("count", count)):
        ctypes.c_int.in_dll(driver, name).value = value
    anew.setattr(library, "_driver", lambda: driver)


def check(sentence):
    """Everything that tells says the sentence; the CPU works on."""
    assert tg.get_device_count("gpu") == 0 and not tg.is_cuda_available()
    assert tg.info()["devices"]["gpu"] == sentence
    assert tg.info()["kernels"]["cuda"].startswith(f"not in use: {sentence}; ")
    for ask in (
        lambda: tg.set_default_device("gpu0"),
        lambda: tg.Tensor([1.0], device="gpu0"),
        lambda: tg.Tensor([1.0], device="cpu0").to("gpux"),
        lambda: tg.get_allocated_memory("cuda0"),
        lambda: tg.get_cuda_compute_capability(0),
    ):
        with pytest.raises(DeviceError) as caught:
            ask()
        assert f"is not there: {sentence}; use 'cpu0' or 'xpux'" in str(caught.value)
    assert tg.device.what_is_xpu() == "cpu" and tg.get_cuda_version() == 0
    assert (tg.Tensor([1.0], device="xpux") + 1).item() == 2


def test_cupy_absent(anew):
    find = importlib.util.find_spec
    anew.setattr(importlib.util, "find_spec", lambda n, *a: None if n == "cupy" else find(n, *a))
    check("the package cupy is not installed (pip install 'tengen-studio[cuda]')")


def test_no_driver(anew):
    pytest.importorskip("cupy")
    anew.setattr(library, "_driver", lambda: None)
    check("no NVIDIA driver was found")
    assert library.driver_version() == 0


CASES = {
    "too old": (
        {"version": 12040},
        "the NVIDIA driver is too old: it supports CUDA 12.4, and 13.0 is needed",
    ),
    "none": ({"begin": 100}, "the NVIDIA driver shows no GPU to this process"),
    "hidden": ({"count": 0}, "the NVIDIA driver shows no GPU to this process"),
    "broken": ({"begin": 999}, "the NVIDIA driver does not start (CUDA error 999)"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_unusable_driver(case, anew, driver):
    pytest.importorskip("cupy")
    settings, sentence = CASES[case]
    install(anew, driver, **settings)
    check(sentence)
    assert library.driver_version() == settings.get("version", 13000)


@pytest.mark.parametrize("count", [1, 2])
def test_no_such_number(anew, driver, count):
    pytest.importorskip("cupy")
    install(anew, driver, version=13010, count=count)
    assert tg.get_device_count("gpu") == count and tg.device.what_is_xpu() == "cuda"
    found = "gpu0 is the only one" if count == 1 else "there are gpu0 to gpu1"
    with pytest.raises(DeviceError, match=f"gpu{count}:0 is not there: {found}"):
        tg.Tensor([1.0], device=f"gpu{count}:0")
    with pytest.raises(DeviceError, match=f"gpu{count} is not there: {found}"):
        tg.get_cuda_device_property(count)


def test_a_broken_cupy(anew, driver):
    install(anew, driver, count=1)
    pytest.importorskip("cupy")

    def fail(name):
        raise ImportError("libnvrtc.so.13 is missing")

    anew.setattr(library.importlib, "import_module", fail)
    told = r"the package cupy does not load \(libnvrtc.so.13 is missing\)"
    with pytest.raises(DeviceError, match=f"no GPU can be used: {told}"):
        tg.Tensor([1.0], device="gpu0")
    assert tg.get_device_count("gpu") == 0


def test_a_gpu_that_does_not_start(anew, driver):
    pytest.importorskip("cupy")
    if library.driver_version():
        pytest.skip("there is a driver")
    install(anew, driver, count=1)
    with pytest.raises(DeviceError, match="gpu0 does not start: cudaError"):
        tg.Tensor([1.0], device="gpu0")
    assert "gpu0 does not start" in tg.info()["devices"]["gpu0"]


def test_cupy_is_not_imported_with_the_framework():
    code = "import sys, tengen as tg; tg.info(); print('cupy' in sys.modules)"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    if not library.count():
        assert made.stdout.strip() == "False"
