"""What the page shows of the OpenAPI document: sections of operations, types in one line each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Field:
    """A parameter or a field of a body: its type as text."""

    name: str
    kind: str
    required: bool
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """One operation; `call` is a command that makes the example's request."""

    name: str
    verb: str
    path: str
    summary: str
    description: str
    who: str
    parameters: list[Field]
    takes: str
    takes_note: str
    fields: list[Field]
    answers: list[tuple[str, str, str]]
    call: str
    answer: str


def with_code(text: str) -> Markup:
    """Return a text as HTML; what stands between backquotes becomes code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def sections(document: dict[str, Any]) -> list[tuple[str, list[Shown]]]:
    """Return the operations by tag, in the document's order."""
    schemas = document["components"]["schemas"]
    found: dict[str, list[Shown]] = {tag["name"]: [] for tag in document["tags"]}
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            found[operation["tags"][0]].append(_show(path, verb, operation, schemas))
    return list(found.items())


def _show(path: str, verb: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Shown:
    parameters = operation.get("parameters", [])
    body = _json_of(operation.get("requestBody", {}))
    taken = operation.get("requestBody", {}).get("content", {})
    success = next(iter(operation["responses"].values()))
    example = _json_of(success).get("example")
    return Shown(
        name=operation["operationId"],
        verb=verb.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        who=_who(operation["security"]),
        parameters=[
            Field(p["name"], type_text(p["schema"]), p["required"], f"in the {p['in']}")
            for p in parameters
        ],
        takes=type_text(body["schema"]) if "schema" in body else ", ".join(taken),
        takes_note=_description(body.get("schema", {}), schemas),
        fields=_fields(body.get("schema", {}), schemas),
        answers=[
            (status, answer["description"], _content_text(answer))
            for status, answer in operation["responses"].items()
        ],
        call=_call(path, verb, parameters, body.get("example")),
        answer=json.dumps(example, indent=2, ensure_ascii=False) if example is not None else "",
    )


def type_text(schema: dict[str, Any]) -> str:
    """Return a JSON Schema as one short line, such as `Project[]` or `string | null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " | ".join(type_text(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        inner = type_text(schema.get("items", {}))
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{{[name]: {type_text(schema['additionalProperties'])}}}"
    kind = schema.get("type", "any")
    return " | ".join(kind) if isinstance(kind, list) else str(kind)


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[Field]:
    struct = schemas.get(type_text(schema), {})
    return [
        Field(name, type_text(kind), name in struct.get("required", []))
        for name, kind in struct.get("properties", {}).items()
    ]


def _description(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    struct = schemas.get(type_text(schema), {})
    return " ".join(str(struct.get("description", "")).split())


def _who(security: list[dict[str, Any]]) -> str:
    if {} in security:
        return "anyone who may see the project"
    return "host and accounts" if {"account": []} in security else "host"


def _json_of(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part.get("content", {}).get("application/json", {})
    return found


def _content_text(answer: dict[str, Any]) -> str:
    content = answer.get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return type_text(schema) if schema else ", ".join(content)


def _call(path: str, verb: str, parameters: list[dict[str, Any]], body: Any) -> str:
    for parameter in parameters:
        if parameter["in"] == "path" and "example" in parameter:
            path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
    asked = [
        f"{p['name']}={p['example']}" for p in parameters if p["in"] == "query" and "example" in p
    ]
    address = f"$STUDIO{path}" + (f"?{'&'.join(asked)}" if asked else "")
    method = "" if verb == "get" else f" -X {verb.upper()}"
    data = f" -d '{json.dumps(body, ensure_ascii=False)}'" if body is not None else ""
    return f'curl{method} -H "Authorization: token $TOKEN" "{address}"{data}'
