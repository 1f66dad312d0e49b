"""The contents manager behind JupyterLab's file browser and editors.

What it adds to jupyter_server's: a file is replaced whole or not at all; a writer may name the
hash that it started from (`base_hash` in the model that it saves, "" for a new file) and is
refused with 409 if the file has another by now, its content kept; so is a client that names
none, if the file has changed since that client read it; what a client overwrites that it has
never read is kept; large uploads appear when they are complete; what is deleted is saved as a
version first, and projects follow when their folder is renamed.
"""

from __future__ import annotations

import base64
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
from sqlalchemy.exc import DBAPIError
from traitlets import Bool, default

from tengen_studio.bases.service import Bases
from tengen_studio.context import StudioContext
from tengen_studio.errors import ConflictError, is_full
from tengen_studio.saving import pieces, service
from tengen_studio.saving.checkpoints import StudioCheckpoints
from tengen_studio.saving.disk import copy_folder, disk_error
from tengen_studio.saving.seen import Seen, client_of
from tengen_studio.saving.writing import Files, StaleError

_base: ContextVar[str | None] = ContextVar("base_hash", default=None)
_path: ContextVar[str] = ContextVar("path", default="")
_replaced: ContextVar[str] = ContextVar("replaced", default="")
_written: ContextVar[bytes | None] = ContextVar("written", default=None)


class StudioContents(AsyncLargeFileManager):
    """Files that are never half written, and never overwritten unseen."""

    require_base = Bool(
        False,
        config=True,
        help="Refuse to overwrite a file for a browser or program that does not name the hash "
        "it started from. Without it, what such a one has never read is overwritten and kept.",
    )

    studio: StudioContext | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.files = Files()
        self.seen = Seen()

    @default("checkpoints_class")
    def _checkpoints_class_default(self) -> type:
        return StudioCheckpoints

    def attach(self, studio: StudioContext) -> None:
        """Have refused saves kept, what they start from remembered, and projects told."""
        self.studio = studio
        self.files.recent.lasting = Bases(studio)

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Save the file and return its model, with the hash that the next save may name."""
        base = model.get("base_hash")
        if base is not None and not isinstance(base, str):
            raise web.HTTPError(400, "base_hash: a hash was expected")
        tokens = (_base.set(base), _path.set(path.strip("/")), _replaced.set(""))
        written = _written.set(None)
        try:
            if model.get("chunk") is not None:
                saved = await self._save_chunk(model, path.strip("/"))
            else:
                saved = await super().save(model, path)
            if _replaced.get():
                saved["replaced"] = _replaced.get()
            data = _written.get()
        finally:
            _written.reset(written)
            _replaced.reset(tokens[2])
            _path.reset(tokens[1])
            _base.reset(tokens[0])
        if saved["type"] != "directory" and model.get("chunk", -1) == -1:
            os_path = self._get_os_path(path.strip("/"))
            # Of what was written: the file itself may be somebody else's by now.
            found = await run_sync(self._hash, os_path if data is None else data)
            saved.update(hash=found, hash_algorithm=self.hash_algorithm)
            self._note(os_path, found)
        return saved

    async def delete_file(self, path: str) -> None:
        """Delete a file or folder, after a version of the project that it belongs to."""
        if self.studio is not None:
            await run_sync(service.before_delete, self.studio, path.strip("/"))
        try:
            await super().delete_file(path)
        except web.HTTPError as error:
            if error.__cause__ is None or not is_full(error.__cause__):
                raise
            raise web.HTTPError(
                507,
                "The disk is full: there is no room even for the trash to note the file. Empty "
                "the trash, or remove the file in a terminal.",
            ) from error

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Rename a file or folder; projects in it follow."""
        await super().rename_file(old_path, new_path)
        self.seen.moved(
            self._get_os_path(old_path.strip("/")), self._get_os_path(new_path.strip("/"))
        )
        if self.studio is not None:
            old, new = old_path.strip("/"), new_path.strip("/")
            await run_sync(service.folder_moved, self.studio, old, new)

    async def create_checkpoint(self, path: str) -> dict[str, Any]:
        """Keep the file as its checkpoint; a save that is done does not fail for want of one."""
        try:
            return await super().create_checkpoint(path)
        except OSError as error:
            if not _path.get():
                raise disk_error(error) from error
            self.log.warning("there is no checkpoint of %s: %s", path, error.strerror)
            return {}

    async def restore_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Put a checkpoint in the file's place; what was there is kept as a refused save."""
        os_path = self._get_os_path(path.strip("/"))
        if not await self.checkpoints.list_checkpoints(path):
            raise web.HTTPError(404, f"There is no checkpoint of {path}.")
        token = _path.set(path.strip("/"))
        try:
            if self.studio is not None and os.path.exists(os_path):
                await self._keep_unseen(os_path)
            await super().restore_checkpoint(checkpoint_id, path)
        except OSError as error:
            raise disk_error(error) from error
        finally:
            _path.reset(token)

    async def _copy_dir(
        self, from_path: str, to_path_original: str, to_name: str, to_path: str
    ) -> dict[str, Any]:
        """Copy a folder; its copy appears when it is complete."""
        source = self._get_os_path(from_path.strip("/"))
        parent = Path(self._get_os_path(to_path_original.strip("/")))
        try:
            await run_sync(copy_folder, Path(source), parent / to_name)
        except OSError as error:
            raise disk_error(error) from error
        return await self.get(to_path, content=False)

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

    async def _replace(self, os_path: str, content: bytes | Path) -> None:
        """Put a content, or the file that has it, at `os_path`, unless that has changed."""
        target = Path(os_path)
        try:
            base = await self._base_of(os_path)
            rest = (base, self.hash_algorithm)
            try:
                if isinstance(content, bytes):
                    await run_sync(self.files.replace, target, content, *rest)
                    _written.set(content)
                else:
                    await run_sync(self.files.put_in_place, target, content, *rest)
            except StaleError:
                await self._refuse(content, base or "")
        except (OSError, DBAPIError) as error:
            raise disk_error(error) from error

    async def _base_of(self, os_path: str) -> str | None:
        """Return what the save builds on: what it says, or what its client has seen last.

        What its client has never seen is kept before it is overwritten.
        """
        base, handler = _base.get(), _from_browser()
        if base is not None or handler is None:
            return base
        there = os.path.exists(os_path)
        if there and self.require_base:
            raise web.HTTPError(428, "Name the hash that this save builds on (base_hash).")
        base = self.seen.last(client_of(handler), os_path)
        if base is None and there and self.studio is not None:
            base = await run_sync(self._hash, os_path)
            await self._keep_unseen(os_path)
        return base

    async def _keep_unseen(self, os_path: str) -> None:
        assert self.studio is not None
        try:
            kept = await run_sync(service.keep_file, self.studio, _path.get(), Path(os_path))
        except ConflictError as error:
            raise web.HTTPError(409, error.message) from None
        _replaced.set(kept)

    async def _refuse(self, content: bytes | Path, base: str) -> None:
        kept = ""
        if self.studio is not None:
            known = self.files.recent.find(self.hash_algorithm, base)
            place = (self.studio, _path.get())
            if isinstance(content, bytes):
                refused = await run_sync(service.keep_refused, *place, content, known)
            else:
                refused = await run_sync(service.keep_file, *place, content, known)
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
        part = pieces.part_of(os_path)
        try:
            await run_sync(pieces.append, part, data, chunk)
        except pieces.MissingError:
            raise web.HTTPError(
                409, "The pieces before this one are gone; upload it again."
            ) from None
        except OSError as error:
            raise disk_error(error) from error
        if chunk != -1:
            return self._part_model(path, part)
        try:
            await self._replace(os_path, part)
        finally:
            part.unlink(missing_ok=True)
        saved = await self.get(path, content=False)
        self.run_post_save_hooks(model=saved, os_path=os_path)
        self.emit(data={"action": "save", "path": path})
        return saved

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
        if handler := _from_browser():
            self.seen.note(client_of(handler), os_path, digest)

    def _hash(self, content: bytes | str) -> str:
        if isinstance(content, bytes):
            return hashlib.new(self.hash_algorithm, content).hexdigest()
        with Path(content).open("rb") as file:
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


def _from_browser() -> ContentsHandler | None:
    """Return the request that reads or saves, None for the server's own documents."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return handler if isinstance(handler, ContentsHandler) else None
