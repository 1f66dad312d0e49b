"""The scanner: every rule finds its credential, ordinary text and placeholders are left alone."""

from __future__ import annotations

import json
import random
import string
import time
from pathlib import Path

import pytest

from tengen_studio.secrets.rules import RULES, is_placeholder
from tengen_studio.secrets.scanner import STORED, mask, scan

ROOT = Path(__file__).parents[3]
_random = random.Random(20)


def letters(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Return characters that look like a credential's."""
    return "".join(_random.choice(alphabet) for _ in range(count))


HEX = "0123456789abcdef"
# Written in halves, so that a scanner of repositories does not take this file for a leak.
CREDENTIALS = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AWS access key": "id = 'AK" + "IA" + letters(16, string.ascii_uppercase + "234567") + "'",
    "AWS secret key": "aws_sec" + "ret_access_key = " + letters(40),
    "GitHub token": "git clone https://gh" + "p_" + letters(36) + "@github.com/a/b",
    "GitLab token": "gl" + "pat-" + letters(20),
    "Hugging Face token": "login('h" + "f_" + letters(34) + "')",
    "OpenAI key": "client = Client('sk" + "-proj-" + letters(48) + "')",
    "Anthropic key": "sk-" + "ant-api03-" + letters(90),
    "Slack token": "xo" + "xb-1234567890-" + letters(24),
    "Slack webhook": "https://hooks.sl" + "ack.com/services/T000/B000/" + letters(24),
    "Google API key": "AI" + "za" + letters(35),
    "Google OAuth secret": "GOC" + "SPX-" + letters(28),
    "Stripe key": "sk_" + "live_" + letters(24),
    "npm token": "np" + "m_" + letters(36),
    "PyPI token": "pypi-" + "AgE" + letters(80),
    "SendGrid key": "SG" + "." + letters(22) + "." + letters(43),
    "DigitalOcean token": "dop" + "_v1_" + letters(64, HEX),
    "Telegram bot token": "123456789:" + "AA" + letters(33),
    "Azure storage key": "Account" + "Key=" + letters(86) + "==",
    "Kaggle key": '{"username": "kaggle-user", "key": "' + letters(32, HEX) + '"}',
    "Weights & Biases key": "wandb login " + letters(40, HEX),
    "Jupyter token": "http://host:8888/lab?to" + "ken=" + letters(48, HEX),
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0." + letters(43),
    "password in an address": "postgresql://ana:" + letters(12) + "@db.host/studio",
    "password or key": "api_key = '" + letters(30) + "'",
}


def test_every_kind_has_a_credential_here() -> None:
    assert set(CREDENTIALS) == {rule.kind for rule in RULES}


@pytest.mark.parametrize("kind", sorted(CREDENTIALS))
def test_a_credential_is_found_once_with_its_line(kind: str) -> None:
    text = f"import os\n\n{CREDENTIALS[kind]}\nprint('done')\n"
    (finding,) = scan([("train.py", text.encode())])
    assert (finding.kind, finding.line, finding.cell, finding.part) == (kind, 3, None, "text")
    assert finding.masked.endswith("••••••")


@pytest.mark.parametrize(
    "line",
    [
        'os.environ.setdefault("SERVICE_TOKEN", "{}")',
        'config["password"] = "{}"',
        '"client_secret": "{}",',
        "export MY_SERVICE_API_KEY={}",
        "DB_PASSWORD={}",
        "%env SERVICE_TOKEN={}",
    ],
)
def test_names_that_tell_make_a_value_a_finding(line: str) -> None:
    assert scan([("a.py", line.replace("{}", letters(24)).encode())])


@pytest.mark.parametrize(
    "line",
    [
        "token = get('HF_TOKEN')",
        "password = os.environ['DB_PASSWORD']",
        "api_key = 'your-api-key-goes-here'",
        "API_KEY=<paste the key here>",
        "password = '${DB_PASSWORD}'",
        "postgresql://user:password@host/db",
        "token = 'aaaaaaaaaaaaaaaa'",
        "tokenizer = AutoTokenizer('bert-base-uncased')",
        "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "sha256:" + "0123456789abcdef" * 4,
        "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" * 20,
        "key = 'conv1.weight'",
        "for key, value in state.items():",
    ],
)
def test_ordinary_lines_are_left_alone(line: str) -> None:
    assert scan([("a.py", line.encode())]) == []


def test_this_repository_has_no_secret() -> None:
    kinds = (".py", ".md", ".toml", ".ipynb", ".json")
    paths = [p for p in (ROOT / "studio").rglob("*") if p.suffix in kinds]
    paths += (ROOT / "notebooks").rglob("*.ipynb")
    assert len(paths) > 30
    assert scan((str(path), path.read_bytes()) for path in paths) == []


def test_notebooks_are_read_by_cell_sources_and_outputs() -> None:
    token = CREDENTIALS["Hugging Face token"].split("'")[1]
    notebook = {
        "metadata": {"login": token},
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "nothing here"], "metadata": {}},
            {
                "cell_type": "code",
                "metadata": {},
                "source": ["import os\n", f"token = '{token}'\n"],
                "outputs": [
                    {"output_type": "stream", "text": ["one\n", f"two {token}\n"]},
                    {"output_type": "error", "evalue": token, "traceback": ["a", token]},
                    {"output_type": "display_data", "data": {"text/html": f"<b>{token}</b>"}},
                    {"output_type": "display_data", "data": {"image/png": f" {token} "}},
                ],
            },
        ],
    }
    found = scan([("train.ipynb", json.dumps(notebook).encode())])
    places = {(finding.cell, finding.part, finding.line) for finding in found}
    assert places == {
        (None, "metadata", 1),
        (2, "source", 2),
        (2, "output", 2),
        (2, "output", 1),
    }
    assert not any(token in str(finding) for finding in found)


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"cells": 3}', b'{"cells": [3, {}]}', b"\xff\xfe"]
)
def test_a_broken_notebook_is_read_as_text(content: bytes) -> None:
    line = CREDENTIALS["GitLab token"].encode()
    found = scan([("a.ipynb", content), ("b.ipynb", content + b"\n" + line + b"\n")])
    assert [finding.path for finding in found] == ["b.ipynb"]


def test_a_looked_at_line_and_a_binary_file_are_passed_over() -> None:
    line = CREDENTIALS["GitHub token"]
    assert scan([("a.py", f"{line}  # not a secret".encode())]) == []
    assert scan([("a.bin", b"\0\1" + line.encode())]) == []


def test_stored_values_are_found_whatever_they_look_like() -> None:
    (finding,) = scan([("a.txt", b"the magic word is: open sesame\n")], ["open sesame"])
    assert (finding.kind, finding.masked) == (STORED, "op••••••")


def test_masks_hide_most() -> None:
    assert mask("abcdefgh") == "ab••••••"
    assert mask("a" * 40) == "aaaa••••••"
    assert mask("abc") == "••••••"


@pytest.mark.parametrize(
    "line",
    ["a_" * 10_000, "password" * 3_000, "http://" * 3_000, "wandb " * 4_000, "x:x@" * 5_000],
)
def test_hostile_lines_take_no_time(line: str) -> None:
    start = time.perf_counter()
    scan([("a.py", ("token " + line).encode())])
    assert time.perf_counter() - start < 2


def test_long_lines_are_read_to_their_end() -> None:
    line = "x" * 50_000 + " " + CREDENTIALS["GitHub token"]
    assert [finding.kind for finding in scan([("a.js", line.encode())])] == ["GitHub token"]


def test_placeholders_of_issuers_with_their_own_form_are_judged_by_entropy() -> None:
    rule = next(rule for rule in RULES if rule.kind == "GitHub token")
    assert is_placeholder(rule, "ghp_" + "x" * 36)
    assert not is_placeholder(rule, "ghp_" + letters(36))
