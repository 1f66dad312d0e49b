"""Opens web addresses that a person typed, without letting them reach into the server's network.

Each redirect is judged anew. The connection goes to the very address that was judged, so that a
name cannot lead elsewhere in between.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from tengen_studio.errors import InvalidError

MOST_REDIRECTS = 5
SECONDS = 30
_PORTS = {"https": 443, "http": 80}
# Names of parameters, that is what stands before the first =.
_SIGNS = re.compile(r"(?i)^[^=]*(token|key|sig|secret|passw|auth|credential|session)")


@contextmanager
def open_address(url: str, *, private: bool = False) -> Iterator[http.client.HTTPResponse]:
    """Give the answer to a GET of `url`, redirects followed; its body is still to be read.

    `private` allows plain http and hosts of private networks.

    Raises:
        InvalidError: not an https address of a public host, or the host refuses or fails.
    """
    for _ in range(MOST_REDIRECTS + 1):
        parts = checked(url, private)
        connection = _connect(parts, private)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", path, headers={"User-Agent": "tengen-studio"})
            response = connection.getresponse()
            if response.status in (301, 302, 303, 307, 308):
                url = urljoin(url, response.headers.get("Location", ""))
                continue
            if response.status != 200:
                raise InvalidError(f"The host answered {response.status} {response.reason}.")
            yield response
            return
        except (OSError, http.client.HTTPException) as error:
            raise InvalidError(f"The host cannot be read: {error}") from None
        finally:
            connection.close()
    raise InvalidError("The address leads on too often.")


def checked(url: str, private: bool) -> SplitResult:
    """Return the parts of an address that may be opened.

    Raises:
        InvalidError: not https, or with a user's name, a port or a character that it must not
            have.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidError("This is not a web address.") from None
    if parts.scheme not in ({"https", "http"} if private else {"https"}) or not parts.hostname:
        raise InvalidError("An address that starts with https:// was expected.")
    if parts.username is not None or any(ord(char) <= 32 for char in url):
        raise InvalidError("An address without a user's name and without spaces was expected.")
    if not private and port not in (None, 443):
        raise InvalidError("An address without a port of its own was expected.")
    return parts


def without_credentials(url: str) -> str:
    """Return an address as others may see it: without user, fragment and what signs it."""
    parts = urlsplit(url)
    asked = "&".join(pair for pair in parts.query.split("&") if not _SIGNS.search(pair))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, asked, ""))


def public_address(host: str, port: int, *, private: bool = False) -> str:
    """Return an IP address of `host`, all of whose addresses are public, or `private` is set.

    Raises:
        InvalidError: no such host, or one of a private network.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InvalidError("The address's host is not known.") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not private and not all(_is_public(address) for address in addresses):
        raise InvalidError("The address's host is in a private network.")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (inner is None or inner.is_global)


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was judged before, under the host's own name."""

    def __init__(self, parts: SplitResult, address: str, port: int) -> None:
        super().__init__(str(parts.hostname), port, timeout=SECONDS)
        self._address = address
        self._secure = parts.scheme == "https"

    def connect(self) -> None:
        """Connect to the judged address; for https the certificate must be the host's."""
        plain = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self.host)
        else:
            self.sock = plain


def _connect(parts: SplitResult, private: bool) -> http.client.HTTPConnection:
    port = parts.port or _PORTS[parts.scheme]
    return _Pinned(parts, public_address(str(parts.hostname), port, private=private), port)
