"""Times the graph view in Chromium: `python -m bench.graphview.measure`.

Prints, for documents of growing size, the time from the arrived text to the first picture, the
same with the transfer over loopback HTTP, the time to open every group, and the frames a second
while panning: as first shown, and with everything open.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.graphview.documents import Document, flat, transformer, updates

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "extensions" / "lab"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MOST_OPEN = 40_000

CASES: list[tuple[str, Callable[[], Document]]] = [
    ("20,000 in nested groups", lambda: transformer(834, 10)),
    ("100,000 in nested groups", lambda: transformer(4167, 20)),
    ("10,000 siblings", lambda: flat(10_000)),
    ("20,000 side by side", lambda: updates(20_000)),
]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; gives its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def prepare(folder: Path) -> None:
    """Bundle the view and write page and documents."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}:{Path('/usr/bin')}")
    entry = LAB / "src/graph/standalone.ts"
    bundle = [str(node), str(LAB / "scripts/bundle.mjs"), str(entry), str(folder / "graph.js")]
    subprocess.run(bundle, check=True, cwd=LAB)
    shutil.copy(LAB / "style/graph.css", folder)
    shutil.copy(Path(__file__).parent / "page.html", folder)
    for number, (_, make) in enumerate(CASES):
        text = json.dumps(make(), separators=(",", ":"))
        (folder / f"{number}.json").write_text(text, encoding="utf-8")


def measure(page: Any, number: int) -> dict[str, Any]:
    """Every figure of one case, in a page that was just loaded."""
    shown = page.evaluate(f"() => show('{number}.json')")
    row = {**shown, "pan": page.evaluate("() => pan(1)")}
    if page.evaluate("() => view.model.graph.edges.leafCount") <= MOST_OPEN:
        row["open"] = page.evaluate("() => openAll()")
        row["pan_open"] = page.evaluate("() => pan(1)")
        row["pan_close"] = page.evaluate("() => pan(8)")
    return row


def main() -> None:
    """Measure every case and print a line for each."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, served(Path(name)) as address:
        prepare(Path(name))
        with sync_playwright() as driver:
            found = shutil.which("chromium") or shutil.which("google-chrome")
            browser = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
            for number, (label, _) in enumerate(CASES):
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                page.goto(f"{address}/page.html")
                page.wait_for_function("() => window.show")
                print(line(label, measure(page, number)), flush=True)
                page.close()
            browser.close()


def line(label: str, row: dict[str, Any]) -> str:
    """One case as text."""
    parts = [
        f"{label}: {row['bytes'] / 1e6:.1f} MB",
        f"first picture {row['first']:.0f} ms ({row['total']:.0f} with transfer)",
        f"panning {row['pan']['fps']:.0f} fps",
    ]
    if "open" in row:
        parts.append(f"all opened in {row['open']:.0f} ms")
        for name in ("pan_open", "pan_close"):
            pan = row[name]
            slow = f"slowest frame {pan['worst']:.0f} ms"
            parts.append(f"{pan['leaves']:,} leaves in sight {pan['fps']:.0f} fps ({slow})")
    return ", ".join(parts)


if __name__ == "__main__":
    main()
