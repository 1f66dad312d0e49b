"""Opening an address that somebody typed: private hosts stay out, redirects are judged too."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from tengen_studio.addresses import open_address, public_address, without_credentials
from tengen_studio.errors import InvalidError


class Site(http.server.BaseHTTPRequestHandler):
    """Gives a text, and redirects of several kinds."""

    def do_GET(self) -> None:
        place = self.path.partition("?")[0]
        redirects = {
            "/once": "/data.csv?x=1",
            "/round": "/round",
            "/file": "file:///etc/passwd",
            "/inside": "http://127.0.0.1:1/",
        }
        if place in redirects:
            self.send_response(302)
            self.send_header("Location", redirects[place])
            self.end_headers()
        elif place == "/data.csv":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a running site on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "got"), [("/data.csv?y=2", b"/data.csv?y=2"), ("/once", b"/data.csv?x=1")]
)
def test_an_address_is_read(site: str, path: str, got: bytes) -> None:
    with open_address(site + path, private=True) as response:
        assert response.read() == got


@pytest.mark.parametrize("path", ["/absent", "/round", "/file", "/inside"])
def test_bad_answers_are_refused(site: str, path: str) -> None:
    with pytest.raises(InvalidError), open_address(site + path, private=True):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://2130706433/",
        "https://user:word@127.0.0.1/",
        "https://example.com:8443/",
        "https://exa mple.com/",
        "https://example.com/a\r\nHost: b",
        "https://[broken/",
        "https://host:99999/",
        "not an address",
        "",
    ],
)
def test_addresses_that_lead_inside_are_refused(url: str) -> None:
    with pytest.raises(InvalidError), open_address(url):
        pass


@pytest.mark.parametrize("host", ["224.0.0.1", "::1", "fe80::1", "fc00::1", "::", "100.64.0.1"])
def test_addresses_of_no_public_network_are_refused(host: str) -> None:
    with pytest.raises(InvalidError, match="private network"):
        public_address(host, 443)


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses_are_taken(host: str) -> None:
    assert public_address(host, 443) == host


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://h.org/a.csv", "https://h.org/a.csv"),
        ("https://h.org/get?id=5&part=2", "https://h.org/get?id=5&part=2"),
        ("https://h.org/a?id=5&token=t", "https://h.org/a?id=5"),
        ("https://h.org/a?X-Amz-Signature=s&X-Amz-Credential=c&x=1#f", "https://h.org/a?x=1"),
        ("https://h.org/a?API_KEY=k", "https://h.org/a"),
        ("https://user:word@h.org:8443/a", "https://h.org:8443/a"),
    ],
)
def test_an_address_is_shown_without_what_signs_it(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
