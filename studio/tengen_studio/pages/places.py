"""Where the relative addresses in a project's documents lead: to its own pages, and no further."""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}
LARGEST_INSIDE = 5_000_000


@dataclass(frozen=True)
class Addresses:
    """The addresses of one version of a project, below the server's `base`."""

    base: str
    project_id: str
    number: int | None = None

    def page(self, part: str = "", path: str = "") -> str:
        """Return the address of a part of the project's pages: files, frame, raw or history."""
        tail = "/".join(quote(name, safe="") for name in path.split("/")) if path else ""
        pieces = [piece for piece in (part, tail) if piece]
        query = f"?version={self.number}" if self.number is not None else ""
        return (
            f"{self.base}tengen-studio/p/{self.project_id}"
            + "".join(f"/{piece}" for piece in pieces)
            + query
        )


@dataclass(frozen=True)
class PagePlaces:
    """For a document at `path` that stands on the page itself."""

    addresses: Addresses
    path: str

    def link(self, address: str) -> str | None:
        """Return the page of the file that is linked to."""
        target = within(self.path, address)
        return self.addresses.page("files", target) if target else None

    def picture(self, address: str) -> str | None:
        """Return where the file's content is."""
        target = within(self.path, address)
        return self.addresses.page("raw", target) if target else None


@dataclass(frozen=True)
class FramePlaces:
    """For a notebook at `path` in a frame that can fetch nothing: pictures come inside it."""

    addresses: Addresses
    path: str
    read: Callable[[str], bytes | None]

    def link(self, address: str) -> str | None:
        """Return the page of the file that is linked to."""
        return PagePlaces(self.addresses, self.path).link(address)

    def picture(self, address: str) -> str | None:
        """Return the picture as a `data:` address."""
        target = within(self.path, address)
        kind = PICTURES.get(PurePosixPath(target or "").suffix.lower())
        content = self.read(target) if target and kind else None
        if content is None or len(content) > LARGEST_INSIDE:
            return None
        return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def within(document: str, address: str) -> str | None:
    """Return the project's path that a relative address in `document` names, or None.

    None stands for the document itself, other hosts, and what lies outside the project.
    """
    path = unquote(urlsplit(address).path)
    if not path or path.startswith("/") or address.startswith("//") or "\0" in path:
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(document), path))
    return None if joined == "." or joined.split("/")[0] == ".." else joined
