"""Interleaved rounds between contenders, each warm in its own process."""

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import machine

HERE = Path(__file__).parent
TUNED_MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}


@dataclass
class Contender:
    """A way to run the model: module of `peers/`, options, environment, and what it measured."""

    name: str
    module: str
    options: dict[str, Any]
    env: dict[str, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    process: Any = None
    failed: str = ""

    def start(self) -> None:
        """Build the model in a new process and run one step."""
        threads = str(machine.THREADS)
        env = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads} | self.env
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), self.module, json.dumps(self.options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env,
        )  # fmt: skip
        self.facts = self._answer()

    def _answer(self) -> dict[str, Any]:
        while True:
            line = self.process.stdout.readline()
            if not line:
                self.failed = f"ended with status {self.process.wait()}"
                return {}
            if line.startswith("{"):
                return json.loads(line)

    def run(self, steps: int) -> None:
        """A few steps; their times are kept."""
        self.process.stdin.write(f"run {steps}\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.times += answer.pop("ms", [])
        self.facts |= answer

    def stop(self) -> None:
        """End the process."""
        if self.process and self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(30)

    @property
    def median_ms(self) -> float:
        """The median step."""
        return statistics.median(self.times) if self.times else float("nan")


def contest(contenders: list[Contender], seconds: float, rounds: int = 6) -> dict[str, Any]:
    """Let the contenders take turns; returns the machine's rates of the same minutes."""
    rates: dict[str, list[float]] = {"gemm_gflops": [], "fma_gflops": []}
    for contender in contenders:
        contender.start()
    live = [c for c in contenders if not c.failed]
    slice_ = seconds / max(1, rounds * len(live))
    foreign = []
    for turn in range(rounds + 1):
        rates["gemm_gflops"].append(machine.gemm_gflops())
        rates["fma_gflops"].append(machine.fma_gflops())
        for contender in live[turn % len(live) :] + live[: turn % len(live)]:
            known = contender.median_ms if contender.times else contender.facts["first_s"] * 1e3
            steps = max(1, min(50, int(slice_ * 1e3 / max(known, 1e-3))))
            busy, start = machine.busy_seconds(), time.perf_counter()
            contender.run(steps)
            spent = time.perf_counter() - start
            own = contender.facts.get("cpus", 0.0)
            foreign.append(max(0.0, (machine.busy_seconds() - busy) / spent - own))
            if turn == 0:
                contender.times.clear()
    for contender in contenders:
        contender.stop()
    return {k: round(statistics.median(v), 1) for k, v in rates.items()} | {
        "other_cpus": round(statistics.median(foreign), 2)
    }
