"""Warnings are errors in the tests; what the framework itself silences stays silenced."""

import warnings

import pytest


@pytest.fixture(autouse=True)
def _quiet_arithmetic():
    """Overflow and division warnings of kernels are ignored, as `import tengen` does for users."""
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tengen\.")
