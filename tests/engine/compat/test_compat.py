"""MegEngine programs run with the import answered by this framework."""

import subprocess
import sys

import pytest

import tengen
from tengen import compat

PROGRAM = """
import sys
import numpy as np
import megengine as mge
import megengine.autodiff as ad
from megengine.autodiff import GradManager

w = mge.Parameter(np.array([1.0, 2.0]))
gm = GradManager().attach([w])
assert GradManager is ad.GradManager
print(sys.argv[1], w.numpy().tolist(), __name__)
"""


def test_a_program_runs_unmodified(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "tengen.compat", str(file), "hello"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "hello [1.0, 2.0] __main__"


def test_a_missing_program_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tengen.compat", str(tmp_path / "none.py")],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and "there is no program" in done.stderr


@pytest.fixture
def installed():
    compat.install()
    yield
    compat.uninstall()


def test_both_names_are_one_module(installed):
    import megengine
    import megengine.autodiff.grad_manager as alias

    assert megengine is tengen and tengen.__spec__.name == "tengen"
    assert alias is sys.modules["tengen.autodiff.grad_manager"]


def test_tensor_stays_the_class_whatever_is_imported(installed):
    import megengine
    from megengine.tensor import Parameter, tensor

    assert megengine.tensor is tensor is tengen.Tensor and Parameter is tengen.Parameter
    assert megengine.tensor([1.0, 2.0]).shape == (2,)


def test_what_is_absent_says_so(installed):
    with pytest.raises(ModuleNotFoundError, match="no counterpart"):
        import megengine.no_such_part  # noqa: F401


def test_uninstalling_forgets(installed):
    import megengine  # noqa: F401

    compat.uninstall()
    assert "megengine" not in sys.modules
