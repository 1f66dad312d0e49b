"""Writes the OpenAPI 3.1 document from the route table, the contracts and the recorded examples."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http.client import responses
from pathlib import Path
from typing import Any

import msgspec

from tengen_studio.contract import Contract, Refusal, Shape
from tengen_studio.errors import ForbiddenError, InvalidError, NotFoundError, StudioError
from tengen_studio.guard import Audience
from tengen_studio.openapi.routes import Operation, Route, operations
from tengen_studio.version import __version__

EXAMPLES = Path(__file__).with_name("examples.json")
_REFERENCE = "#/components/schemas/{name}"
_SECURITY: dict[Audience, list[dict[str, list[str]]]] = {
    Audience.host: [{"token": []}],
    Audience.people: [{"token": []}, {"account": []}],
    Audience.anyone: [{}, {"token": []}, {"account": []}],
}
_ABOUT = """\
JSON in and out, unless a route says otherwise. The host calls with `Authorization: token ...`,
or with JupyterLab's session cookie together with the header `X-XSRFToken`; invited accounts call
with the cookie that the login gives. Lists come in pages: `next` is the cursor of the following
page, or null at the end. Times are ISO 8601 in UTC. Ids are opaque.
"""


def document(routes: Sequence[Route], prefix: str) -> dict[str, Any]:
    """Return the document of every operation in `routes`, mounted under `prefix`."""
    table = operations(routes)
    references, components = _schemas(table)
    examples = recorded_examples()
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        described = _describe(operation, references, examples.get(operation.name, {}))
        paths.setdefault(prefix + operation.path, {})[operation.verb] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tengen Studio", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization"},
                "account": {"type": "apiKey", "in": "cookie", "name": "tengen-studio-session"},
            },
        },
        "tags": [{"name": name} for name in dict.fromkeys(o.feature for o in table)],
    }


@lru_cache(maxsize=1)
def recorded_examples() -> dict[str, dict[str, Any]]:
    """Return the calls that `scripts/openapi.py` recorded, by the operation's name."""
    return json.loads(EXAMPLES.read_text(encoding="utf-8"))


def _schemas(table: Iterable[Operation]) -> tuple[dict[type, Any], dict[str, Any]]:
    structs: dict[type, None] = {Refusal: None}
    for operation in table:
        contract = operation.contract
        for shape in (contract.takes, contract.gives, contract.query):
            if isinstance(shape, type):
                structs[shape] = None
    references, components = msgspec.json.schema_components(structs, ref_template=_REFERENCE)
    return dict(zip(structs, references, strict=True)), dict(sorted(components.items()))


def _describe(
    operation: Operation, references: Mapping[type, Any], example: Mapping[str, Any]
) -> dict[str, Any]:
    contract = operation.contract
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.feature],
        "summary": operation.summary,
    }
    if operation.description:
        described["description"] = operation.description
    parameters = _path_parameters(operation, example) + _query_parameters(contract, example)
    if parameters:
        described["parameters"] = parameters
    if contract.takes is not None:
        content = _content(contract.takes, references, example.get("body"))
        described["requestBody"] = {"required": True, "content": content}
    described["responses"] = _responses(operation, references, example)
    described["security"] = _SECURITY[operation.audience]
    return described


def _path_parameters(operation: Operation, example: Mapping[str, Any]) -> list[dict[str, Any]]:
    values = example.get("path", {})
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        | ({"example": values[name]} if name in values else {})
        for name in operation.parameters
    ]


def _query_parameters(contract: Contract, example: Mapping[str, Any]) -> list[dict[str, Any]]:
    if contract.query is None:
        return []
    _, components = msgspec.json.schema_components([contract.query], ref_template=_REFERENCE)
    schema = components[contract.query.__name__]
    values = example.get("query", {})
    return [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": kind}
        | ({"example": values[name]} if name in values else {})
        for name, kind in schema["properties"].items()
    ]


def _responses(
    operation: Operation, references: Mapping[type, Any], example: Mapping[str, Any]
) -> dict[str, Any]:
    contract = operation.contract
    answer: dict[str, Any] = {"description": responses[contract.status]}
    if contract.gives is not None:
        answer["content"] = _content(contract.gives, references, example.get("answer"))
    found = {str(contract.status): answer}
    for refusal in sorted(refusals(operation), key=lambda refusal: refusal.status):
        said = (refusal.__doc__ or "").strip().splitlines()[0]
        entry = found.setdefault(str(refusal.status), {"description": said})
        if said not in entry["description"]:
            entry["description"] += f" {said}"
        entry["content"] = {"application/json": {"schema": references[Refusal]}}
    return found


def refusals(operation: Operation) -> set[type[StudioError]]:
    """Return what `operation` may refuse with: what its contract names and what follows from it."""
    contract = operation.contract
    found = set(contract.refuses)
    if contract.takes is not None or contract.query is not None:
        found.add(InvalidError)
    if operation.parameters:
        found.add(NotFoundError)
    if operation.audience < Audience.anyone or operation.parameters:
        found.add(ForbiddenError)
    return found


def _content(shape: Shape, references: Mapping[type, Any], example: Any) -> dict[str, Any]:
    if isinstance(shape, str):
        return {shape: {}}
    assert shape is not None
    entry = {"schema": references[shape]}
    if example is not None:
        entry["example"] = example
    return {"application/json": entry}
