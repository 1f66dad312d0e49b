"""Where data sets lie on this machine."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ...base.config import config
from ..exceptions import DatasetNotFoundError

PROJECT_FOLDER = "datasets"


def default_root(name: str) -> Path:
    """The folder for data set `name`.

    Below `tengen.config.data_dir` if that is set; else the project's own, `datasets/<name>` in
    the working folder or one above it; else in the user's cache.
    """
    if config.data_dir:
        return Path(config.data_dir).expanduser() / name
    own = project_folder(name)
    if own is not None:
        return own
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "tengen" / name


def project_folder(name: str) -> Path | None:
    """The nearest `datasets/<name>` at or above the working folder, or None.

    Names are compared without case, `-` and `_`: `fashion-mnist` holds FashionMNIST.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FOLDER).is_dir():
            for candidate in sorted((folder / PROJECT_FOLDER).iterdir()):
                if _plain(candidate.name) == _plain(name) and candidate.is_dir():
                    return candidate
    return None


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


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
