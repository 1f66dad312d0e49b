"""Signature: what is known of a call before any kernel is chosen for it."""

from typing import Any

from ..graph.infer import infer
from ..graph.opdef import OpDef
from ..graph.types import TensorType
from .buffer import TAGGED

_signatures: dict[tuple[Any, ...], "Signature"] = {}


class Signature:
    """An operator with attributes on logical input types: its output types and gradients.

    `moves` says that the results are on another device than an input.

    It stands where an eager call has its Plan on the tape, so both give gradients alike.
    """

    __slots__ = ("attrs", "big", "dynamic", "in_types", "moves", "op", "out_types", "programs")

    def __init__(self, op: OpDef, attrs: tuple[Any, ...], types: tuple[TensorType | None, ...]):
        self.op = op
        self.attrs = attrs
        self.in_types = types
        self.out_types = infer(op, attrs, types)
        self.big = any(not t.known or t.nbytes >= TAGGED for t in self.out_types)
        place = self.out_types[0].device
        self.moves = any(t is not None and t.device is not place for t in types)
        self.dynamic = not all(t.known for t in self.out_types)
        self.programs: dict[Any, Any] = {}


def signature_of(
    op: OpDef, attrs: tuple[Any, ...], types: tuple[TensorType | None, ...]
) -> Signature:
    """The one Signature of these."""
    key = (op, attrs, types)
    found = _signatures.get(key)
    if found is None:
        if len(_signatures) > 100_000:
            _signatures.clear()
        found = _signatures[key] = Signature(op, attrs, types)
    return found
