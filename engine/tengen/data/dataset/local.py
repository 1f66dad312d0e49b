"""Where data sets lie on this machine."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...base.config import config
from ..exceptions import DatasetNotFoundError


def default_root(name: str) -> Path:
    """The folder for data set `name`: below `tengen.config.data_dir`, or in the user's cache."""
    if config.data_dir:
        return Path(config.data_dir).expanduser() / name
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "tengen" / name


def first_with(folders: Iterable[Path], names: Sequence[str]) -> Path | None:
    """The first of `folders` that holds a file for each of `names`, with or without its ".gz"."""
    for folder in folders:
        if all(find_file(folder, name) for name in names):
            return folder
    return None


def find_file(folder: Path, name: str) -> Path | None:
    """The file `name` in `folder`, or the unpacked one without ".gz"."""
    for candidate in (folder / name, folder / name.removesuffix(".gz")):
        if candidate.is_file():
            return candidate
    return None


def need_folder(path: Path, what: str) -> Path:
    """`path`, if it is a folder; DatasetNotFoundError, which names `what`, if it is not."""
    if not path.is_dir():
        raise DatasetNotFoundError(f"[{what}] the folder {path} does not exist")
    return path


def need_file(path: Path, what: str) -> Path:
    """`path`, if it is a file; DatasetNotFoundError, which names `what`, if it is not."""
    if not path.is_file():
        raise DatasetNotFoundError(f"[{what}] the file {path} does not exist")
    return path
