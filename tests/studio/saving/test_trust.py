"""The record of trusted notebooks works as before, and does not wait for the disk."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.sign import MemorySignatureStore, NotebookNotary

from tengen_studio.saving.trust import do_not_wait


def test_signatures_are_kept_without_a_wait(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notary = NotebookNotary(db_file=str(tmp_path / "trust.db"), secret=b"x")
    do_not_wait(notary)
    notary.sign(notebook)
    assert notary.store.db.execute("PRAGMA synchronous").fetchone() == (0,)
    notary.store.close()
    again = NotebookNotary(db_file=str(tmp_path / "trust.db"), secret=b"x")
    assert again.check_signature(notebook)
    again.store.close()


def test_another_kind_of_store_is_left_alone() -> None:
    notary = NotebookNotary(store_factory=MemorySignatureStore, secret=b"x")
    do_not_wait(notary)
    assert isinstance(notary.store, MemorySignatureStore)
