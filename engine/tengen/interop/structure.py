"""Structure: how tensors are nested in tuples, lists and dicts, to take apart and put together."""

import dataclasses
from collections.abc import Callable
from typing import Any

from ..base.errors import ArgumentError, UnsupportedError
from .program import filled


@dataclasses.dataclass(frozen=True)
class Structure:
    """A nesting: `kind` is "leaf", "list", "tuple", "dict" or "none", `names` a dict's keys."""

    kind: str
    parts: tuple["Structure", ...] = ()
    names: tuple[Any, ...] = ()

    @staticmethod
    def of(spec: Any) -> "Structure":
        """From a PyTorch TreeSpec. Raises UnsupportedError for another container."""
        if spec.type is None:
            return Structure("leaf")
        parts = tuple(Structure.of(child) for child in spec.children())
        label = spec.type.__name__
        if spec.type is type(None):
            return Structure("none")
        if issubclass(spec.type, dict):
            return Structure("dict", parts, tuple(_keys(spec.context)))
        if issubclass(spec.type, tuple):
            return Structure("tuple", parts)
        if issubclass(spec.type, list):
            return Structure("list", parts)
        raise UnsupportedError(
            f"[from_torch] inputs and outputs are tensors in tuples, lists and dicts; got {label}"
        )

    def flat(self, value: Any, place: str) -> list[Any]:
        """The leaves of a value nested this way. Raises ArgumentError for another nesting."""
        if self.kind == "leaf":
            return [value]
        if self.kind == "none":
            if value is not None:
                raise ArgumentError(f"[from_torch] {place} was None when imported; got {value!r}")
            return []
        if self.kind == "dict":
            fits = isinstance(value, dict) and set(value) == set(self.names)
            items = [value[n] for n in self.names] if fits else []
        else:
            fits = isinstance(value, (list, tuple)) and len(value) == len(self.parts)
            items = list(value) if fits else []
        if not fits:
            raise ArgumentError(
                f"[from_torch] {place} was imported as a {self.kind} of {len(self.parts)};"
                f" got {type(value).__name__}"
            )
        found = []
        for number, (part, item) in enumerate(zip(self.parts, items, strict=True)):
            found += part.flat(item, f"{place}[{number}]")
        return found

    def nested(self, leaves: list[Any]) -> Any:
        """The leaves nested this way; uses them up from the front."""
        if self.kind == "leaf":
            return leaves.pop(0)
        if self.kind == "none":
            return None
        items = [part.nested(leaves) for part in self.parts]
        if self.kind == "dict":
            return dict(zip(self.names, items, strict=True))
        return tuple(items) if self.kind == "tuple" else items

    def rebuilding(self, leaves: list[Any]) -> Callable[[list[Any]], Any]:
        """A function from the slots' values to the result; leaves are slots and constants."""
        return Result(self.nested(list(leaves)))


@dataclasses.dataclass(frozen=True)
class Result:
    """Gives a template with the slots' values filled in."""

    template: Any

    def __call__(self, values: list[Any]) -> Any:
        return filled(self.template, values)


def _keys(context: Any) -> list[Any]:
    """A dict's keys from the context of its TreeSpec (a defaultdict's is nested)."""
    if len(context) == 2 and isinstance(context[1], list) and not isinstance(context[0], str):
        return list(context[1])
    return list(context)


@dataclasses.dataclass(frozen=True)
class Arguments:
    """Turns the arguments of a call into the flat inputs of an imported module."""

    positional: Structure
    keywords: tuple[tuple[str, Structure], ...]
    fixed: tuple[Any, ...]
    convert: Callable[[Any], Any]

    def __call__(self, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        count = len(self.positional.parts)
        names = [name for name, _ in self.keywords]
        if len(inputs) > count:
            raise ArgumentError(f"[from_torch] {count} inputs were imported; got {len(inputs)}")
        if len(inputs) < count or set(kwargs) != set(names):
            wanted = f" and {', '.join(names)}" if names else ""
            got = f" and {', '.join(kwargs)}" if kwargs else ""
            raise ArgumentError(
                f"[from_torch] {count} inputs{wanted} are expected; got {len(inputs)}{got}"
            )
        flat = self.positional.flat(inputs, "input")
        for name, part in self.keywords:
            flat += part.flat(kwargs[name], name)
        return [
            self.convert(value) if fixed is None else _same(number, value, fixed[0])
            for number, (value, fixed) in enumerate(zip(flat, self.fixed, strict=True))
        ]


def _same(number: int, value: Any, fixed: Any) -> Any:
    if value != fixed or type(value) is not type(fixed):
        raise ArgumentError(
            f"[from_torch] input {number} was {fixed!r} when imported and is part of the"
            f" program; got {value!r}"
        )
    return value
