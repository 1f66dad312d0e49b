"""Runs every check: linters, types, front-end unit tests, then pytest, whose closing line ends it.

`--lint` leaves pytest out, `--long` takes in the tests marked long; other arguments go to
pytest. All checks run even when one fails; the exit status is 1 if any did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LAB = ROOT / "extensions" / "lab"


@dataclass(frozen=True)
class Check:
    """A command that passes with exit status 0."""

    name: str
    command: tuple[str, ...]
    folder: Path = ROOT


CHECKS = [
    Check("ruff format", (f"{BIN}/ruff", "format", "--check", ".")),
    Check("ruff check", (f"{BIN}/ruff", "check", ".")),
    Check("mypy", (f"{BIN}/mypy",)),
    Check("tsc", (f"{BIN}/jlpm", "types"), LAB),
    Check("eslint and prettier", (f"{BIN}/jlpm", "lint"), LAB),
    Check("front-end unit tests", (f"{BIN}/jlpm", "test"), LAB),
    Check("hadolint", (f"{BIN}/hadolint", "Dockerfile")),
]
# tests run side by side; a thread that waits for work leaves its core to the others
PROCESSES = max(1, min(4, os.cpu_count() or 1))
ENVIRONMENT = (
    {"OMP_WAIT_POLICY": "passive"}
    | os.environ
    | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
)


def run(check: Check) -> bool:
    """Run one check, print one line on success and its output on failure."""
    start = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=check.folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    detail = "" if passed else f"\n{done.stdout.rstrip()}"
    print(
        f"{'✓' if passed else '✗'} {check.name}  {time.monotonic() - start:.0f} s{detail}",
        flush=True,
    )
    return passed


def main(arguments: list[str]) -> int:
    """Run the checks and then pytest; return the exit status."""
    lint_only, long = "--lint" in arguments, "--long" in arguments
    rest = [a for a in arguments if a not in ("--lint", "--long")]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, CHECKS))
    failed = [check.name for check, passed in zip(CHECKS, results, strict=True) if not passed]
    if not lint_only:
        tier = [] if long else ["-m", "not long"]
        spread = (
            [] if "-n" in rest or PROCESSES == 1 else ["-n", str(PROCESSES), "--dist", "worksteal"]
        )
        tests = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *spread, *tier, *rest],
            cwd=ROOT,
            env=ENVIRONMENT,
            check=False,
        )
        if tests.returncode != 0:
            failed.append("pytest")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
