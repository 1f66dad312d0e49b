"""The studio's whole suite once more, on PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.long
@pytest.mark.skipif("TENGEN_TEST_DATABASE" in os.environ, reason="this is that run")
def test_the_studios_tests_pass_on_postgresql() -> None:
    """Fails with the inner run's closing lines; it takes some minutes."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "postgresql.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout[-8000:] + done.stderr[-2000:]
    assert done.returncode == 0, said
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 300, said
