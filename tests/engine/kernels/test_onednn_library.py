"""Loading oneDNN, and the compiled form of its interface."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from tengen.kernels.onednn import generate_c_api, library


def test_compiled_interface_is_that_of_the_header(capsys):
    assert generate_c_api.OUTPUT.read_text() == generate_c_api.generate()


def test_importing_the_layer_loads_no_library_and_no_parser():
    code = (
        "import sys, tengen.kernels.onednn.convolution, tengen.kernels.onednn.library as library\n"
        "assert 'cffi' not in sys.modules and '_cffi_backend' not in sys.modules\n"
        "assert library._attempt.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.skipif(not library.available(), reason=library.why_not())
def test_what_was_loaded_is_named():
    assert library.version().count(".") == 2
    assert library.find().endswith((library.LIBRARY, ".so"))
    assert Path(library.find()).samefile(library.load().path)
    assert library.instruction_set()
    assert library.get_threads() >= 1


def test_without_the_library_the_reason_is_given_once_asked():
    code = (
        "import tengen.kernels.onednn.library as library\n"
        "library.use_path('/nowhere/libdnnl.so.3')\n"
        "assert not library.available() and '/nowhere' in library.why_not()\n"
        "from tengen.kernels.onednn.errors import Unavailable\n"
        "try: library.load()\n"
        "except Unavailable as error: assert '/nowhere' in str(error)\n"
        "else: raise SystemExit('loaded')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_file_that_is_no_library_is_refused(tmp_path):
    impostor = tmp_path / "libdnnl.so.3"
    impostor.write_bytes(b"not a library")
    library.use_path(str(impostor))
    try:
        assert not library.available()
        assert str(impostor) in library.why_not()
    finally:
        library.use_path("")


def wheel_installed() -> bool:
    return any(d.name == library.WHEEL for d in importlib.metadata.distributions())


@pytest.mark.skipif(not wheel_installed(), reason="the wheel is not installed")
def test_the_wheel_is_found_by_its_record_where_the_prefix_is_another(monkeypatch, tmp_path):
    usual = library.find()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert Path(library.find()).read_bytes()[:4096] == Path(usual).read_bytes()[:4096]
    assert Path(library.find()).name.startswith("libdnnl.so")
