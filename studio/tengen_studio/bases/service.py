"""Keeps the contents that writers start from, so that both sides can be joined after a restart.

Nothing depends on a row: without it a refused save is still kept, only not joined.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Iterator

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tengen_studio.bases.models import MergeBase
from tengen_studio.context import StudioContext
from tengen_studio.db import utcnow

log = logging.getLogger(__name__)

MOST = 128 * 2**20
_FAST = 1


class Bases:
    """The merge bases of one studio; `most` bounds the bytes that they take."""

    def __init__(self, context: StudioContext, most: int = MOST) -> None:
        self._context = context
        self._most = most

    def add(self, sha256: str, data: bytes) -> None:
        """Keep `data`, which has that hash, in a while: whoever reads or saves does not wait."""
        try:
            self._context.threads.submit(self._keep, sha256, data)
        except RuntimeError:
            log.debug("the server stops: %s is no merge base any more", sha256)

    def find(self, algorithm: str, digest: str) -> bytes | None:
        """Return what has that hash, or None."""
        with self._context.transaction(read_only=True) as session:
            if algorithm == "sha256":
                packed = session.scalar(select(MergeBase.packed).where(MergeBase.sha256 == digest))
                return zlib.decompress(packed) if packed is not None else None
            held = (zlib.decompress(packed) for packed in session.scalars(select(MergeBase.packed)))
            return next((d for d in held if hashlib.new(algorithm, d).hexdigest() == digest), None)

    def _keep(self, sha256: str, data: bytes) -> None:
        try:
            packed = zlib.compress(data, _FAST)
            with self._context.transaction() as session:
                row = session.get(MergeBase, sha256)
                if row is None:
                    session.add(MergeBase(sha256=sha256, packed=packed, size=len(packed)))
                    session.flush()
                else:
                    row.seen = utcnow()
                session.execute(delete(MergeBase).where(MergeBase.sha256.in_(self._over(session))))
        except Exception:
            log.exception("a merge base could not be kept")

    def _over(self, session: Session) -> Iterator[str]:
        """Give what was seen longest ago, beyond the bytes that all may take."""
        left = self._most
        rows = select(MergeBase.sha256, MergeBase.size).order_by(MergeBase.seen.desc())
        for sha256, size in session.execute(rows):
            left -= size
            if left < 0:
                yield sha256
