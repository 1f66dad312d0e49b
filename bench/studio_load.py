"""A hundred people at one studio, the generator on the same machine: latencies, errors, losses.

    python bench/studio_load.py [--people 100] [--seconds 120] [--database URL]

Each person asks for something every two seconds: 80% reads (lists, versions, differences, the
notebook itself), 15% saves of their notebook through JupyterLab's own interface, naming the hash
that the save builds on, and 5% versions. At the end every notebook and every version is read
back and compared with what was answered: a save that was confirmed and is not there is lost.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.studio import Studio, start_studio

API = "/tengen-studio/api"
EVERY = 2.0
CELLS = 20
_OUTPUT = "epoch {n:3d}  loss 0.{n:06d}  accuracy 0.91{n:04d}\n"


@dataclass
class Tally:
    """What all people saw: seconds by kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    late: int = 0
    server_cpu: float = 0.0
    own_cpu: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, seconds: float) -> None:
        """Count one answer."""
        with self.lock:
            self.seconds[kind].append(seconds)

    def fail(self, said: str) -> None:
        """Count one request that was not answered as it should be."""
        with self.lock:
            self.errors.append(said)


class Person:
    """One person: a project of their own, with one notebook that they change and save."""

    def __init__(self, studio: Studio, number: int, tally: Tally) -> None:
        self._studio = studio
        self._connection = http.client.HTTPConnection(urlsplit(studio.url).netloc, timeout=60)
        self._tally = tally
        self._random = random.Random(number)
        self.number = number
        self.saves = 0
        self.hash = ""
        self.saved = ""
        self.versions: dict[int, str] = {}
        made = self.call("POST", f"{API}/projects", {"name": f"Project {number}"})
        self.project = made["project"]["id"]
        self.path = f"{made['project']['directory']}/train.ipynb"
        self.save()
        self.version()

    def call(self, verb: str, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer.

        Raises:
            OSError: it was no success.
        """
        headers = {"Authorization": f"token {self._studio.token}"}
        data = json.dumps(body).encode() if body is not None else None
        self._connection.request(verb, path, data, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise OSError(f"{verb} {path}: {response.status} {content[:200]!r}")
        return json.loads(content) if content else None

    def read(self) -> None:
        """Look at something, as the panels and the editor do."""
        place = f"{API}/projects/{self.project}"
        self.call(
            "GET",
            self._random.choice(
                (
                    f"{API}/projects?limit=50",
                    place,
                    f"{place}/versions",
                    f"{place}/versions/latest/files",
                    f"{place}/diff",
                    f"/api/contents/{quote(self.path)}?content=1",
                )
            ),
        )

    def save(self) -> None:
        """Change the notebook and save it."""
        notebook = make_notebook(self.number, self.saves + 1)
        model = {"type": "notebook", "format": "json", "content": notebook, "base_hash": self.hash}
        answer = self.call("PUT", f"/api/contents/{quote(self.path)}", model)
        self.saves += 1
        self.hash, self.saved = answer["hash"], mark(self.number, self.saves)

    def version(self) -> None:
        """Save a version."""
        made = self.call("POST", f"{API}/projects/{self.project}/versions", {"message": "saved"})
        self.versions[made["number"]] = self.saved

    def live(self, until: float) -> None:
        """Ask for something every two seconds until then."""
        due = time.monotonic() + self._random.random() * EVERY
        while due < until:
            time.sleep(max(0.0, due - time.monotonic()))
            roll = self._random.random()
            kind = "read" if roll < 0.80 else "notebook save" if roll < 0.95 else "version"
            start = time.perf_counter()
            try:
                {"read": self.read, "notebook save": self.save, "version": self.version}[kind]()
            except (OSError, http.client.HTTPException) as error:
                self._tally.fail(str(error))
                self._connection.close()
            self._tally.add(kind, time.perf_counter() - start)
            due += EVERY
            if due < time.monotonic():
                self._tally.late += 1

    def check(self) -> None:
        """Read everything back that was confirmed."""
        model = self.call("GET", f"/api/contents/{quote(self.path)}?content=1")
        if self.saved not in json.dumps(model["content"]):
            self._tally.lost.append(f"{self.path}: {self.saved}")
        for number, saved in self.versions.items():
            place = f"{API}/projects/{self.project}/versions/{number}/content?path=train.ipynb"
            if saved not in json.dumps(self.call("GET", place)):
                self._tally.lost.append(f"version {number} of {self.path}: {saved}")


def mark(person: int, save: int) -> str:
    """Return what tells one save of one person from all others."""
    return f"person {person} save {save}."


def make_notebook(person: int, save: int) -> dict[str, Any]:
    """Return a notebook of some 30 kB, as a training run leaves it."""
    cells = [
        {
            "id": f"cell{number}",
            "cell_type": "code",
            "execution_count": number,
            "metadata": {},
            "source": f"# {mark(person, save)}\nfor n in range({number}):\n    step(n)\n",
            "outputs": [
                {
                    "output_type": "stream",
                    "name": "stdout",
                    "text": "".join(_OUTPUT.format(n=n + save) for n in range(25)),
                }
            ],
        }
        for number in range(CELLS)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def run(studio: Studio, people: int, seconds: float) -> Tally:
    """Let the people work and return what they saw."""
    tally = Tally()
    everybody = [Person(studio, number, tally) for number in range(people)]
    server = psutil.Process(studio.process.pid)
    before, own = _cpu(server), time.process_time()
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=person.live, args=(until,)) for person in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.server_cpu, tally.own_cpu = _cpu(server) - before, time.process_time() - own
    for person in everybody:
        person.check()
    return tally


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of all are at most."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(tally: Tally, people: int, seconds: float) -> None:
    """Print the table."""
    every = [value for values in tally.seconds.values() for value in values]
    print(f"{people} people, {seconds:.0f} s, {len(every) / seconds:.1f} requests a second\n")
    print("| request | count | p50, ms | p95, ms | p99, ms | slowest, ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind, values in [*sorted(tally.seconds.items()), ("all", every)]:
        figures = [percentile(values, share) * 1000 for share in (0.5, 0.95, 0.99)]
        shown = " | ".join(f"{figure:.0f}" for figure in [*figures, max(values) * 1000])
        print(f"| {kind} | {len(values)} | {shown} |")
    print(f"\nerrors {len(tally.errors)}, lost saves {len(tally.lost)}, started late {tally.late}")
    server, own = tally.server_cpu / len(every) * 1000, tally.own_cpu / len(every) * 1000
    print(f"processor time a request: the server {server:.1f} ms, the people {own:.1f} ms")
    for said in [*tally.errors, *tally.lost][:5]:
        print(f"  {said}")


def main() -> int:
    """Start a studio, load it, and say how it went; 1 if anything was lost or failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--database", default="", help="SQLAlchemy URL; SQLite by default")
    options = parser.parse_args()
    arguments = [f"--StudioApp.database_url={options.database}"] if options.database else []
    with tempfile.TemporaryDirectory() as folder:
        studio = start_studio(Path(folder), arguments=tuple(arguments))
        try:
            tally = run(studio, options.people, options.seconds)
        finally:
            studio.stop()
    report(tally, options.people, options.seconds)
    return 1 if tally.errors or tally.lost else 0


if __name__ == "__main__":
    sys.exit(main())
