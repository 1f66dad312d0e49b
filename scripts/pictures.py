"""Take the documentation's pictures from what the browser tests saw: `python scripts/pictures.py`.

Run the tests of `tests/browser` first, on a machine that does nothing else: some pictures show
times. Names may be given: `python scripts/pictures.py memory graph`.
"""

import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SEEN = ROOT / "build" / "screenshots"
KEPT = ROOT / "docs" / "pictures"
COLOURS = 255

Box = tuple[int, int, int, int]

PICTURES: dict[str, tuple[str, Box | None]] = {
    "launcher": ("launcher-first-training", None),
    "launcher-zh": ("launcher-zh", None),
    "graph": ("graph-resnet50", None),
    "linked": ("linked-line", None),
    "memory": ("memory-budgets", (290, 690, 1325, 1677)),
    "projects": ("projects-diff", (0, 0, 1360, 700)),
    "convert-choice": ("convert-choice", (290, 28, 1333, 560)),
    "convert-report": ("convert-used", None),
    "convert-blocker": ("convert-blocker", None),
    "convert-zh": ("convert-dark-zh", None),
    "trouble-memory": ("trouble-memory", (296, 98, 1328, 820)),
    "trouble-memory-zh": ("trouble-memory-zh", None),
    "trouble-crash": ("trouble-crash", (290, 28, 1322, 520)),
}
"""By the documentation's name: the test's name for it, and the part that is shown."""


def take(name: str) -> Path:
    """Write one picture of the documentation; where it lies.

    Raises FileNotFoundError where the test that shows it has not run.
    """
    seen, part = PICTURES[name]
    with Image.open(SEEN / f"{seen}.png") as found:
        image = found.convert("RGB").crop(part or (0, 0, *found.size))
    kept = KEPT / f"{name}.png"
    image.quantize(COLOURS, Image.Quantize.MEDIANCUT).save(kept, optimize=True)
    return kept


def main(names: list[str]) -> None:
    """Take the named pictures, or all of them."""
    for name in names or PICTURES:
        print(take(name).relative_to(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
