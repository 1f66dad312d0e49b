"""The outputs of one run, kept as a notebook's page would keep them."""

from __future__ import annotations

from typing import Any

from tengen_studio.runs.screen import Screen

KINDS = ("stream", "display_data", "execute_result", "error")


class Outputs:
    """Outputs in their order; displays are found again by their id, streams grow in place."""

    def __init__(self) -> None:
        self._items: list[tuple[str, dict[str, Any]]] = []
        self._screens: dict[int, Screen] = {}
        self._places: dict[str, list[int]] = {}
        self._clear_next = False

    def apply(self, kind: str, content: dict[str, Any]) -> None:
        """Follow a message of the kernel; those that are no output change nothing."""
        if kind == "clear_output":
            if content.get("wait"):
                self._clear_next = True
            else:
                self._clear()
        elif kind == "update_display_data":
            self.update(content)
        elif kind in KINDS:
            if self._clear_next:
                self._clear()
            self._add(kind, content)

    def update(self, content: dict[str, Any]) -> bool:
        """Change the displays of the id in `content`; tell whether there are any."""
        places = self._places.get(display_id(content) or "", [])
        for place in places:
            kind, known = self._items[place]
            changed = {"data": content.get("data", {}), "metadata": content.get("metadata", {})}
            self._items[place] = (kind, known | changed)
        return bool(places)

    def messages(self) -> list[tuple[str, dict[str, Any]]]:
        """Return kinds and contents of messages that would give these outputs."""
        found = []
        for place, (kind, content) in enumerate(self._items):
            screen = self._screens.get(place)
            found.append((kind, content | {"text": screen.script()} if screen else content))
        return found

    def in_notebook(self) -> list[dict[str, Any]]:
        """Return the outputs as a notebook file has them."""
        found = []
        for place, (kind, content) in enumerate(self._items):
            kept = {name: value for name, value in content.items() if name != "transient"}
            if place in self._screens:
                kept["text"] = self._screens[place].text()
            found.append({"output_type": kind, **kept})
        return found

    def _add(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            self._write(content)
            return
        self._items.append((kind, content))
        name = display_id(content)
        if name is not None:
            self._places.setdefault(name, []).append(len(self._items) - 1)

    def _write(self, content: dict[str, Any]) -> None:
        last = len(self._items) - 1
        if last not in self._screens or self._items[last][1].get("name") != content.get("name"):
            last += 1
            self._items.append(("stream", {"name": content.get("name", "stdout")}))
            self._screens[last] = Screen()
        self._screens[last].write(str(content.get("text", "")))

    def _clear(self) -> None:
        self._items.clear()
        self._screens.clear()
        self._places.clear()
        self._clear_next = False


def display_id(content: dict[str, Any]) -> str | None:
    """Return the id under which a display may be changed later, if it has one."""
    name = (content.get("transient") or {}).get("display_id")
    return name if isinstance(name, str) else None
