"""The state of a kernel's widgets, for a page that comes while the kernel has no time to tell."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

TARGET = "jupyter.widget"
MOST = 256 * 2**20

Path = tuple[Any, ...]


@dataclass
class Widget:
    """One widget's state; its binary parts lie apart, under their paths in the state."""

    state: dict[str, Any] = field(default_factory=dict)
    buffers: dict[Path, bytes] = field(default_factory=dict)
    size: int = 0


class Widgets:
    """Follows what a kernel tells its pages of widgets; of too many the oldest are given up."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: OrderedDict[str, Widget] = OrderedDict()

    def clear(self) -> None:
        """Forget all: the kernel is gone."""
        self._held.clear()

    def follow(self, kind: str, content: dict[str, Any], buffers: list[Any], size: int) -> None:
        """Take in a comm message of `size` bytes; of other comms nothing is kept."""
        name, data = content.get("comm_id", ""), content.get("data") or {}
        if kind == "comm_close":
            self._held.pop(name, None)
        elif kind == "comm_open" and content.get("target_name") == TARGET:
            self._held[name] = Widget()
            self._change(self._held[name], data, buffers, size)
        elif name in self._held and data.get("method") in ("update", "echo_update"):
            self._change(self._held[name], data, buffers, 0)

    def states(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the data and buffers of the answer to a page that asks for all states."""
        states, paths, buffers = {}, [], []
        for name, widget in self._held.items():
            states[name] = {
                "model_name": widget.state.get("_model_name"),
                "model_module": widget.state.get("_model_module"),
                "model_module_version": widget.state.get("_model_module_version"),
                "state": widget.state,
            }
            for path, data in widget.buffers.items():
                paths.append([name, "state", *path])
                buffers.append(data)
        return {"method": "update_states", "states": states, "buffer_paths": paths}, buffers

    def _change(self, widget: Widget, data: dict[str, Any], buffers: list[Any], size: int) -> None:
        state = data.get("state") or {}
        paths = [tuple(path) for path in data.get("buffer_paths") or []]
        changed = {*state, *(path[0] for path in paths)}
        for path in [path for path in widget.buffers if path[0] in changed]:
            del widget.buffers[path]
        widget.state.update(state)
        widget.buffers.update(zip(paths, map(bytes, buffers), strict=False))
        widget.size += size
        while len(self._held) > 1 and sum(w.size for w in self._held.values()) > self._most:
            self._held.popitem(last=False)
