"""Writes docs/reference.md: every public name with its signature and the first sentence on it.

The names and texts come from the framework itself; run it after changing either.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference.md"
MODULES = (
    "tengen",
    "tengen.functional",
    "tengen.functional.nn",
    "tengen.module",
    "tengen.module.init",
    "tengen.optimizer",
    "tengen.autodiff",
    "tengen.amp",
    "tengen.random",
    "tengen.data",
    "tengen.data.dataset",
    "tengen.data.transform",
    "tengen.data.exceptions",
    "tengen.models",
    "tengen.device",
    "tengen.utils.module_stats",
    "tengen.viz",
    "tengen.compat",
    "tengen.interop",
    "tengen.base.errors",
)
ALSO = {
    "tengen": "The settings, `tengen.config`, stand in [kernels.md](kernels.md#settings).",
    "tengen.functional.nn": "Each is in `tengen.functional` too; the losses, also in"
    " `tengen.functional.loss`.",
    "tengen.device": "The memory and CUDA functions of the top level are here too.",
}


@dataclass(frozen=True)
class Entry:
    """One public name: how it is called, and the sentence that says what it gives."""

    name: str
    signature: str
    summary: str


def summary(value: Any) -> str:
    """Return the first sentence of a docstring, "" where there is none."""
    text = inspect.getdoc(value) or ""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return re.split(r"(?<=\w[.)])\s(?=[A-Z`])|(?<=:)\s(?=- )", paragraph)[0]


def signature(value: Any) -> str:
    """Return the parameters and their defaults, "" for what is not called."""
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if not callable(value) or (inspect.isclass(value) and issubclass(value, BaseException)):
        return ""
    found = inspect.signature(value)
    parameters = [
        p.replace(annotation=p.empty, default=_Shown.of(p.default))
        for p in found.parameters.values()
        if p.name not in ("self", "cls") and not p.name.startswith("_")
    ]
    return str(found.replace(parameters=parameters, return_annotation=found.empty))


class _Shown:
    """Stands for a default that is a class or an enum's member: its name, as one writes it."""

    def __init__(self, text: str):
        self.text = text

    @staticmethod
    def of(default: Any) -> Any:
        """Return the default, or what stands for it."""
        if isinstance(default, Enum):
            return _Shown(str(default))
        if inspect.isclass(default) and default is not inspect.Parameter.empty:
            return _Shown(default.__qualname__)
        return default

    def __repr__(self) -> str:
        return self.text


def defined(module: ModuleType) -> dict[str, Any]:
    """Return a module's public functions and classes: `__all__`, else what its package made."""
    listed = getattr(module, "__all__", None)
    names = vars(module) if listed is None else listed
    found = {}
    for name in sorted(names, key=lambda n: (n.lower(), n)):
        value = getattr(module, name)
        if name.startswith("_") or not (inspect.isroutine(value) or inspect.isclass(value)):
            continue
        if listed is not None or _made_in(module, value):
            found[name] = value
    return found


def settings(module: ModuleType) -> dict[str, property]:
    """Return the settings of a module that has checked ones, by name."""
    found = vars(type(module)).items()
    return {name: value for name, value in found if isinstance(value, property)}


def _made_in(module: ModuleType, value: Any) -> bool:
    """Whether the module, or for a gathering one a file of its package, made the value."""
    own, home = module.__name__, value.__module__
    if own == "tengen.functional.nn":
        own = "tengen.functional"
    return home == own or home.startswith(own + ".")


@cache
def public_classes() -> frozenset[type]:
    """Return every class that has a place of its own on the page."""
    values = [v for name in MODULES for v in defined(importlib.import_module(name)).values()]
    return frozenset(value for value in values if inspect.isclass(value))


def members(cls: type) -> Iterator[Entry]:
    """Yield the public methods and properties of a class that no listed base has."""
    listed_bases = [base for base in cls.__mro__[1:] if base in public_classes()]
    known = {name for base in listed_bases for name in dir(base)} - set(vars(cls))
    for name in sorted(dir(cls)):
        value = inspect.getattr_static(cls, name)
        ours = any(
            name in vars(base) and base.__module__.startswith("tengen") for base in cls.__mro__
        )
        if name.startswith("_") or name in known or not ours:
            continue
        if isinstance(value, property) or inspect.isroutine(value):
            text = "" if isinstance(value, property) else summary(getattr(cls, name))
            yield Entry(name, signature(value), text or summary(value))


def attributes(cls: type) -> list[str]:
    """Return the names of the plain public attributes that a class states itself."""
    return [
        name for name, value in vars(cls).items()
        if not name.startswith("_") and not callable(value)
        and not isinstance(value, (property, staticmethod, classmethod))
        and not inspect.ismemberdescriptor(value)
    ]  # fmt: skip


def lines(entry: Entry, prefix: str = "") -> list[str]:
    """Return the list item of one name."""
    return [f"{prefix}- `{entry.name}{entry.signature}`", f"{prefix}  {entry.summary}"]


def section(name: str, seen: dict[int, str]) -> list[str]:
    """Return the lines of one module; a value that stood in an earlier one is left out."""
    module = importlib.import_module(name)
    text = (module.__doc__ or "").strip().split("\n\n")[0]
    made = [f"## {name}", "", " ".join(text.split())]
    if name in ALSO:
        made[-1] += f" {ALSO[name]}"
    made.append("")
    for label, value in settings(module).items():
        made += lines(Entry(label, "", summary(value)))
    for label, value in defined(module).items():
        if seen.setdefault(id(value), name) != name:
            continue
        if getattr(module, value.__name__, None) is value and label != value.__name__:
            made += lines(Entry(label, "", f"Another name of `{value.__name__}`."))
            continue
        made += lines(Entry(label, signature(value), summary(value)))
        if inspect.isclass(value):
            for entry in members(value):
                made += lines(entry, "  ")
            if attributes(value) and not issubclass(value, Exception):
                made.append(f"  - attributes: {', '.join(f'`{a}`' for a in attributes(value))}")
    return [*made, ""]


def render() -> str:
    """Return the whole page."""
    seen: dict[int, str] = {}
    # The gathering package last, so that its names stand where they belong.
    order = sorted(MODULES, key=lambda name: name == "tengen.functional")
    texts = {name: section(name, seen) for name in order}
    head = [
        "# Reference",
        "",
        "Written by `python scripts/reference.py`; do not edit. Full texts: `help(name)`.",
        "",
        *[f"- [{name}](#{name.replace('.', '')})" for name in MODULES],
        "",
    ]
    body = [line for name in MODULES for line in texts[name]]
    return "\n".join([*head, *body]).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
