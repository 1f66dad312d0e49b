"""Downloads against a real server, and unpacking archives."""

import gzip
import hashlib
import os
import pickle
import tarfile
import threading

import numpy as np
import pytest

from tengen.base.errors import FileFormatError
from tengen.data.dataset.archive import extract_tar
from tengen.data.dataset.download import check_md5, download, md5_of
from tengen.data.dataset.plain_pickle import load_plain_pickle
from tengen.data.exceptions import DownloadError

from .small_files import tar_of

COVERS = ()
CONTENT = bytes(range(256)) * 4000


MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def _content(server):
    server.files["data.bin"] = CONTENT


def left(folder):
    return sorted(name for name in os.listdir(folder) if not name.endswith(".lock"))


def test_a_download_and_no_second_one(server, tmp_path, capsys):
    target = tmp_path / "new" / "data.bin"
    assert download([f"{server.url}/good/data.bin"], target, MD5, 5) == target
    assert target.read_bytes() == CONTENT
    assert left(target.parent) == ["data.bin"]
    assert "data.bin: 100%" in capsys.readouterr().err
    download([f"{server.url}/good/data.bin"], target, MD5, 5)
    assert len(server.requests) == 1


def test_a_broken_connection_is_taken_up_again(server, tmp_path):
    target = tmp_path / "data.bin"
    download([f"{server.url}/broken/data.bin"], target, MD5, 5)
    assert target.read_bytes() == CONTENT
    half, quarter = len(CONTENT) // 2, len(CONTENT) // 4
    assert [asked for _, asked in server.requests] == [
        None,
        f"bytes={half}-",
        f"bytes={half + quarter}-",
    ]


@pytest.mark.parametrize("how", ["good", "plain"])
@pytest.mark.parametrize("part", [CONTENT[:1000], b"of another file", CONTENT, CONTENT + b"more"])
def test_a_part_of_an_earlier_try(server, tmp_path, how, part):
    target = tmp_path / "data.bin"
    (tmp_path / "data.bin.part").write_bytes(part)
    download([f"{server.url}/{how}/data.bin"], target, MD5, 5)
    assert target.read_bytes() == CONTENT
    assert left(tmp_path) == ["data.bin"]


def test_the_next_address_is_tried_and_all_are_reported(server, tmp_path):
    target = tmp_path / "data.bin"
    urls = [f"{server.url}/good/{name}" for name in ("missing.bin", "data.bin")]
    download(urls, target, MD5, 5)
    assert target.exists()
    other = tmp_path / "other.bin"
    with pytest.raises(DownloadError) as caught:
        download([urls[0], "ftp://x/y"], other, MD5, 5)
    text = str(caught.value)
    assert "missing.bin: HTTP Error 404" in text
    assert "begin with http:// or https://; got 'ftp://x/y'" in text
    assert f"put the file at {other} yourself" in text
    assert not other.exists()


def test_a_wrong_checksum(server, tmp_path):
    target = tmp_path / "data.bin"
    with pytest.raises(DownloadError, match=f"md5 {'0' * 32} expected, {MD5} found"):
        download([f"{server.url}/good/data.bin"], target, "0" * 32, 5)
    assert left(tmp_path) == []
    target.write_bytes(CONTENT)
    assert md5_of(target) == MD5
    check_md5(target, MD5)
    with pytest.raises(DownloadError, match="remove it and try again"):
        check_md5(target, "0" * 32)


def test_a_silent_server(server, tmp_path, monkeypatch):
    monkeypatch.setattr("tengen.data.dataset.download.ATTEMPTS", 1)
    with pytest.raises(DownloadError, match="timed out"):
        download([f"{server.url}/silent/data.bin"], tmp_path / "data.bin", MD5, 0.3)


def test_nobody_listens(tmp_path, monkeypatch):
    monkeypatch.setattr("tengen.data.dataset.download.ATTEMPTS", 1)
    with pytest.raises(DownloadError, match="refused"):
        download(["http://127.0.0.1:9/x"], tmp_path / "x", MD5, 1)


def test_two_at_once_fetch_once(server, tmp_path):
    target = tmp_path / "data.bin"
    threads = [
        threading.Thread(target=download, args=([f"{server.url}/good/data.bin"], target, MD5, 5))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() == CONTENT
    assert len(server.requests) == 1


def folder_member(name):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def link_member(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_extract(tmp_path, mode):
    tar = tar_of(
        tmp_path / "a.tar",
        [
            (folder_member("./"), None),
            (folder_member("top"), None),
            ("top/a.txt", b"a"),
            ("./top/deep/b.txt", b"b"),
        ],
        mode,
    )
    target = tmp_path / "out"
    (target / "top").mkdir(parents=True)
    (target / "top" / "kept.txt").write_bytes(b"k")
    (target / "top" / "a.txt").write_bytes(b"old")
    extract_tar(tar, target)
    assert sorted(p.name for p in target.rglob("*.txt")) == ["a.txt", "b.txt", "kept.txt"]
    assert (target / "top" / "a.txt").read_bytes() == b"a"
    assert sorted(os.listdir(tmp_path)) == ["a.tar", "out"]


@pytest.mark.parametrize(
    "member",
    [
        "../evil.txt",
        "a/../../evil.txt",
        "/tmp/evil-absolute.txt",
        "C:\\evil.txt",
        "..\\evil.txt",
        link_member("link", "/etc/passwd"),
        link_member("hard", "good.txt", tarfile.LNKTYPE),
        link_member("pipe", "", tarfile.FIFOTYPE),
    ],
)
def test_hostile_members_write_nothing(tmp_path, member):
    tar = tar_of(
        tmp_path / "a.tar.gz",
        [("good.txt", b"g"), (member, b"" if isinstance(member, str) else None)],
    )
    with pytest.raises(FileFormatError, match=r"leads out of the archive|is a link or device"):
        extract_tar(tar, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []
    assert sorted(os.listdir(tmp_path)) == ["a.tar.gz", "out"]


def test_damaged_archives(tmp_path):
    tar = tar_of(tmp_path / "a.tar.gz", [("good.txt", os.urandom(100_000))])
    tar.write_bytes(tar.read_bytes()[:50_000])
    with pytest.raises(FileFormatError, match="cannot be unpacked"):
        extract_tar(tar, tmp_path / "out")
    assert os.listdir(tmp_path / "out") == []
    tar.write_bytes(gzip.compress(b"no tar"))
    with pytest.raises(FileFormatError, match="cannot be unpacked"):
        extract_tar(tar, tmp_path / "out")


PLAIN = {
    b"data": np.arange(6, dtype=np.uint8).reshape(2, 3),
    b"labels": [1, 2],
    b"scalar": np.float32(2.5),
    b"names": (b"x", "y", None, True, 1.5, {1}),
}


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_plain_pickles(tmp_path, protocol):
    path = tmp_path / "plain"
    path.write_bytes(pickle.dumps(PLAIN, protocol=protocol))
    if protocol < 4:  # sets are a class in old protocols
        path.write_bytes(pickle.dumps({k: v for k, v in PLAIN.items() if k != b"names"}, protocol))
    out = load_plain_pickle(path)
    np.testing.assert_array_equal(out[b"data"], PLAIN[b"data"])
    assert out[b"labels"] == [1, 2]
    assert out[b"scalar"] == np.float32(2.5)


def test_a_pickle_of_python_2(tmp_path):
    old = (  # an array written by Python 2 and NumPy 1, in text
        b"(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n"
        b"(I0\ntp4\nS'b'\np5\ntp6\nRp7\n(I1\n(I3\ntp8\ncnumpy\ndtype\np9\n(S'u1'\np10\nI0\nI1\n"
        b"tp11\nRp12\n(I3\nS'|'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\nS'\\x07\\x08\\t'\np15\ntp16\n"
        b"bs."
    )
    path = tmp_path / "old"
    path.write_bytes(old)
    assert load_plain_pickle(path)[b"data"].tolist() == [7, 8, 9]


class Evil:
    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "call", [(os.system, ("touch evil",)), (eval, ("1",)), (getattr, ("", "x")), (bytearray, (3,))]
)
def test_pickles_that_run_code_are_refused(tmp_path, call):
    path = tmp_path / "evil"
    path.write_bytes(pickle.dumps([Evil(call)]))
    with pytest.raises(FileFormatError, match="the pickle asks for"):
        load_plain_pickle(path)
    objects = np.empty(1, object)
    objects[0] = Evil(call)
    path.write_bytes(pickle.dumps(objects))
    with pytest.raises(FileFormatError, match="the pickle asks for"):
        load_plain_pickle(path)


def test_a_damaged_pickle(tmp_path):
    path = tmp_path / "cut"
    path.write_bytes(pickle.dumps(PLAIN)[:50])
    with pytest.raises(FileFormatError, match="no readable pickle"):
        load_plain_pickle(path)
