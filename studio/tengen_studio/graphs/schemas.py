"""What the graphs' route takes; it gives a graph document."""

from __future__ import annotations

from msgspec import Struct


class GraphQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which file: `path` is relative to the user's folder, as JupyterLab writes it."""

    path: str
