"""Strategies for requests, written from the OpenAPI document: right, nearly right, and wrong."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

Pool = dict[str, list[str]]

NASTY = (
    *("", " ", ".", "..", "../..", "/etc/passwd", "a/../b", ".git", "\\", "\0", "\n", "%00", "%2e"),
    *("a" * 300, "é" * 2000, "𝟘", "\u202e", "\ud800", "CON", "null", "-1", "1e5", "NaN", "'; --"),
    *("https://host.invalid/a", "file:///etc/passwd", "<b>", "{}", "[]", "latest", "host", "İ"),
)
_INTEGERS = (0, 1, -1, 2, 50, 1001, 2**31, 2**31 - 1, -(2**31) - 1, 2**63, 2**64, 10**30)
_NUMBERS = (0.0, -0.0, 1e-300, 1e300, -1.5, 1e-5)
_VERBATIM = "-_.~"


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire; `name` is the operation's."""

    name: str
    verb: str
    address: str
    body: bytes
    documented: frozenset[int]

    def __repr__(self) -> str:
        # Hypothesis keeps what it drew as text; some bodies are large.
        return f"<{self.verb} {self.address[:500]} {self.body[:500]!r}>"


def texts() -> st.SearchStrategy[str]:
    """Return texts that break things, and any others."""
    return st.one_of(st.sampled_from(NASTY), st.text(max_size=40))


def anything() -> st.SearchStrategy[Any]:
    """Return any JSON value."""
    leaves = st.one_of(
        st.none(), st.booleans(), st.sampled_from(_INTEGERS), st.sampled_from(_NUMBERS), texts()
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(texts(), inner, max_size=4)
        ),
        max_leaves=8,
    )


def values(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values of a JSON Schema; every twentieth is of any other kind."""
    return st.integers(0, 19).flatmap(
        lambda roll: anything() if roll == 0 else _fitting(schema, schemas)
    )


def _fitting(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _fitting(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    if "anyOf" in schema:
        return st.one_of([values(part, schemas) for part in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        return _objects(schema, schemas)
    if kind == "array":
        return st.lists(values(schema.get("items", {}), schemas), max_size=4)
    return {
        "string": texts(),
        "integer": st.one_of(st.sampled_from(_INTEGERS), st.integers(0, 12)),
        "number": st.one_of(st.sampled_from(_NUMBERS), st.floats(0, 100)),
        "boolean": st.booleans(),
        "null": st.none(),
    }.get(str(kind), anything())


def _objects(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = schema.get("properties", {})
    required = {name: values(fields[name], schemas) for name in schema.get("required", [])}
    optional = {
        name: values(kind, schemas) for name, kind in fields.items() if name not in required
    }
    return st.fixed_dictionaries(required, optional=optional)


def requests(document: dict[str, Any], pool: Pool) -> st.SearchStrategy[Request]:
    """Return requests to any operation of the document; `pool` has ids that are there."""
    schemas = document["components"]["schemas"]
    every = [
        _request(path, verb, operation, schemas, pool)
        for path, verbs in document["paths"].items()
        for verb, operation in verbs.items()
    ]
    return st.one_of(every)


def _request(
    path: str, verb: str, operation: dict[str, Any], schemas: dict[str, Any], pool: Pool
) -> st.SearchStrategy[Request]:
    parameters = operation.get("parameters", [])
    places = {p["name"]: _path_values(p["name"], pool) for p in parameters if p["in"] == "path"}
    asked = {p["name"]: p for p in parameters if p["in"] == "query"}
    required = {name: values(p["schema"], schemas) for name, p in asked.items() if p["required"]}
    optional = {n: values(p["schema"], schemas) for n, p in asked.items() if n not in required}
    query = st.fixed_dictionaries(required, optional=optional)
    content = operation.get("requestBody", {}).get("content", {})
    documented = frozenset(int(status) for status in operation["responses"])

    def build(place: dict[str, str], question: dict[str, Any], body: bytes) -> Request:
        address = path
        for name, value in place.items():
            text = value.encode("utf-8", "surrogatepass")
            address = address.replace(f"{{{name}}}", quote(text, safe=_VERBATIM))
        if question:
            said = {n: _query_text(v) for n, v in question.items()}
            address += "?" + urlencode(said, errors="surrogatepass")
        return Request(operation["operationId"], verb.upper(), address, body, documented)

    return st.builds(build, st.fixed_dictionaries(places), query, _bodies(content, schemas, pool))


def _path_values(name: str, pool: Pool) -> st.SearchStrategy[str]:
    known = st.sampled_from(pool.get(name) or ["unknown"])
    # An empty part would make it another route's address.
    nasty = texts().filter(bool)
    return st.integers(0, 9).flatmap(lambda roll: nasty if roll == 0 else known)


def _query_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _bodies(
    content: dict[str, Any], schemas: dict[str, Any], pool: Pool
) -> st.SearchStrategy[bytes]:
    if "application/json" in content:
        fitting = values(content["application/json"]["schema"], schemas)
        known = [value for found in pool.values() for value in found]
        right = fitting.flatmap(lambda value: st.just(value) | _with_known(value, known))
        encoded = right.map(lambda value: json.dumps(value).encode())
        broken = st.one_of(st.binary(max_size=40), st.sampled_from([b"{", b"[" * 5000, b"\xff"]))
        return st.one_of(encoded, encoded, encoded, broken)
    if content:
        return st.one_of(_archives(), _archives(), st.binary(max_size=200))
    return st.just(b"")


def _with_known(value: Any, known: list[str]) -> st.SearchStrategy[Any]:
    """Put ids that are there where a text stands."""
    if not isinstance(value, dict) or not known:
        return st.just(value)
    texts_in = [name for name, part in value.items() if isinstance(part, str)]
    return st.fixed_dictionaries(
        {n: st.sampled_from(known) if n in texts_in else st.just(v) for n, v in value.items()}
    )


def _archives() -> st.SearchStrategy[bytes]:
    files = st.dictionaries(texts(), st.binary(max_size=60), max_size=5)
    return st.tuples(files, st.integers(0, 5), st.binary(min_size=1, max_size=4)).map(_archive)


def _archive(parts: tuple[dict[str, bytes], int, bytes]) -> bytes:
    files, roll, noise = parts
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            safe = name.encode("utf-8", "replace").decode().replace("\0", "0")
            out.writestr(zipfile.ZipInfo(safe or "empty"), data)
    made = packed.getvalue()
    if roll:
        return made
    at = len(made) // 2
    return made[:at] + noise + made[at + len(noise) :]
