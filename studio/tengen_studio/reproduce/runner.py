"""The program that runs notebooks again: `python -m tengen_studio.reproduce.runner JOB`.

It is a process of its own, so that the studio's server neither waits for a kernel nor runs
anybody's code. It says how far it is on its standard output, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

KERNEL = "tengen-reproduce"

_events: TextIO = sys.stdout


def main(job_file: str) -> None:
    """Run the notebooks that the job names, in their order; the results lie beside the job."""
    # What a kernel prints by itself must not be taken for what this program says.
    global _events
    _events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    for number, path in enumerate(job["notebooks"]):
        start = time.monotonic()
        notebook = nbformat.read(folder / path, as_version=4)
        error = _run(notebook, folder / path, job["seconds"], path)
        nbformat.write(notebook, Path(job["results"]) / f"{number}.ipynb")
        seconds = time.monotonic() - start
        _say(event="notebook", path=path, number=number, seconds=seconds, error=error)


def _run(notebook: Any, place: Path, seconds: float, path: str) -> str:
    """Run one notebook; return why it stopped, or "" at its end."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL,
        timeout=max(1, int(seconds)),
        resources={"metadata": {"path": str(place.parent)}},
        on_cell_executed=lambda cell, cell_index, execute_reply: _say(
            event="cell", path=path, cell=cell_index + 1
        ),
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except CellTimeoutError:
        return f"a cell took longer than {seconds:.0f} s"
    except DeadKernelError:
        return "the kernel died"
    except Exception as error:
        return f"the kernel did not start: {error}"
    return ""


def _say(**event: Any) -> None:
    print(json.dumps(event), file=_events, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
