"""The contents manager behind JupyterLab's file browser and editors.

What it adds to jupyter_server's: a file is replaced whole or not at all; a writer may name the
hash that it started from (`base_hash` in the model that it saves, "" for a new file) and is
refused with 409 if the file has another by now, its content kept; so is a client that names
none, if a notebook has changed since that client read it; large uploads appear when they are
complete; what is deleted is saved as a version first, and projects follow when their folder is
renamed.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import os
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import tornado.web as web
from anyio.to_thread import run_sync
from jupyter_server import CallContext
from jupyter_server.services.contents.handlers import ContentsHandler
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from traitlets import Bool

from tengen_studio.bases.service import Bases
from tengen_studio.context import StudioContext
from tengen_studio.saving import service
from tengen_studio.saving.seen import Seen, client_of
from tengen_studio.saving.writing import Files, StaleError
from tengen_studio.storage import durable

_base: ContextVar[str | None] = ContextVar("base_hash", default=None)
_path: ContextVar[str] = ContextVar("path", default="")


class StudioContents(AsyncLargeFileManager):
    """Files that are never half written, and never overwritten unseen."""

    require_base = Bool(
        False,
        config=True,
        help="Refuse to overwrite a file for a browser or program that does not name the hash "
        "it started from. JupyterLab's own editors name none unless they share documents.",
    )

    studio: StudioContext | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.files = Files()
        self.seen = Seen()

    def attach(self, studio: StudioContext) -> None:
        """Have refused saves kept, what they start from remembered, and projects told."""
        self.studio = studio
        self.files.recent.lasting = Bases(studio)

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Save the file and return its model, with the hash that the next save may name."""
        base = model.get("base_hash")
        if base is not None and not isinstance(base, str):
            raise web.HTTPError(400, "base_hash: a hash was expected")
        tokens = (_base.set(base), _path.set(path.strip("/")))
        try:
            if model.get("chunk") is not None:
                return await self._save_chunk(model, path.strip("/"))
            saved = await super().save(model, path)
        finally:
            _path.reset(tokens[1])
            _base.reset(tokens[0])
        if saved["type"] != "directory":
            os_path = self._get_os_path(path.strip("/"))
            found = await run_sync(self._hash, os_path)
            saved.update(hash=found, hash_algorithm=self.hash_algorithm)
            self._note(os_path, found)
        return saved

    async def delete_file(self, path: str) -> None:
        """Delete a file or folder, after a version of the project that it belongs to."""
        if self.studio is not None:
            await run_sync(service.before_delete, self.studio, path.strip("/"))
        await super().delete_file(path)

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Rename a file or folder; projects in it follow."""
        await super().rename_file(old_path, new_path)
        if self.studio is not None:
            old, new = old_path.strip("/"), new_path.strip("/")
            await run_sync(service.folder_moved, self.studio, old, new)

    async def _read_file(self, os_path: str, format: str | None, raw: bool = False) -> Any:
        content, kind, data = await super()._read_file(os_path, format, raw=True)
        await run_sync(self.files.recent.add, data)
        self._note(os_path, hashlib.new(self.hash_algorithm, data).hexdigest())
        return (content, kind, data) if raw else (content, kind)

    async def _save_notebook(
        self, os_path: str, nb: Any, capture_validation_error: Any = None
    ) -> None:
        text = io.StringIO()
        nbformat.write(
            nb,
            text,
            version=nbformat.NO_CONVERT,
            capture_validation_error=capture_validation_error,
        )
        await self._replace(os_path, text.getvalue().encode())

    async def _save_file(self, os_path: str, content: str, format: str | None) -> None:
        await self._replace(os_path, self._decoded(os_path, content, format))

    async def _replace(self, os_path: str, data: bytes) -> None:
        base = _base.get()
        if base is None and self.require_base and _from_browser() and os.path.exists(os_path):
            raise web.HTTPError(428, "Name the hash that this save builds on (base_hash).")
        if base is None and os_path.endswith(".ipynb") and (handler := _from_browser()):
            base = self.seen.last(client_of(handler), os_path)
        try:
            await run_sync(self.files.replace, Path(os_path), data, base, self.hash_algorithm)
        except StaleError:
            await self._refuse(data, base or "")
        except OSError as error:
            raise self._disk_error(error) from error

    async def _refuse(self, data: bytes, base: str) -> None:
        kept = ""
        if self.studio is not None:
            known = self.files.recent.find(self.hash_algorithm, base)
            refused = await run_sync(service.keep_refused, self.studio, _path.get(), data, known)
            kept = f" What was to be saved is kept as {refused}."
        raise web.HTTPError(
            409, f"{_path.get()} was changed by somebody else meanwhile.{kept}", reason="Stale"
        )

    async def _save_chunk(self, model: dict[str, Any], path: str) -> dict[str, Any]:
        """Gather the pieces of an upload beside the file; the last one puts them in its place."""
        chunk = model["chunk"]
        if not isinstance(chunk, int) or model.get("type") != "file" or "content" not in model:
            raise web.HTTPError(400, "A piece of a file, with its number and content")
        if chunk == 1:
            self.run_pre_save_hooks(model=model, path=path)
        os_path = self._get_os_path(path)
        data = self._decoded(os_path, model["content"], model.get("format"))
        name = hashlib.sha256(os.fsencode(os_path)).hexdigest()[:16]
        part = Path(os_path).parent / f"{durable.TEMPORARY}upload-{name}"
        try:
            await run_sync(self._append, part, data, chunk, Path(os_path))
        except OSError as error:
            raise self._disk_error(error) from error
        if chunk != -1:
            return self._part_model(path, part)
        saved = await self.get(path, content=False)
        self.run_post_save_hooks(model=saved, os_path=os_path)
        self.emit(data={"action": "save", "path": path})
        return saved

    @staticmethod
    def _append(part: Path, data: bytes, chunk: int, target: Path) -> None:
        with part.open("wb" if chunk == 1 else "ab") as file:
            if chunk != 1 and file.tell() == 0:
                raise web.HTTPError(409, "The pieces before this one are gone; upload it again.")
            file.write(data)
        if chunk == -1:
            durable.sync_file(part)
            durable.rename(part, Path(os.path.realpath(target)))

    def _part_model(self, path: str, part: Path) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "type": "file",
            "writable": True,
            "created": now,
            "last_modified": now,
            "mimetype": None,
            "content": None,
            "format": None,
            "size": part.stat().st_size,
        }

    def _note(self, os_path: str, digest: str) -> None:
        if os_path.endswith(".ipynb") and (handler := _from_browser()):
            self.seen.note(client_of(handler), os_path, digest)

    def _hash(self, os_path: str) -> str:
        with Path(os_path).open("rb") as file:
            return hashlib.file_digest(file, self.hash_algorithm).hexdigest()

    @staticmethod
    def _decoded(os_path: str, content: Any, format: str | None) -> bytes:
        name = os.path.basename(os_path)
        if format not in ("text", "base64") or not isinstance(content, str):
            raise web.HTTPError(400, f"The content of {name} as 'text' or 'base64' was expected")
        try:
            return content.encode() if format == "text" else base64.b64decode(content)
        except ValueError as error:
            raise web.HTTPError(400, f"The content of {name} is no {format}: {error}") from None

    @staticmethod
    def _disk_error(error: OSError) -> web.HTTPError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return web.HTTPError(507, "The disk is full; the file is as it was before.")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return web.HTTPError(403, "This file cannot be written here; it is as it was before.")
        return web.HTTPError(500, f"The file could not be written: {error.strerror}")


def _from_browser() -> ContentsHandler | None:
    """Return the request that reads or saves, None for the server's own documents."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return handler if isinstance(handler, ContentsHandler) else None
