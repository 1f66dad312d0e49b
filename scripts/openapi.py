"""Records the examples of the REST interface and writes docs/openapi.json; run after a change.

The examples are calls that the test of the whole interface makes against a real server.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.exit(
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "tests/studio/openapi/test_examples.py"],
            cwd=ROOT,
            env=os.environ | {"TENGEN_RECORD": "1"},
            check=False,
        ).returncode
    )
