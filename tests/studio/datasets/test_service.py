"""Data sets from registration to a project's folder, and what the project's versions record."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tengen_studio.context import StudioContext
from tengen_studio.datasets import copying, service
from tengen_studio.datasets.models import Dataset
from tengen_studio.datasets.schemas import DatasetEntry, DatasetRequest
from tengen_studio.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tengen_studio.history import service as history
from tengen_studio.projects import service as projects
from tengen_studio.roles import Role
from tengen_studio.tasks import Task, process_name

from ..actors import HOST, make_account, make_member, make_project
from ..factory import make_context

FILES = {"a.csv": b"x,y\n1,2\n", "more/b.csv": b"x,y\n3,4\n"}


@pytest.fixture
def folder(context: StudioContext) -> str:
    """A folder with FILES in the user's folder."""
    for name, data in FILES.items():
        place = context.root / "raw" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return "raw"


def register(context: StudioContext, **fields: str) -> DatasetEntry:
    """Register a data set, wait until its files are in, and return it."""
    request = msgspec.convert(
        {"name": "set", "kind": "folder", "source": "raw"} | fields, DatasetRequest
    )
    with context.transaction() as session:
        made = service.register(session, HOST, request)
    assert made.state == "copying"
    service.start(context, made.id)
    task = context.tasks.get(made.id)
    assert task is None or task.ended.wait(30)
    return show(context, made.id)


def show(context: StudioContext, dataset_id: str) -> DatasetEntry:
    """Return a data set as it is now."""
    with context.transaction(read_only=True) as session:
        return service.show(session, HOST, dataset_id)


def make_work(context: StudioContext) -> tuple[str, Path]:
    """Make a project with a folder; return its id and the folder."""
    place = context.root / "work"
    place.mkdir()
    (place / "train.py").write_text("print(1)\n")
    return make_project(context, root=str(context.root), directory="work"), place


def test_a_folder_is_taken_in_with_its_checksums(context: StudioContext, folder: str) -> None:
    made = register(context)
    assert (made.state, made.files, made.bytes, made.progress) == ("ready", 2, 16, 1.0)
    with context.transaction(read_only=True) as session:
        files = service.files(session, HOST, made.id).items
    assert [(f.path, f.sha256) for f in files] == [
        (name, hashlib.sha256(data).hexdigest()) for name, data in FILES.items()
    ]
    lines = "".join(f"{f.sha256}  {f.path}\n" for f in files)
    assert made.sha256 == hashlib.sha256(lines.encode()).hexdigest()


def test_equal_files_are_stored_once(context: StudioContext, folder: str) -> None:
    register(context)
    register(context, name="again")
    assert len(list(context.storage.blobs)) == 2


def test_a_file_has_its_own_checksum_and_a_wrong_one_is_refused(
    context: StudioContext, folder: str
) -> None:
    sha256 = hashlib.sha256(FILES["a.csv"]).hexdigest()
    made = register(context, kind="file", source="raw/a.csv", sha256=sha256)
    assert (made.state, made.sha256) == ("ready", sha256)
    wrong = register(context, name="b", kind="file", source="raw/more/b.csv", sha256=sha256)
    assert wrong.state == "failed"
    assert f"SHA-256 {sha256} was expected" in wrong.message


def test_a_failed_registration_can_be_tried_again(context: StudioContext, folder: str) -> None:
    register(context, kind="file", source="raw/a.csv", sha256="0" * 64)
    assert register(context).state == "ready"
    with pytest.raises(ConflictError, match="is there already"):
        register(context)
    assert register(context, version="2").state == "ready"


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("folder", "absent"),
        ("file", "raw"),
        ("folder", "raw/a.csv"),
        ("folder", ".."),
        ("folder", "/etc"),
        ("file", "/etc/passwd"),
        ("file", "raw/../../outside.txt"),
        ("folder", "link"),
        ("folder", ".hidden"),
    ],
)
def test_sources_elsewhere_do_not_exist(
    context: StudioContext, folder: str, tmp_path: Path, kind: str, source: str
) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    (context.root / "link").symlink_to(tmp_path)
    (context.root / ".hidden").mkdir()
    with pytest.raises(NotFoundError):
        register(context, kind=kind, source=source)


def test_a_data_folder_of_the_server_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.txt").write_text("text")
    context = make_context(tmp_path, dataset_folders=[tmp_path / "shared"])
    try:
        assert register(context, source=str(tmp_path / "shared")).state == "ready"
        with pytest.raises(NotFoundError):
            register(context, name="other", source=str(tmp_path))
    finally:
        context.close()


def test_the_studios_own_folder_is_no_source(tmp_path: Path) -> None:
    context = make_context(tmp_path, dataset_folders=[tmp_path])
    try:
        with pytest.raises(NotFoundError):
            register(context, source=str(context.data_dir))
    finally:
        context.close()


def test_a_link_that_leads_out_fails_the_folder(
    context: StudioContext, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    (context.root / "raw" / "z.txt").symlink_to(tmp_path / "outside.txt")
    made = register(context)
    assert (made.state, made.message) == ("failed", "z.txt is a link that leads out of the folder.")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../x"},
        {"name": ""},
        {"version": ""},
        {"sha256": "AB"},
        {"licence": "x" * 101},
        {"source": "raw\n"},
        {"description": "\0"},
    ],
)
def test_bad_fields_are_refused(context: StudioContext, folder: str, fields: dict) -> None:
    with pytest.raises(InvalidError):
        register(context, **fields)


def test_anothers_data_set_does_not_exist(context: StudioContext, folder: str) -> None:
    made, ana = register(context), make_account(context, "Ana")
    with context.transaction() as session:
        assert service.list_datasets(session, ana).items == []
        for call in (service.show, service.files, service.show_preview, service.remove):
            with pytest.raises(NotFoundError):
                call(session, ana, made.id)


def test_search_and_preview(context: StudioContext, folder: str) -> None:
    made = register(context, description="Numbers 100%")
    with context.transaction(read_only=True) as session:
        assert [d.id for d in service.list_datasets(session, HOST, "100%").items] == [made.id]
        assert service.list_datasets(session, HOST, "1000").items == []
        assert service.show_preview(session, HOST, made.id).rows == [["1", "2"]]
        assert service.show_preview(session, HOST, made.id, "more/b.csv").rows == [["3", "4"]]
        with pytest.raises(NotFoundError):
            service.show_preview(session, HOST, made.id, "absent.csv")


def test_mounted_files_are_no_part_of_versions_but_their_checksum_is(
    context: StudioContext, folder: str
) -> None:
    made = register(context)
    project_id, place = make_work(context)
    with context.transaction() as session:
        mounted = service.mount(session, HOST, project_id, made.id)
    assert (mounted.state, mounted.sha256) == ("mounted", made.sha256)
    assert (place / "datasets/set/more/b.csv").read_bytes() == FILES["more/b.csv"]
    with context.transaction() as session:
        project = projects.get(session, HOST, project_id)
        history.save(session, HOST, project, "with data")
    with context.transaction(read_only=True) as session:
        project = projects.get(session, HOST, project_id)
        paths = [path for path, _, _ in history.files(session, HOST, project)]
        lock = history.read(session, HOST, project, "datasets.json")
    assert paths == ["datasets.json", "train.py"]
    assert made.sha256 is not None and made.sha256.encode() in lock


def test_states_of_what_a_project_uses(context: StudioContext, folder: str) -> None:
    made = register(context)
    project_id, place = make_work(context)

    def state() -> str:
        with context.transaction(read_only=True) as session:
            (found,) = service.of_project(session, HOST, project_id).items
            return found.state

    with context.transaction() as session:
        service.mount(session, HOST, project_id, made.id, "mine")
    assert state() == "mounted"
    (place / "datasets/mine/a.csv").unlink()
    assert state() == "altered"
    lock = (place / "datasets.json").read_bytes()
    with context.transaction() as session:
        service.unmount(session, HOST, project_id, "mine")
    assert not (place / "datasets").exists() and not (place / "datasets.json").exists()
    # As in a fork or a restored version: the file is there, the folder is not.
    (place / "datasets.json").write_bytes(lock)
    assert state() == "available"
    with context.transaction() as session:
        service.mount(session, HOST, project_id, made.id, "mine")
    assert state() == "mounted"
    with context.transaction() as session:
        service.remove(session, HOST, made.id)
    assert state() == "missing"
    assert (place / "datasets/mine/a.csv").read_bytes() == FILES["a.csv"]


def test_mounting_asks_for_the_role(context: StudioContext, folder: str) -> None:
    made, ana = register(context), make_account(context, "Ana")
    project_id, _ = make_work(context)
    with context.transaction() as session, pytest.raises(NotFoundError):
        service.mount(session, ana, project_id, made.id)
    make_member(context, project_id, ana, Role.viewer)
    with context.transaction() as session:
        with pytest.raises(ForbiddenError):
            service.mount(session, ana, project_id, made.id)
        with pytest.raises(NotFoundError, match="no data set"):
            service.unmount(session, HOST, project_id, "set")


def test_a_project_without_a_folder_mounts_nothing(context: StudioContext, folder: str) -> None:
    made, project_id = register(context), make_project(context)
    with context.transaction() as session, pytest.raises(ConflictError, match="have a folder"):
        service.mount(session, HOST, project_id, made.id)


def test_what_a_dead_server_was_copying_is_marked_at_the_next_start(
    context: StudioContext, folder: str
) -> None:
    request = DatasetRequest("set", "folder", "raw")
    with context.transaction() as session:
        alive = service.register(session, HOST, request)
        dead = service.register(session, HOST, DatasetRequest("dead", "folder", "raw"))
        session.get_one(Dataset, dead.id).process = process_name() + "0"
    copying.recover(context)
    assert show(context, alive.id).state == "copying"
    found = show(context, dead.id)
    assert (found.state, found.message) == (
        "failed",
        "The server stopped while the files were taken in.",
    )


def test_a_cancelled_copy_says_so(context: StudioContext, folder: str) -> None:
    with context.transaction() as session:
        made = service.register(session, HOST, DatasetRequest("set", "folder", "raw"))
    task = Task(made.id)
    task.cancelled.set()
    copying.copy(context, made.id, task)
    assert (show(context, made.id).state, show(context, made.id).message) == (
        "failed",
        "It was cancelled.",
    )


class Site(http.server.BaseHTTPRequestHandler):
    """Gives one file, and one that breaks off."""

    def do_GET(self) -> None:
        self.send_response(200)
        length = 8 if self.path.startswith("/a%20b.csv") else 9
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(FILES["a.csv"])

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


def test_an_address_is_downloaded_where_that_is_allowed(context: StudioContext, site: str) -> None:
    for address in (site + "/a%20b.csv", "https://ana:word@data.invalid/a.csv"):
        with pytest.raises(InvalidError, match=r"An address (that starts with https|without a us)"):
            register(context, kind="url", source=address)
    limits = replace(context.limits, private_downloads=True)
    open_context = replace(context, limits=limits)
    made = register(open_context, kind="url", source=site + "/a%20b.csv?x=1&sig=abc")
    assert made.source == site + "/a%20b.csv?x=1", "what signed the address is forgotten"
    assert (made.state, made.sha256) == ("ready", hashlib.sha256(FILES["a.csv"]).hexdigest())
    with context.transaction(read_only=True) as session:
        assert [f.path for f in service.files(session, HOST, made.id).items] == ["a b.csv"]
    broken = register(open_context, name="broken", kind="url", source=site + "/broken.csv")
    assert broken.state == "failed"
    tiny = replace(context, limits=replace(limits, upload_bytes=4))
    large = register(tiny, name="large", kind="url", source=site + "/a%20b.csv")
    assert "larger than 4 bytes" in large.message


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a/b.csv", "b.csv"),
        ("https://host/a%2F..%2Fetc", "etc"),
        ("https://host/..", "data"),
        ("https://host/", "data"),
        ("https://host/%2ehidden", "hidden"),
        ("https://host/a%00b%0a.csv", "ab.csv"),
        ("https://host/数据.csv?x", "数据.csv"),
    ],
)
def test_names_of_downloads_are_plain(url: str, name: str) -> None:
    assert copying.file_name(url) == name
