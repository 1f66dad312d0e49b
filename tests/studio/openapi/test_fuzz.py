"""Requests of every kind to a running studio: none may fail in it, or answer what is not written.

The count is TENGEN_FUZZ, or some hundreds; the long tier makes 5,000.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tengen_studio.app import ROUTES
from tengen_studio.openapi import document, service
from tests.browser.studio import Studio, start_studio

from .requests import Pool, Request, requests

COUNT = int(os.environ.get("TENGEN_FUZZ", "300"))
LONG = 5_000
_RENEW = 150
# What the server says of any address before a route of ours is asked.
_ALWAYS = {400, 403, 404, 405, 413, 429}


class Target:
    """A running studio with things in it, which are made anew as the requests remove them."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.document = document.document(ROUTES, service.PREFIX)
        self.made = 0
        self.answers: Counter[int] = Counter()
        self.pool: Pool = {}
        self._connection = http.client.HTTPConnection(urlsplit(studio.url).netloc, timeout=60)

    def send(self, verb: str, address: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return the status and body of one request of the host's."""
        headers = {"Authorization": f"token {self.studio.token}"}
        if verb not in ("GET", "DELETE") or body:
            headers["Content-Type"] = "application/json"
        for again in (True, False):
            try:
                # What is refused by its head alone is answered before its body is read.
                with contextlib.suppress(BrokenPipeError):
                    self._connection.request(verb, address, body or None, headers)
                response = self._connection.getresponse()
                return response.status, response.read()
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                if not (again and isinstance(error, ConnectionError)):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def call(self, verb: str, path: str, **body: Any) -> Any:
        """Return the JSON of a call that must go well."""
        data = json.dumps(body).encode() if verb != "GET" else b""
        status, answer = self.send(verb, service.PREFIX + path, data)
        assert status < 300, (verb, path, status, answer)
        return json.loads(answer) if answer else None

    def renew(self) -> None:
        """Make a project with versions, a link, a data set and so on, and note their ids."""
        self.made += 1
        number = self.made
        project = self.call("POST", "/projects", name=f"Work {number}")["project"]
        place = project["id"]
        (self.studio.work / project["directory"] / "a.txt").write_text(f"{number}\n")
        self.call("POST", f"/projects/{place}/versions", message="one")
        source = self.studio.work / f"raw{number}"
        source.mkdir()
        (source / "a.csv").write_text("x\n1\n")
        data = self.call(
            "POST", "/datasets", name=f"set{number}", kind="folder", source=source.name
        )
        link = self.call("POST", f"/projects/{place}/links")
        fork = self.call("POST", f"/projects/{place}/forks", name=f"Fork {number}")
        invited = self.call("POST", "/people/invitations")
        self.call("PUT", "/secrets/TOKEN", value="the value of it")
        self.pool |= {
            "project_id": [place, place, fork["project"]["id"]],
            "number": ["1", "latest", "99"],
            "name": ["TOKEN", f"set{number}"],
            "slug": ["first-training"],
            "dataset_id": [data["id"]],
            "link_id": [link["link"]["id"]],
            "token": [link["token"], invited["token"]],
            "account_id": [*self._accounts(), "host"],
            "invitation_id": [invited["invitation"]["id"]],
        }

    def _accounts(self) -> list[str]:
        """Return the accounts that are left, one more if there is none; that is rate-limited."""
        listed = self.call("GET", "/people/accounts")["items"]
        found = [account["id"] for account in listed if account["kind"] == "account"]
        if not found and self.made == 1:
            person = self.call("POST", "/people/invitations")
            accepted = {"token": person["token"], "name": "Ana", "password": "long enough it is"}
            found = [self.call("POST", "/people/acceptances", **accepted)["id"]]
        return found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A studio of this module's own."""
    folder: Path = tmp_path_factory.mktemp("fuzz")
    studio = start_studio(folder)
    made = Target(studio)
    try:
        yield made
    finally:
        made.close()
        studio.stop()


def judge(target: Target, request: Request) -> None:
    """Send one request and fail if the answer is not one that the document allows."""
    status, body = target.send(request.verb, request.address, request.body)
    target.answers[status] += 1
    said = f"{request.name}: {request.verb} {request.address} {request.body[:300]!r} -> {status}"
    assert status < 500 or status == 507, f"{said} {body!r}"
    assert status in request.documented | _ALWAYS, f"{said} is not in the document: {body[:300]!r}"
    assert b"Traceback" not in body, said
    if status >= 400 and body.startswith(b"{"):
        refusal = json.loads(body)
        assert set(refusal) == {"code", "message"}, said
        assert str(target.studio.work) not in refusal["message"], said


def fuzz(target: Target, count: int) -> None:
    """Send at least `count` requests; every so often the studio gets new things to be broken."""
    target.answers.clear()
    for start in range(0, count, _RENEW):
        target.renew()
        _some(target, min(_RENEW, count - start))
    print(f"{target.answers.total():,} requests were answered:", dict(target.answers))
    assert target.answers.total() >= count
    assert any(status < 300 for status in target.answers), "some were understood"
    assert json.loads(target.send("GET", service.PREFIX + "/about")[1])["version"]


def _some(target: Target, count: int) -> None:
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(target.document, target.pool))
    def some(request: Request) -> None:
        judge(target, request)

    some()


def test_no_request_breaks_the_studio(target: Target) -> None:
    fuzz(target, COUNT)


@pytest.mark.long
def test_thousands_of_requests_do_not_break_the_studio(target: Target) -> None:
    fuzz(target, LONG)
