"""How fast the page is there, beside plain JupyterLab, and how large our part of it is.

    python -m bench.lab_start [rounds]

Both open the launcher in Chromium, in turn, each time in a fresh profile with an empty cache; a
page counts as interactive once its launcher is drawn and the main thread has had an idle moment.
"""

from __future__ import annotations

import gzip
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from tests.browser.conftest import ARGUMENTS
from tests.browser.studio import Studio, start_studio

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "extensions" / "lab" / "dist" / "static"
LIMIT = 1_500_000  # bytes, gzipped
RATIO = 1.5
READY = """() => new Promise(resolve => {
  const look = () => document.querySelector('.jp-LauncherCard')
    ? requestIdleCallback(() => resolve(performance.now()))
    : requestAnimationFrame(look);
  look();
})"""


def start(folder: Path, plain: bool) -> Studio:
    """Start a server; a plain one has our server and lab extensions disabled."""
    if not plain:
        return start_studio(folder)
    lab = folder / "home" / "config" / "labconfig"
    lab.mkdir(parents=True)
    disabled = {"disabledExtensions": {"@tengen/studio-lab": True}}
    (lab / "page_config.json").write_text(json.dumps(disabled))
    (folder / "home" / "config" / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": {"tengen_studio": False}}})
    )
    program = Path(sys.executable).parent / "jupyter-lab"
    return start_studio(folder, program=program)


def visit(browser: Browser, server: Studio) -> float:
    """Milliseconds from the address to an interactive launcher."""
    context = browser.new_context(viewport={"width": 1360, "height": 850})
    page = context.new_page()
    page.goto(f"{server.url}/lab?reset&token={server.token}", wait_until="commit")
    elapsed: Any = page.evaluate(READY)
    context.close()
    return float(elapsed)


def bundle() -> tuple[int, int]:
    """Bytes of our scripts, gzipped: what every page loads, and with what is loaded on demand."""
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in BUILT.glob("*.js")}
    entry = next(size for name, size in sizes.items() if name.startswith("remoteEntry"))
    return entry, sum(sizes.values())


def main() -> None:
    """Measure and print; exit 1 where a limit is passed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    entry, whole = bundle()
    print(f"bundle, gzipped: {whole:,} bytes in all, its entry {entry:,}; limit {LIMIT:,}")
    found = next(p for n in ("chromium", "google-chrome") if (p := shutil.which(n)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        servers = {}
        for name in ("plain", "studio"):
            (Path(folder) / name).mkdir()
            servers[name] = start(Path(folder) / name, plain=name == "plain")
        browser = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        times: dict[str, list[float]] = {name: [] for name in servers}
        for turn in range(rounds + 1):
            for name, server in servers.items():
                elapsed = visit(browser, server)
                if turn:  # the first visit compiles the server's own templates
                    times[name].append(elapsed)
        browser.close()
        for server in servers.values():
            server.stop()
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["studio"] / medians["plain"]
    for name, values in times.items():
        print(f"{name:>7}: {medians[name]:,.0f} ms ({min(values):,.0f} to {max(values):,.0f})")
    print(f"  ratio: {ratio:.2f}, limit {RATIO}")
    sys.exit(0 if whole < LIMIT and ratio < RATIO else 1)


if __name__ == "__main__":
    main()
