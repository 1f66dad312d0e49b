"""Warnings are errors in the tests, what the framework itself silences stays silenced, and what a
test counts is printed after them all."""

import warnings
from collections.abc import Callable

import pytest


@pytest.fixture(autouse=True)
def _quiet_arithmetic():
    """Overflow and division warnings of kernels are ignored, as `import tengen` does for users."""
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tengen\.")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Print a line after all tests; from a process that runs part of them, too."""
    return lambda line: record_property("told", line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests told."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for kind, line in report.user_properties:
                if kind == "told" and report.when == "call":
                    terminalreporter.write_line(str(line))
