"""Measures the studio's projects: saving a version of a large one, and listing many.

    python bench/studio.py                 # 10,000 files, 5 GB, 1,000 projects
    python bench/studio.py --files 1000 --gigabytes 0.1 --projects 100

The project is made in a temporary folder (--folder) and removed afterwards. Prints a table in
Markdown: the median of five tries by the clock, and the processor time of the median try. Other
load on the machine shows as the difference of the two.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tengen_studio.access import HOST_ID, Actor
from tengen_studio.context import Limits, StudioContext
from tengen_studio.history import service as history
from tengen_studio.projects import making, schemas
from tengen_studio.projects import service as projects
from tengen_studio.projects.models import Project
from tengen_studio.start import open_context

HOST = Actor("host", HOST_ID, "Host")
LARGE = 48 * 2**20
TRIES = 5


def fill(folder: Path, files: int, gigabytes: float) -> None:
    """Write notebooks and small files, and large ones up to the wanted size."""
    large = max(1, int(gigabytes * 2**30 / LARGE))
    for number in range(files - large):
        path = folder / f"part{number % 100:02}" / f"file{number:05}"
        path.parent.mkdir(exist_ok=True)
        if number % 10 == 0:
            write_notebook(path.with_suffix(".ipynb"), number)
        else:
            path.with_suffix(".py").write_text(f"x = {number}\n" * 200)
    for number in range(large):
        with (folder / f"data{number:03}.bin").open("wb") as file:
            file.write(number.to_bytes(4, "big") * 1024)
            file.truncate(LARGE)


def write_notebook(path: Path, number: int) -> None:
    """Write a notebook of 40 cells with outputs, about 100 kB."""
    cells = [
        {
            "id": f"c{n}",
            "cell_type": "code",
            "source": f"train(step={n}, run={number})\n" * 5,
            "metadata": {},
            "execution_count": n,
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": f"{number} {n}\n" * 200}
            ],
        }
        for n in range(40)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, indent=1))


Time = tuple[float, float]


def seconds(work: Callable[[], object]) -> Time:
    """Return how long `work` takes by the clock, and of the processor."""
    start = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start[0], time.process_time() - start[1]


def middle(times: Sequence[Time]) -> Time:
    """Return the median try."""
    return sorted(times)[len(times) // 2]


def save(context: StudioContext, project_id: str) -> None:
    """Save a version."""
    with context.transaction() as session:
        history.save(session, HOST, projects.get(session, HOST, project_id))


def measure_saving(context: StudioContext, files: int, gigabytes: float) -> list[tuple[str, Time]]:
    """Return the rows of the large project."""
    folder = context.root / "large"
    folder.mkdir()
    fill(folder, files, gigabytes)
    # What was written within the clock's coarseness would be read twice.
    time.sleep(2.5)
    made: list[schemas.NewProject] = []

    def adopt() -> None:
        with context.transaction() as session:
            request = schemas.ProjectRequest(name="Large", folder="large")
            made.append(making.create(session, HOST, request))

    rows = [("first version of it (once)", seconds(adopt))]
    project_id = made[0].project.id
    times = []
    for number in range(TRIES):
        write_notebook(folder / "part00" / "file00000.ipynb", 10**6 + number)
        times.append(seconds(lambda: save(context, project_id)))
    rows.append(("version after one notebook changed", middle(times)))
    times = [seconds(lambda: save(context, project_id)) for _ in range(TRIES)]
    rows.append(("nothing changed", middle(times)))

    def restore(number: int) -> None:
        with context.transaction() as session:
            project = projects.get(session, HOST, project_id)
            history.restore(session, HOST, project, number)

    times = [seconds(lambda n=n: restore(n)) for n in range(2, 2 + TRIES)]  # type: ignore[misc]
    rows.append(("restore of an earlier version", middle(times)))
    return rows


def measure_listing(context: StudioContext, count: int) -> list[tuple[str, Time]]:
    """Return the rows of the many projects."""
    with context.transaction() as session:
        for number in range(count):
            project = Project(
                owner_id=HOST_ID,
                name=f"Study {number}",
                slug=f"study-{number}",
                description="What it is about",
                root=str(context.root),
                directory=f"study-{number}",
            )
            project.tags = ["even" if number % 2 == 0 else "odd", f"group-{number % 20}"]
            session.add(project)

    def listing(**query: object) -> Callable[[], object]:
        def work() -> None:
            with context.transaction(read_only=True) as session:
                found = projects.listing(session, HOST, limit=1000, **query)  # type: ignore[arg-type]
                assert found.items

        return work

    def median(work: Callable[[], object]) -> Time:
        work()
        return middle([seconds(work) for _ in range(TRIES)])

    return [
        (f"list of {count:,} projects", median(listing())),
        ("search among them", median(listing(q="study 7"))),
        ("by tag", median(listing(tag="odd"))),
    ]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--projects", type=int, default=1_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    top = Path(tempfile.mkdtemp(prefix="studio-bench-", dir=options.folder))
    try:
        (top / "home").mkdir()
        limits = Limits(project_quota=0)
        context = open_context(top / "home", top, top / "data", limits=limits)
        rows = measure_saving(context, options.files, options.gigabytes)
        rows += measure_listing(context, options.projects)
        context.close()
    finally:
        shutil.rmtree(top, ignore_errors=True)
    print(f"{options.files:,} files, {options.gigabytes:g} GB, {os.cpu_count()} cores\n")
    print("| what | ms | processor ms |\n| --- | --- | --- |")
    for what, (clock, processor) in rows:
        print(f"| {what} | {clock * 1000:,.0f} | {processor * 1000:,.0f} |")


if __name__ == "__main__":
    main()
