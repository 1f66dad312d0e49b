"""Fetching the files of data sets over HTTP.

A download goes to `<name>.part`, is taken up again where it broke off, is checked, and only then
gets its name, so that a file with its final name is whole. Two processes do not write at once.
"""

import hashlib
import http.client
import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..exceptions import DownloadError

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024
ATTEMPTS = 3


def download(urls: Sequence[str], target: Path, md5: str, timeout: float) -> Path:
    """`target`, fetched from the first of `urls` that has it; nothing happens if it exists.

    `timeout` is the seconds that the other end may be silent. Raises DownloadError, which lists
    what was tried, if no address gives a file with checksum `md5`.
    """
    from filelock import FileLock

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with FileLock(str(target) + ".lock"):
        if target.exists():  # another process was faster
            return target
        reasons = []
        for url in urls:
            try:
                _fetch_checked(url, part, md5, timeout)
            except (OSError, http.client.HTTPException, DownloadError) as error:
                logger.info("[download] %s: %s", url, error)
                reasons.append(f"  {url}: {error}")
                continue
            os.replace(part, target)
            return target
    raise DownloadError(
        f"[download] could not get {target.name}:\n" + "\n".join(reasons) + f"\nIf this machine "
        f"has no network, put the file at {target} yourself"
    )


def check_md5(path: Path, expected: str) -> None:
    """Raise DownloadError unless `path` has the MD5 checksum `expected`."""
    found = md5_of(path)
    if found != expected:
        raise DownloadError(
            f"[download] {path} fails its checksum: md5 {expected} expected, {found} found; it is "
            f"damaged or another version: remove it and try again"
        )


def md5_of(path: Path) -> str:
    """The MD5 checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _fetch_checked(url: str, part: Path, md5: str, timeout: float) -> None:
    resumed = part.exists()
    _fetch(url, part, timeout)
    if resumed and md5_of(part) != md5:
        # The part may have come from another version of the file: once more, from the start.
        part.unlink()
        _fetch(url, part, timeout)
    try:
        check_md5(part, md5)
    except DownloadError:
        part.unlink()
        raise


def _fetch(url: str, part: Path, timeout: float) -> None:
    """Bring `part` up to the whole file, trying again where the connection breaks off."""
    for attempt in range(ATTEMPTS):
        try:
            _fetch_once(url, part, timeout)
            return
        except (urllib.error.HTTPError, ValueError):
            raise
        except (OSError, http.client.HTTPException):
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.5 * 2**attempt)


def _fetch_once(url: str, part: Path, timeout: float) -> None:
    if not url.startswith(("http://", "https://")):
        raise DownloadError(f"[download] addresses begin with http:// or https://; got {url!r}")
    done = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "tengen", "Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    try:
        reply = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=timeout
        )
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to send, or the part is longer than the file
            return
        raise
    with reply:
        resumed = reply.status == 206
        length = reply.headers.get("Content-Length")
        expected = None if length is None else int(length)
        _save(reply, part, "ab" if resumed else "wb", expected, done if resumed else 0)


def _save(reply: Any, part: Path, mode: str, expected: int | None, done: int) -> None:
    from tqdm import tqdm

    received = 0
    total = None if expected is None else done + expected
    name = part.name.removesuffix(".part")
    with (
        open(part, mode) as file,
        tqdm(total=total, initial=done, unit="B", unit_scale=True, desc=name) as bar,
    ):
        while chunk := reply.read(CHUNK):
            file.write(chunk)
            received += len(chunk)
            bar.update(len(chunk))
        file.flush()
        os.fsync(file.fileno())
    if expected is not None and received < expected:
        raise ConnectionError(f"the connection ended after {received} of {expected} bytes")
