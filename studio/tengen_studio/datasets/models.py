"""The tables of data sets and of the files in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tengen_studio.datasets.states import State
from tengen_studio.db.base import ID_LENGTH, Base, CreatedAt, Id

NAME_LENGTH = 100
VERSION_LENGTH = 50


class Dataset(Base):
    """One version of one data set.

    `source_kind` is "folder", "file" or "url", `source` what was given for it. `sha256` is that
    of the one file, or of the listing of a folder (`listing.py`). `process` works on it while
    it is being copied; `message` says why it failed.
    """

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("owner_id", "name", "version"),)

    id: Mapped[Id]
    owner_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    version: Mapped[str] = mapped_column(String(VERSION_LENGTH))
    description: Mapped[str] = mapped_column(Text, default="")
    licence: Mapped[str] = mapped_column(String(100), default="")
    source_kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(Text)
    expected_sha256: Mapped[str | None] = mapped_column(String(64))
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[State] = mapped_column(String(10), default=State.copying)
    message: Mapped[str] = mapped_column(Text, default="")
    process: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[CreatedAt]


class DatasetFile(Base):
    """One file of a data set; its content is the blob of that SHA-256."""

    __tablename__ = "dataset_files"

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    path: Mapped[str] = mapped_column(String(1000), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
