"""Reads the route table: one `Operation` for each verb that answers, with its names and contract.

A route's pattern is a regular expression; its groups are the path's parameters, named by the
verb's own arguments.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tengen_studio.contract import Contract, contract_of
from tengen_studio.guard import Audience, audience_of

VERBS = ("get", "post", "put", "patch", "delete")
_GROUP = re.compile(r"\((?:\?P<\w+>|\?:)?(?:[^()\\]|\\.)*\)[?]?")

ROUTES_SETTING = "tengen_studio_routes"
"""The application setting that holds the whole route table."""

Route = tuple[Any, ...]


@dataclass(frozen=True)
class Operation:
    """One verb of one route: `path` has `{name}` for each of `parameters`."""

    name: str
    feature: str
    verb: str
    path: str
    pattern: str
    parameters: tuple[str, ...]
    summary: str
    description: str
    audience: Audience
    contract: Contract


def operations(routes: Iterable[Route]) -> list[Operation]:
    """Return the operations of a route table, in its order.

    Raises:
        TypeError: a verb without contract, guard or docstring, or two operations of one name.
    """
    found = [
        _operation(route[0], route[1], verb)
        for route in routes
        for verb in VERBS
        if _answers(route[1], verb)
    ]
    names = [operation.name for operation in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise TypeError(f"[openapi] operations with names of their own were expected; {twice}")
    return found


def _answers(handler: type, verb: str) -> bool:
    return any(
        verb in cls.__dict__
        for cls in handler.__mro__
        if cls.__module__.startswith("tengen_studio.")
    )


def _operation(pattern: str, handler: type, verb: str) -> Operation:
    method: Callable[..., Any] = getattr(handler, verb)
    contract = contract_of(method)
    if contract is None:
        raise TypeError(f"[openapi] {handler.__name__}.{verb} needs a contract; it has none")
    audience = audience_of(method)
    if audience is None:
        raise TypeError(f"[openapi] {handler.__name__}.{verb} needs a guard; it has none")
    names = [name for name in inspect.signature(method).parameters if name != "self"]
    summary, _, rest = inspect.cleandoc(method.__doc__ or "").partition("\n")
    if not summary:
        raise TypeError(f"[openapi] {handler.__name__}.{verb} needs a docstring; it has none")
    feature = handler.__module__.split(".")[1]
    return Operation(
        name=f"{feature}.{handler.__name__.removesuffix('Handler')}.{verb}",
        feature=feature,
        verb=verb,
        path=_path(pattern, names),
        pattern=pattern,
        parameters=tuple(names),
        summary=summary.rstrip("."),
        description=rest.strip(),
        audience=audience,
        contract=contract,
    )


def _path(pattern: str, names: list[str]) -> str:
    left = iter(names)
    path = _GROUP.sub(lambda _: f"{{{next(left)}}}", pattern).replace("\\.", ".")
    if next(left, None) is not None or re.search(r"[\\^$*+?()\[\]|]", path):
        raise TypeError(f"[openapi] one argument for each group was expected; {pattern}, {names}")
    return path
