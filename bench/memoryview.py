"""Times the memory view in Chromium: `python -m bench.memoryview`.

Prints, for records of growing size, the time from the arrived document to the first picture, and
the frames a second while panning a third of the time and while zooming the whole.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "extensions" / "lab"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LAYERS = (3_400, 17_000, 170_000)

MEASURE = """async layers => {
  const { MemoryModel, mount, trainingStep } = window.memory;
  const text = JSON.stringify(trainingStep(layers));
  const frame = () => new Promise(done => requestAnimationFrame(() => done()));
  const host = document.getElementById('host');
  const trans = { __: text => text, gettext: text => text };
  const start = performance.now();
  const model = new MemoryModel({
    load: async () => ({ documents: [JSON.parse(text)] })
  });
  const remove = mount(host, model, trans);
  await model.load();
  await frame();
  await frame();
  const first = performance.now() - start;
  const { stop } = model.tracks[0].timeline;
  const rate = async act => {
    let frames = 0;
    const begun = performance.now();
    while (performance.now() - begun < 3000) {
      act(frames++);
      await frame();
    }
    return (1000 * frames) / (performance.now() - begun);
  };
  model.sight.zoomTo(0, stop / 3);
  const pan = await rate(n => model.sight.pan(n % 40 < 20 ? 0.01 : -0.01));
  model.sight.fit();
  const zoom = await rate(n => model.sight.zoomBy(n % 20 < 10 ? 0.97 : 1 / 0.97, stop / 2));
  const blocks = model.tracks[0].timeline.count;
  remove();
  return { blocks, bytes: text.length, first, pan, zoom };
}"""


def bundle(folder: Path) -> str:
    """The view as a script that sets `window.memory`."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}:/usr/bin")
    target = folder / "memory.js"
    entry = LAB / "src/memory/standalone.ts"
    subprocess.run(
        [str(node), str(LAB / "scripts/bundle.mjs"), str(entry), str(target)], check=True, cwd=LAB
    )
    return target.read_text(encoding="utf-8")


def measure(page: Any, layers: int) -> dict[str, float]:
    """The figures for a training step of so many layers."""
    return page.evaluate(MEASURE, layers)  # type: ignore[no-any-return]


def main() -> None:
    """Measure every size and print a line for each."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        script = bundle(Path(name))
        style = (LAB / "style/memory.css").read_text(encoding="utf-8")
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1360, "height": 850})
        address = "http://memory.test/"
        content = f"<!doctype html><style>{style}</style><div id=host></div>"
        page.route(
            f"{address}*",
            lambda route: route.fulfill(
                body=script if route.request.url.endswith(".js") else content,
                content_type="text/javascript"
                if route.request.url.endswith(".js")
                else "text/html",
            ),
        )
        page.goto(address)
        page.evaluate("async () => { window.memory = await import('/memory.js'); }")
        for layers in LAYERS:
            row = measure(page, layers)
            print(
                f"{row['blocks']:>9,.0f} blocks  {row['bytes'] / 1e6:6.1f} MB"
                f"  first picture {row['first']:6.0f} ms"
                f"  panning {row['pan']:4.1f} fps  zooming the whole {row['zoom']:4.1f} fps"
            )
            print(json.dumps(row), file=sys.stderr)
        browser.close()


if __name__ == "__main__":
    main()
