"""Merge bases outlast the server, within bounds."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tengen_studio.bases.models import MergeBase
from tengen_studio.bases.service import Bases
from tengen_studio.context import SETTING, StudioContext
from tengen_studio.saving.writing import Files, Recent

from ..browser import Browser
from ..saving.test_contents import MERGED, read, save


def kept(context: StudioContext) -> list[str]:
    """Return the hashes of what is kept, by when it was seen."""
    with context.transaction(read_only=True) as session:
        return list(session.scalars(select(MergeBase.sha256).order_by(MergeBase.seen)))


def wait_for(context: StudioContext, wanted: set[str], last: str | None = None) -> None:
    """Return once `wanted`, and nothing else, is kept, `last` seen last."""
    end = time.monotonic() + 20
    while set(found := kept(context)) != wanted or (last and found[-1] != last):
        assert time.monotonic() < end, (found, wanted)
        time.sleep(0.01)


def sha256(data: bytes) -> str:
    """Return the hash by which `data` is found."""
    return hashlib.sha256(data).hexdigest()


def test_another_server_finds_what_was_read_and_written(
    context: StudioContext, tmp_path: Path
) -> None:
    recent = Recent(lasting=Bases(context))
    recent.add(b"read")
    files = Files()
    files.recent.lasting = Bases(context)
    files.replace(tmp_path / "a", b"written")
    wait_for(context, {sha256(b"read"), sha256(b"written")})
    another = Recent(lasting=Bases(context))
    assert another.find("sha256", sha256(b"read")) == b"read"
    assert another.find("md5", hashlib.md5(b"written").hexdigest()) == b"written"
    assert another.find("sha256", "0" * 64) is another.find("md5", "0") is None


def test_what_was_seen_longest_ago_goes_first(context: StudioContext) -> None:
    texts = [os.urandom(1000) for _ in range(3)]
    one, two, three = map(sha256, texts)
    bases = Bases(context, most=2100)
    for number, wanted in ((0, {one}), (1, {one, two}), (0, {one, two}), (2, {one, three})):
        last = (one, two, three)[number]
        bases.add(last, texts[number])
        wait_for(context, wanted, last)


def test_a_closed_studio_keeps_nothing_and_says_nothing(context: StudioContext) -> None:
    context.close()
    Bases(context).add(sha256(b"late"), b"late")


async def test_a_save_refused_after_a_restart_is_joined(
    host: Browser, jp_root_dir: Path, jp_serverapp: Any
) -> None:
    (jp_root_dir / "a.txt").write_text("one\ntwo\nthree\nfour\n")
    base = (await read(host, "a.txt"))["hash"]
    context = jp_serverapp.web_app.settings[SETTING]
    wait_for(context, {base})
    # A server that has just started remembers nothing itself.
    jp_serverapp.contents_manager.files = Files()
    jp_serverapp.contents_manager.attach(context)
    (jp_root_dir / "a.txt").write_text("one\nTWO\nthree\nfour\n")
    assert (await save(host, "a.txt", "one\ntwo\nthree\nFOUR\n", base_hash=base))[0] == 409
    (refused,) = (await host.api("GET", "refused-saves"))["items"]
    assert refused["mergeable"], json.dumps(refused)
    await host.api("POST", f"refused-saves/{refused['id']}", {"how": "merge"})
    assert (jp_root_dir / "a.txt").read_text() == MERGED
