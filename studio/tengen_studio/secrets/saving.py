"""The hook that cleans a notebook's outputs of stored values before JupyterLab's save writes it."""

from __future__ import annotations

import logging
from typing import Any

from tengen_studio.context import StudioContext
from tengen_studio.secrets import service
from tengen_studio.secrets.redaction import Redaction

log = logging.getLogger(__name__)


class CleanOutputs:
    """A pre-save hook of jupyter_server's contents managers."""

    def __init__(self, context: StudioContext) -> None:
        self._context = context
        self._known = Redaction({})

    def __call__(self, *, model: dict[str, Any], path: str, **_: Any) -> None:
        """Clean `model` in place if it is a notebook."""
        if model.get("type") != "notebook" or not isinstance(model.get("content"), dict):
            return
        try:
            with self._context.transaction(read_only=True) as session:
                self._known = service.redaction(session)
        except Exception:
            # The work is saved nevertheless, cleaned of the values that were last known.
            log.exception("the stored secrets could not be read while %s was saved", path)
        if self._known and (changed := self._known.outputs(model["content"])):
            log.info("stored secrets were taken out of the outputs of %d cells", changed)
