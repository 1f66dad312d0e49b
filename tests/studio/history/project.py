"""A project of the host's, as the tests of its history use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from tengen_studio.access import Actor
from tengen_studio.context import StudioContext
from tengen_studio.history import models, service
from tengen_studio.projects import making, schemas
from tengen_studio.projects import service as projects

from ..actors import HOST

P = ParamSpec("P")
R = TypeVar("R")


class Work:
    """One project with a folder; each call is a transaction of its own."""

    def __init__(self, context: StudioContext, name: str = "Work") -> None:
        self.context = context
        with context.transaction() as session:
            made = making.create(session, HOST, schemas.ProjectRequest(name=name))
        self.id = made.project.id
        self.folder = context.root / str(made.project.directory)

    def write(
        self, files: Mapping[str, str | bytes | None] | None = None, **named: str | bytes | None
    ) -> None:
        """Write files by path, or by name where that is a word; None removes one."""
        for name, content in {**(files or {}), **named}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            elif isinstance(content, str):
                path.write_text(content)
            else:
                path.write_bytes(content)

    def call(
        self,
        function: Callable[Concatenate[Session, Actor, Any, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Return `function(session, host, project, ...)`."""
        with self.context.transaction() as session:
            project = projects.get(session, HOST, self.id)
            return function(session, HOST, project, *args, **kwargs)

    def save(self, message: str = "", **fields: Any) -> models.Version:
        """Save the folder."""
        return self.call(service.save, message, **fields)

    def restore(self, number: int, path: str | None = None) -> models.Version:
        """Bring a version back."""
        return self.call(service.restore, number, path)

    def versions(self) -> list[models.Version]:
        """Return every version, the newest first."""
        return self.call(service.versions)[0]

    def tree(self) -> dict[str, str]:
        """Return the text of every file in the folder."""
        return texts(self.folder)


def texts(folder: Path) -> dict[str, str]:
    """Return the text of every file below `folder`, links as `-> target`."""
    return {
        path.relative_to(folder).as_posix(): (
            f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes().decode("latin-1")
        )
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def notebook(*cells: str, ids: bool = True, outputs: dict[int, str] | None = None) -> str:
    """Return the text of a notebook with these code cells."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "source": source,
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [
                        {"output_type": "stream", "name": "stdout", "text": (outputs or {})[n]}
                    ]
                    if n in (outputs or {})
                    else [],
                }
                | ({"id": f"cell-{source.split()[0]}"} if ids else {})
                for n, source in enumerate(cells)
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5 if ids else 4,
        },
        indent=1,
    )
