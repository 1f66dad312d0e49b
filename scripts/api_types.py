"""Writes the front end's REST types from the server's structs; run it after changing a schema.

The structs in `tengen_studio/*/schemas.py` are the one source of what the routes take and give.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import msgspec

import tengen_studio

TARGET = Path(__file__).resolve().parent.parent / "extensions/lab/src/api/types.ts"
# Structs that the server reads from files and never sends.
INTERNAL = {"Manifest"}
_PLAIN = {
    msgspec.inspect.StrType: "string",
    msgspec.inspect.IntType: "number",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "boolean",
    msgspec.inspect.NoneType: "null",
}


def structs() -> list[type[msgspec.Struct]]:
    """Return every struct of every feature's `schemas` module, by module and name."""
    found = []
    for feature in sorted(pkgutil.iter_modules(tengen_studio.__path__), key=lambda m: m.name):
        folder = Path(tengen_studio.__path__[0]) / feature.name
        if not feature.ispkg or not (folder / "schemas.py").is_file():
            continue
        module = importlib.import_module(f"tengen_studio.{feature.name}.schemas")
        found += [
            value
            for _, value in sorted(vars(module).items())
            if isinstance(value, type)
            and issubclass(value, msgspec.Struct)
            and value.__module__ == module.__name__
            and value.__name__ not in INTERNAL
        ]
    return found


def typescript(kind: Any) -> str:
    """Return the TypeScript of a msgspec type.

    Raises:
        TypeError: a type that no schema has used so far.
    """
    if isinstance(kind, msgspec.inspect.UnionType):
        return " | ".join(typescript(part) for part in kind.types)
    if isinstance(kind, msgspec.inspect.ListType):
        inner = typescript(kind.item_type)
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if isinstance(kind, msgspec.inspect.StructType):
        return kind.cls.__name__
    if type(kind) in _PLAIN:
        return _PLAIN[type(kind)]
    raise TypeError(f"[api_types] a type listed in _PLAIN, a list, union or struct; {kind}")


def interface(struct: type[msgspec.Struct]) -> str:
    """Return the exported interface of one struct; fields with a default may be left out."""
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    request = struct.__name__.endswith("Request")
    fields = [
        f"  {field.encode_name}{'?' if request and not field.required else ''}: "
        f"{typescript(field.type)};"
        for field in info.fields
    ]
    summary = (struct.__doc__ or "").strip().splitlines()[0]
    body = "\n".join(fields)
    return f"/** {summary} */\nexport interface {struct.__name__} {{\n{body}\n}}\n"


def render() -> str:
    """Return the whole file."""
    head = "// Written by scripts/api_types.py from the server's schemas; do not edit.\n"
    return "\n".join([head, *map(interface, structs())])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
