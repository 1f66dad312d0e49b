"""What a verb takes, gives and refuses, said once beside it.

The base handler decodes and sends by it, and the OpenAPI document is written from it, so that
neither can drift from the other. A verb carries it as its outermost decorator:

    @contract(Copy, status=201, takes=CopyRequest, refuses=(NoSpaceError,))
    @guarded
    async def post(self, slug: str) -> None:
        '''Copy a template.'''  # the first line is the summary in the document
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from tengen_studio.errors import StudioError

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""Type of a request's number that a database is asked for: SQL's integers end there."""

Verb = TypeVar("Verb", bound=Callable[..., Any])
Shape = type[Struct] | str | None

_CONTRACT = "__tengen_contract__"


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of a list; `after` is the `next` of the page before."""

    after: str | None = None


class Refusal(Struct, frozen=True):
    """Every refusal: `code` is a stable word for programs, `message` a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Contract:
    """`gives` and `takes` are a struct, a media type such as "application/zip", or nothing.

    `query` is a struct of the address's parameters. `refuses` names the refusals beyond those
    that follow from the rest: 400 where something is decoded, 404 where the path names a thing.
    """

    gives: Shape
    status: int
    takes: Shape
    query: type[Struct] | None
    refuses: tuple[type[StudioError], ...]


def contract(
    gives: Shape = None,
    *,
    status: int | None = None,
    takes: Shape = None,
    query: type[Struct] | None = None,
    refuses: tuple[type[StudioError], ...] = (),
) -> Callable[[Verb], Verb]:
    """Return the decorator; `status` is 200, or 204 where nothing is given."""
    answer = status if status is not None else (200 if gives is not None else 204)
    made = Contract(gives, answer, takes, query, refuses)

    def mark(verb: Verb) -> Verb:
        setattr(verb, _CONTRACT, made)
        return verb

    return mark


def contract_of(verb: Callable[..., Any]) -> Contract | None:
    """Return the contract of `verb`, or None where it carries none."""
    return getattr(verb, _CONTRACT, None)
