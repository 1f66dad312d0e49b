"""Finds where code draws random numbers, and where it fixes their seed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

_SEED = re.compile(r"\b(?:manual_seed|seed_everything|set_seed|random\.seed|rng\.seed|seed)\s*\(")
_WITH_SEED = re.compile(r"\b(?:default_rng|RandomState|RNG|Generator)\s*\(\s*(?:seed\s*=\s*)?\w")
_RANDOM = re.compile(
    r"\brandom\b|\bshuffle\b|\brandn?\b|\brandint\b|\bpermutation\b|\bDropout\b|\bdefault_rng\b"
    r"|\bRandomSampler\b"
)


def unseeded(files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return the notebooks that seem to draw random numbers and never fix a seed, by path."""
    found = []
    for path, content in files:
        if not path.endswith(".ipynb"):
            continue
        code = _code(content)
        if _RANDOM.search(code) and not (_SEED.search(code) or _WITH_SEED.search(code)):
            found.append(path)
    return found


def _code(content: bytes) -> str:
    try:
        cells = json.loads(content)["cells"]
        texts = ["".join(c["source"]) for c in cells if c.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    lines = "\n".join(texts).splitlines()
    return "\n".join(line.partition("#")[0] for line in lines)
