"""Fetches the newest state of a git repository, from a host that the server may talk to."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from dulwich.client import Urllib3HttpGitClient
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
from dulwich.objects import Commit, ObjectID
from dulwich.refs import Ref
from dulwich.repo import Repo
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tengen_studio.addresses import checked as checked_address
from tengen_studio.addresses import public_address
from tengen_studio.context import Limits
from tengen_studio.errors import InvalidError, NotFoundError, TooLargeError
from tengen_studio.sizes import size_text
from tengen_studio.storage import durable, trees
from tengen_studio.storage.names import (
    BadPathError,
    check_case,
    check_together,
    checked_path,
    is_ignored,
)
from tengen_studio.storage.scan import stays_inside
from tengen_studio.storage.trees import Entry

_SECONDS = 30
_LINK, _MODULE = 0o120000, 0o160000
_BRANCH = re.compile(r"[\w][\w./+@-]{0,199}")


@dataclass(frozen=True)
class Address:
    """A git address that was checked."""

    text: str
    path: str
    insecure: bool


@dataclass(frozen=True)
class Source:
    """What was fetched: a repository in the scratch folder, and its newest commit."""

    repository: Repo
    commit: str
    limits: Limits

    def write_to(self, folder: Path) -> None:
        """Write the commit's files into the new folder `folder`; submodules are left out.

        Raises:
            InvalidError: a name that leads elsewhere, or two that this disk takes for one.
            TooLargeError: more files or bytes than the limits allow.
        """
        folder.mkdir()
        store = self.repository.object_store

        def raw(oid: str) -> bytes:
            return store.get_raw(ObjectID(oid.encode()))[1]

        commit = self.repository[ObjectID(self.commit.encode())]
        assert isinstance(commit, Commit)
        try:
            found = _checked_files(commit.tree.decode(), raw, self.limits)
            check_case([path for path, _ in found], folder)
        except (BadPathError, UnicodeDecodeError) as error:
            raise InvalidError(f"The repository has a path that is not allowed: {error}") from None
        left = self.limits.import_bytes
        for path, entry in found:
            data = raw(entry.oid)
            left -= len(data)
            if left < 0:
                raise TooLargeError(
                    f"The repository holds more than {size_text(self.limits.import_bytes)}."
                )
            _write(folder, path, entry, data)


def checked(text: str, *, insecure: bool) -> Address:
    """Return an address that may be asked.

    Raises:
        InvalidError: not https, or with a user's name, a query or a port, unless the setting
            allows the address.
    """
    parts = checked_address(text, insecure)
    if parts.query or parts.fragment or "?" in text or "#" in text:
        # Where tokens stand, which would stay in the version for everybody who sees it.
        raise InvalidError("A git address without ? and # was expected.")
    return Address(text, parts.path, insecure)


def name_of(address: Address) -> str:
    """Return what a repository is called by its address."""
    return address.path.rstrip("/").rpartition("/")[2].removesuffix(".git") or "project"


@contextmanager
def cloned(address: Address, branch: str | None, folder: Path, limits: Limits) -> Iterator[Source]:
    """Give the newest commit of a branch (or tag), fetched into the new folder `folder`.

    Raises:
        InvalidError: no git repository there, or the host is not one to talk to.
        NotFoundError: no such branch.
        TooLargeError: it is larger than the limits allow.
    """
    if branch is not None and not _BRANCH.fullmatch(branch):
        raise InvalidError(f"branch: a branch's name was expected; {branch[:80]!r} came.")
    folder.mkdir()
    client = _Client(address, limits.import_bytes)
    with Repo.init_bare(str(folder)) as repository, closing(client):
        yield Source(repository, _fetch(client, address, branch, repository), limits)


def _fetch(client: _Client, address: Address, branch: str | None, repository: Repo) -> str:
    chosen: list[ObjectID] = []

    def wanted(refs: Any, depth: int | None = None) -> list[ObjectID]:
        names = [Ref(b"HEAD")]
        if branch is not None:
            names = [Ref(f"refs/{k}/{branch}".encode()) for k in ("heads", "tags")]
        chosen.extend(refs[name] for name in names if refs.get(name))
        if not chosen:
            raise NotFoundError("The repository has no such branch, or is empty.")
        return chosen[:1]

    try:
        client.fetch(address.path, repository, wanted, depth=1)
    except (NotGitRepository, GitProtocolError, HangupException, urllib3.exceptions.HTTPError):
        raise InvalidError("No git repository can be read at this address.") from None
    found = repository[chosen[0]]
    while hasattr(found, "object"):  # a tag
        found = repository[found.object[1]]
    if not isinstance(found, Commit):
        raise InvalidError("A branch or tag of a commit was expected.")
    return found.id.decode()


class _Client(Urllib3HttpGitClient):
    """Asks one host at a time, each judged when it is connected to, for so many bytes at most."""

    def __init__(self, address: Address, most: int) -> None:
        base = address.text[: len(address.text) - len(address.path)] or address.text
        super().__init__(base, pool_manager=_pools(address.insecure), timeout=_SECONDS)
        self._left = self._most = most
        self._responses: list[Any] = []

    def close(self) -> None:
        """End the connections, those too whose answers were not read to the end."""
        for response in self._responses:
            response.close()
        self.pool_manager.clear()

    def _http_request(self, *args: Any, **kwargs: Any) -> Any:
        response, read = super()._http_request(*args, **kwargs)
        self._responses.append(response)

        def counted(size: int) -> bytes:
            data = read(size)
            self._left -= len(data)
            if self._left < 0:
                raise TooLargeError(f"The repository is larger than {size_text(self._most)}.")
            return data

        return response, counted


def _pools(insecure: bool) -> urllib3.PoolManager:
    def connect(connection: Any) -> socket.socket:
        address = public_address(connection.host, connection.port, private=insecure)
        return socket.create_connection((address, connection.port), _SECONDS)

    def refuse(connection: Any) -> socket.socket:
        raise InvalidError("The host leads on to an address that is not https.")

    plain = type("_Plain", (HTTPConnection,), {"_new_conn": connect if insecure else refuse})
    secure = type("_Secure", (HTTPSConnection,), {"_new_conn": connect})
    pools = urllib3.PoolManager(retries=urllib3.Retry(3, redirect=3), timeout=_SECONDS)
    pools.pool_classes_by_scheme = {
        "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
    }
    return pools


def _checked_files(
    tree: str, raw: Callable[[str], bytes], limits: Limits
) -> list[tuple[str, Entry]]:
    found = []
    for path, entry in trees.walk(tree, lambda oid: trees.decode_tree(raw(oid))):
        if entry.mode == _MODULE or is_ignored(path):
            continue
        found.append((checked_path(path), entry))
        if len(found) > limits.import_files:
            raise TooLargeError(f"The repository has more than {limits.import_files:,} files.")
    check_together([path for path, _ in found])
    # Links come last, so that no file is written through one.
    return sorted(found, key=lambda item: item[1].mode == _LINK)


def _write(folder: Path, path: str, entry: Entry, data: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.mode == _LINK:
        link = data.decode(errors="replace")
        if stays_inside(path, link):
            target.symlink_to(link)
        return
    target.write_bytes(data)
    if entry.mode & 0o100:
        target.chmod(target.stat().st_mode | 0o111)
    durable.boundary("file written")
