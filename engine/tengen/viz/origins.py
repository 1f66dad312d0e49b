"""Tables of what a document says more than once: origins, names, shapes; and source lines."""

import linecache
import sys
from typing import Any

from ..graph.state import scope_path
from ..runtime.buffer import Tag


class Table:
    """Distinct texts by number; number 0 is ""."""

    def __init__(self) -> None:
        self.items: list[str] = [""]
        self._numbers: dict[str, int] = {"": 0}

    def number(self, text: str) -> int:
        """The number of a text, a new one for a new text."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.items)
            self.items.append(text)
        return found


class Origins:
    """Distinct origins (operator, module path, source line) by number, as a document lists them."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self._numbers: dict[Any, int] = {}

    def number(self, tag: Tag | None, module: str = "") -> int:
        """The number of a block's origin; `module` is whose it is, if its maker is not known."""
        key = module if tag is None else (tag.op, tag.scope, tag.code, tag.line, module)
        found = self._numbers.get(key)
        if found is None:
            made = describe(tag)
            if module and "module" not in made:
                made["module"] = module
            same = (made["op"], made.get("module"), str(made.get("source")))
            found = self._numbers.get(same)
            if found is None:
                found = self._numbers[same] = len(self.items)
                self.items.append(made)
            self._numbers[key] = found
        return found


def describe(tag: Tag | None) -> dict[str, Any]:
    """An origin as the memory document writes it."""
    if tag is None:
        return {"op": "data"}
    made: dict[str, Any] = {"op": tag.op}
    module = scope_path(tag.scope)
    if module:
        made["module"] = module
    if tag.code is not None:
        made["source"] = source_line(tag.code.co_filename, tag.line)
    return made


def source_line(file: str, line: int) -> dict[str, Any]:
    """A line of the user's, with its text and the notebook cell that it stands in."""
    made: dict[str, Any] = {"file": file, "line": line}
    cell = _cell(file)
    if cell:
        made["cell"] = cell
    text = linecache.getline(file, line).strip()
    if text:
        made["text"] = text
    return made


def _cell(file: str) -> str:
    """What IPython calls the cell whose code has this file name ("In[3]"), "" for a file."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    named = shell.compile.format_code_name(file) if shell is not None else None
    return named[1] if named else ""
