"""Writes the front end's types and the JSON Schemas from our structs; run it after a change.

The structs in `tengen_studio/*/schemas.py` are the one source of what the routes take and give,
those in `tengen_studio/documents/` of what the engine tells the viewers.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

import tengen_studio
from tengen_studio import documents

API = Path(__file__).resolve().parent.parent / "extensions/lab/src/api"
TARGET = API / "types.ts"
DOCUMENTS = API / "documents.ts"
SCHEMAS = Path(documents.__path__[0])
# Structs that the server reads from files and never sends.
INTERNAL = {"Manifest"}
_PLAIN = {
    msgspec.inspect.StrType: "string",
    msgspec.inspect.IntType: "number",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.NoneType: "null",
    msgspec.inspect.BytesType: "string",
    msgspec.inspect.AnyType: "unknown",
}


def structs() -> list[type[msgspec.Struct]]:
    """Return every struct of every feature's `schemas` module, by module and name."""
    found = []
    for feature in sorted(pkgutil.iter_modules(tengen_studio.__path__), key=lambda m: m.name):
        folder = Path(tengen_studio.__path__[0]) / feature.name
        if not feature.ispkg or not (folder / "schemas.py").is_file():
            continue
        found += structs_of(importlib.import_module(f"tengen_studio.{feature.name}.schemas"))
    return [struct for struct in found if struct.__name__ not in INTERNAL]


def structs_of(module: ModuleType) -> list[type[msgspec.Struct]]:
    """Return the public structs that a module defines, by name."""
    return [
        value
        for _, value in sorted(vars(module).items())
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
        and not value.__name__.startswith("_")
    ]


def document_modules() -> list[ModuleType]:
    """Return the modules of `tengen_studio.documents`, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(documents.__path__))
    return [importlib.import_module(f"tengen_studio.documents.{name}") for name in names]


def typescript(kind: Any) -> str:
    """Return the TypeScript of a msgspec type.

    Raises:
        TypeError: a type that no schema has used so far.
    """
    if isinstance(kind, msgspec.inspect.UnionType):
        return " | ".join(dict.fromkeys(typescript(part) for part in kind.types))
    if isinstance(kind, msgspec.inspect.ListType):
        inner = typescript(kind.item_type)
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if isinstance(kind, msgspec.inspect.TupleType):
        return f"[{', '.join(map(typescript, kind.item_types))}]"
    if isinstance(kind, msgspec.inspect.StructType):
        return kind.cls.__name__
    if isinstance(kind, msgspec.inspect.LiteralType):
        return " | ".join(
            f"'{value}'" if isinstance(value, str) else json.dumps(value) for value in kind.values
        )
    if isinstance(kind, msgspec.inspect.DictType):
        return f"Record<{typescript(kind.key_type)}, {typescript(kind.value_type)}>"
    if type(kind) in _PLAIN:
        return _PLAIN[type(kind)]
    raise TypeError(f"[api_types] a type listed in _PLAIN, a list, union or struct; {kind}")


def interface(struct: type[msgspec.Struct]) -> str:
    """Return the exported interface of one struct.

    Fields with a default may be left out of what is sent to us: requests and documents.
    """
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    sent = struct.__name__.endswith("Request") or struct.__module__.startswith(documents.__name__)
    fields = [
        f"  {field.encode_name}{'?' if sent and not field.required else ''}: "
        f"{typescript(field.type)};"
        for field in info.fields
    ]
    summary = (struct.__doc__ or "").strip().splitlines()[0]
    body = "\n".join(fields)
    return f"/** {summary} */\nexport interface {struct.__name__} {{\n{body}\n}}\n"


def render(found: Iterable[type[msgspec.Struct]]) -> str:
    """Return a whole file of interfaces."""
    head = "// Written by scripts/api_types.py from the server's schemas; do not edit.\n"
    return "\n".join([head, *map(interface, found)])


def json_schema(module: ModuleType) -> str | None:
    """Return the JSON Schema of a module's documents, the structs with a version, if any."""
    roots = [struct for struct in structs_of(module) if "version" in struct.__struct_fields__]
    if not roots:
        return None
    refs, parts = msgspec.json.schema_components(roots, ref_template="#/$defs/{name}")
    draft = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps({"$schema": draft, "oneOf": list(refs), "$defs": parts}, indent=2) + "\n"


def outputs() -> dict[Path, str]:
    """Return every file that this script writes, with its text."""
    modules = document_modules()
    files = {
        TARGET: render(structs()),
        DOCUMENTS: render(struct for module in modules for struct in structs_of(module)),
    }
    for module in modules:
        schema = json_schema(module)
        if schema is not None:
            files[SCHEMAS / f"{module.__name__.rsplit('.', 1)[1]}.schema.json"] = schema
    return files


if __name__ == "__main__":
    for path, text in outputs().items():
        path.write_text(text, encoding="utf-8")
