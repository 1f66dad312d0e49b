"""The reference is up to date, names everything public, and leaves nothing without a sentence."""

import inspect
import re
from functools import cache

import pytest
from scripts import reference
from tests.engine.api.signatures import listed, resolve

from tengen.base.config import config

PAGES = reference.TARGET.parent


@cache
def page() -> str:
    return reference.TARGET.read_text(encoding="utf-8")


@cache
def named() -> dict[str, set[str]]:
    """The names under each heading, with the members of classes as "Class.member"."""
    found: dict[str, set[str]] = {}
    module, owner = "", ""
    for line in page().splitlines():
        if line.startswith("## "):
            module = line[3:]
            found[module] = set()
        elif match := re.match(r"- `(\w+)", line):
            owner = match[1]
            found[module].add(owner)
        elif match := re.match(r"  - `(\w+)", line):
            found[module].add(f"{owner}.{match[1]}")
        elif line.startswith("  - attributes: "):
            found[module] |= {f"{owner}.{name}" for name in re.findall(r"`(\w+)`", line)}
    return found


def stands(name: str) -> bool:
    """Whether a dotted public name is there, a method also under the class it comes from."""
    if any(
        name.startswith(module + ".") and name[len(module) + 1 :] in names
        for module, names in named().items()
    ):
        return True
    owner, _, member = name.rpartition(".")
    found = resolve(owner)
    if not inspect.isclass(found):
        short = {name.rpartition(".")[2] for names in named().values() for name in names}
        return member in short and resolve(name).__module__.startswith("tengen.")
    return any(
        f"{base.__name__}.{member}" in names for base in found.__mro__ for names in named().values()
    )


def test_it_is_up_to_date():
    assert page() == reference.render(), "run python scripts/reference.py"


def test_every_listed_name_stands_in_it():
    assert not [name for name in listed() if not stands(name)]


def test_every_public_name_has_a_docstring():
    without = []
    lines = page().splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if re.match(r" *- `", line) and not after.strip():
            without.append(line)
    assert not without


@pytest.mark.parametrize("name", sorted(config.describe()))
def test_every_setting_has_a_line(name):
    text = (PAGES / "kernels.md").read_text(encoding="utf-8")
    line = next((row for row in text.splitlines() if row.startswith(f"| `{name}`")), "")
    _, default, meaning = [cell.strip() for cell in line.strip("|").split("|")]
    field = type(config).__dataclass_fields__[name]
    assert default == f"`{field.default!r}`" and len(meaning) > 20


def test_every_page_stands_in_the_index():
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    files = {file.name for file in PAGES.iterdir() if file.suffix in (".md", ".py")}
    assert not [name for name in sorted(files - {"README.md"}) if f"({name})" not in index]


@pytest.mark.parametrize("file", sorted(PAGES.glob("*.md")), ids=lambda f: f.name)
def test_links_lead_somewhere(file):
    text = file.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        other = (file.parent / path) if path else file
        assert other.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", other.read_text(encoding="utf-8"), re.M)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target
