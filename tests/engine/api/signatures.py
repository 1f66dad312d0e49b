"""The listed public names and a check of a name's signature against its line."""

import ast
import importlib
import inspect
from functools import cache
from pathlib import Path

LISTED = Path(__file__).with_name("api.tsv")


@cache
def listed() -> dict[str, tuple[str, str]]:
    """Kind and signature text by public name."""
    found = {}
    for line in LISTED.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, kind, *signature = line.split("\t")
            found[name] = (kind, signature[0] if signature else "")
    return found


def resolve(name: str):
    """The object a dotted public name stands for."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            found = (
                inspect.getattr_static(found, part)
                if inspect.isclass(found)
                else getattr(found, part)
            )
        return found
    raise ImportError(name)


def parameters(signature: str) -> list[tuple[str, str | None]]:
    """Parameter names with their default's text (None: no default) from a listed signature."""
    inner = signature[1 : _closing(signature)]
    found = []
    for piece in _split(inner):
        name, _, default = piece.partition("=") if ":" not in piece else _annotated(piece)
        name = name.strip()
        if name in ("self", "cls", "*", "") or name.startswith("*"):
            continue
        found.append((name, default.strip() or None))
    return found


def _annotated(piece: str) -> tuple[str, str, str]:
    name, rest = piece.split(":", 1)
    depth = 0
    for at, char in enumerate(rest):
        depth += char in "[(<{"
        depth -= char in "])>}"
        if char == "=" and depth == 0:
            return name, "=", rest[at + 1 :]
    return name, "", ""


def _closing(text: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        depth += char == "("
        depth -= char == ")"
        if depth == 0:
            return at
    raise ValueError(text)


def _split(text: str) -> list[str]:
    pieces, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += char in "[(<{"
        depth -= char in "])>}"
        if char == "," and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    pieces.append(text[start:].strip())
    return [p for p in pieces if p]


def check_signature(name: str) -> None:
    """Assert that a public name takes the listed parameters, in order, with the listed defaults."""
    kind, text = listed()[name]
    found = resolve(name)
    if kind == "property":
        assert isinstance(found, property) or not callable(found), name
        return
    if kind in ("constant", "member") or not text:
        return
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    have = [
        p for p in inspect.signature(found).parameters.values()
        if p.name not in ("self", "cls") and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]  # fmt: skip
    want = parameters(text)
    names = [p.name for p in have]
    assert names[: len(want)] == [n for n, _ in want], f"{name}: {names} != {want}"
    for parameter, (label, default) in zip(have, want, strict=False):
        if default is None:
            assert parameter.default is inspect.Parameter.empty, f"{name}: {label} has a default"
            continue
        assert parameter.default is not inspect.Parameter.empty, f"{name}: {label} has no default"
        try:
            expected = ast.literal_eval(default)
        except (ValueError, SyntaxError):
            continue
        got = parameter.default
        assert got == expected or (got in ((), None) and expected in ([], None)), (
            f"{name}: {label} defaults to {got!r}, listed {expected!r}"
        )
    for extra in have[len(want) :]:
        assert extra.default is not inspect.Parameter.empty, f"{name}: {extra.name} is required"
