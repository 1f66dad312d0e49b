"""Projects from git addresses, fetched from a real server on this machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

from tengen_studio.addresses import public_address
from tengen_studio.context import Limits, StudioContext
from tengen_studio.errors import InvalidError, NotFoundError, StudioError, TooLargeError
from tengen_studio.history import service as history
from tengen_studio.projects import cloning, making, schemas
from tengen_studio.projects import service as projects

from ..actors import HOST
from ..factory import make_context
from ..history.project import texts

FILES = {
    b"a.txt": (0o100644, b"one\n"),
    b"run.sh": (0o100755, b"#!/bin/sh\n"),
    b"good": (0o120000, b"a.txt"),
    b"bad": (0o120000, b"/etc/passwd"),
}


def make_repository(folder: Path, files: dict[bytes, tuple[int, bytes]]) -> str:
    """Make a bare repository with one commit on `main` and return the commit's id."""
    folder.mkdir()
    with Repo.init_bare(str(folder)) as repository:
        tree = Tree()
        for name, (mode, data) in files.items():
            blob = Blob.from_string(data)
            repository.object_store.add_object(blob)
            tree.add(name, mode, blob.id)
        commit = Commit()
        commit.tree = tree.id
        commit.author = commit.committer = b"Ana <ana@example.org>"
        commit.author_time = commit.commit_time = 1_700_000_000
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = b"First"
        repository.object_store.add_object(tree)
        repository.object_store.add_object(commit)
        repository.refs[b"refs/heads/main"] = commit.id
        repository.refs.set_symbolic_ref(b"HEAD", b"refs/heads/main")
        return commit.id.decode()


class Quiet(WSGIRequestHandler):
    """Keeps its requests to itself."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the repository at the address given."""
    with Repo(str(folder)) as repository:
        chain = make_wsgi_chain(DictBackend({"/work.git": repository}))
        with make_server("127.0.0.1", 0, chain, handler_class=Quiet) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/work.git"
            finally:
                server.shutdown()
                thread.join()


@pytest.fixture
def open_context(tmp_path: Path) -> Iterator[StudioContext]:
    """A studio that fetches from any host."""
    made = make_context(tmp_path, limits=Limits(insecure_git=True))
    yield made
    made.close()


def create(context: StudioContext, address: str, **fields: object) -> schemas.NewProject:
    """Make a project of the address."""
    with context.transaction() as session:
        request = schemas.ProjectRequest(git=address, **fields)
        return making.create(session, HOST, request)


def test_the_newest_state_becomes_a_project(open_context: StudioContext, tmp_path: Path) -> None:
    commit = make_repository(tmp_path / "work.git", FILES)
    with served(tmp_path / "work.git") as address:
        made = create(open_context, address)
    assert (made.project.name, made.project.directory) == ("work", "work")
    folder = open_context.root / "work"
    assert texts(folder) == {"a.txt": "one\n", "run.sh": "#!/bin/sh\n", "good": "-> a.txt"}
    assert os.access(folder / "run.sh", os.X_OK)
    with open_context.transaction() as session:
        project = projects.get(session, HOST, made.project.id)
        details = history.get(session, HOST, project).details
    assert details["git_commit"] == commit
    assert details["git"] == address


def test_a_branch_is_chosen(open_context: StudioContext, tmp_path: Path) -> None:
    make_repository(tmp_path / "work.git", FILES)
    with served(tmp_path / "work.git") as address:
        assert create(open_context, address, branch="main", name="x").project.version == 1
        with pytest.raises(NotFoundError, match="no such branch"):
            create(open_context, address, branch="absent")
        with pytest.raises(InvalidError, match="a branch's name"):
            create(open_context, address, branch="../HEAD")
    assert os.listdir(open_context.root) == ["x"]


@pytest.mark.parametrize("name", [b"..", b".", b"a\\b", b".tengen-new-x", b"x" * 256, b"\xff"])
def test_names_that_lead_elsewhere_are_refused(
    open_context: StudioContext, tmp_path: Path, name: bytes
) -> None:
    make_repository(tmp_path / "work.git", {name: (0o100644, b"x")})
    with served(tmp_path / "work.git") as address, pytest.raises(InvalidError, match="not allowed"):
        create(open_context, address)
    assert os.listdir(open_context.root) == []


def test_names_that_the_disk_takes_for_one_are_refused(
    open_context: StudioContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {b"A.txt": (0o100644, b"one"), b"a.txt": (0o100644, b"two")}
    make_repository(tmp_path / "work.git", files)
    monkeypatch.setattr("os.path.samefile", lambda one, other: True)
    with (
        served(tmp_path / "work.git") as address,
        pytest.raises(InvalidError, match=r"this disk takes 'A\.txt' and 'a\.txt' for one name"),
    ):
        create(open_context, address)
    assert os.listdir(open_context.root) == []


def test_gits_own_folder_is_never_written(open_context: StudioContext, tmp_path: Path) -> None:
    make_repository(tmp_path / "work.git", {b".GIT": (0o100644, b"x"), b"a": (0o100644, b"x")})
    with served(tmp_path / "work.git") as address:
        create(open_context, address)
    assert os.listdir(open_context.root / "work") == ["a"]


def test_too_much_is_refused(tmp_path: Path) -> None:
    make_repository(tmp_path / "work.git", {b"a": (0o100644, os.urandom(50_000))})
    make_repository(tmp_path / "zeros.git", {b"a": (0o100644, b"\0" * 500_000)})
    limits = Limits(insecure_git=True, import_bytes=20_000)
    context = make_context(tmp_path, limits=limits)
    for name in ("work.git", "zeros.git"):
        with served(tmp_path / name) as address, pytest.raises(TooLargeError):
            create(context, address)
    assert os.listdir(context.root) == []
    context.close()


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://example.org/x.git", "https://"),
        ("file:///etc", "https://"),
        ("git@example.org:x.git", "https://"),
        ("ssh://example.org/x.git", "https://"),
        ("https://user:word@example.org/x.git", "without a user"),
        ("https://127.0.0.1/x.git", "private network"),
        ("https://[::1]/x.git", "private network"),
        ("https://localhost/x.git", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://127.0.0.1:8443/x.git", "port"),
        ("https://example.org/x.git?token=word", "without \\? and #"),
        ("https://example.org/x.git#word", "without \\? and #"),
        ("/etc", "https://"),
        ("", "https://"),
    ],
)
def test_addresses_that_are_not_asked(context: StudioContext, address: str, text: str) -> None:
    with pytest.raises(StudioError, match=text):
        create(context, address)
    assert os.listdir(context.root) == []


def test_what_is_no_repository(open_context: StudioContext, tmp_path: Path) -> None:
    make_repository(tmp_path / "work.git", FILES)
    with (
        served(tmp_path / "work.git") as address,
        pytest.raises(InvalidError, match="No git repository"),
    ):
        create(open_context, address.replace("work", "other"))


class Leading(BaseHTTPRequestHandler):
    """Leads every request on to another address."""

    to = ""

    def do_GET(self) -> None:
        """Redirect."""
        self.send_response(302)
        self.send_header("Location", self.to)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("to", "text"),
    [
        ("http://127.0.0.1:1/x", "private network"),
        ("http://[::ffff:10.0.0.1]/x", "private network"),
        ("file:///etc/passwd", "No git repository"),
    ],
)
def test_each_redirect_is_judged(
    open_context: StudioContext, monkeypatch: pytest.MonkeyPatch, to: str, text: str
) -> None:
    monkeypatch.setattr(Leading, "to", to)
    server = HTTPServer(("127.0.0.1", 0), Leading)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def judge(host: str, port: int, *, private: bool) -> str:
        # The first host stands for a public one.
        return public_address(host, port, private=port == server.server_port)

    monkeypatch.setattr(cloning, "public_address", judge)
    try:
        with pytest.raises(InvalidError, match=text):
            create(open_context, f"http://127.0.0.1:{server.server_port}/x.git")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert os.listdir(open_context.root) == []


def test_no_redirect_leads_to_plain_http() -> None:
    pools = cloning._pools(False)
    with pytest.raises(InvalidError, match="not https"):
        pools.request("GET", "http://example.org/")
    pools.clear()
