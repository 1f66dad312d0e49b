"""Records: the calls of a function's runs, shared as a tree from the first call on.

Values are numbered along a path: a record first numbers the outside values it is the first to
take (its `externals`), then its outputs. Two runs that make the same calls on the same numbers
follow one path; where they part, the tree branches.
"""

import threading
from typing import Any

from ..graph.types import TensorType
from ..runtime.buffer import Tag
from ..runtime.signature import Signature

NONE = -1
"""Stands for an operand that is not given."""


class External:
    """A value from outside at its first use: its logical type, and the buffer if it is a constant.

    A constant that turns out to vary between runs (a Python number that changes) becomes an
    ordinary outside value: `constant` is then None for good.
    """

    __slots__ = ("constant", "type")

    def __init__(self, type: TensorType, constant: Any):
        self.type = type
        self.constant = constant


class Record:
    """One call: operator, attributes, the numbers of its inputs, and what may come next.

    `any` stands for calls with whatever attributes, which run at once as those of an `island` do.
    """

    __slots__ = (
        "any", "attrs", "depth", "externals", "first", "ins", "island", "nexts", "op", "parent",
        "signature", "tag",
    )  # fmt: skip

    op: Any
    depth: int
    attrs: tuple[Any, ...]
    ins: tuple[int, ...]
    signature: Any
    tag: Any

    def __init__(
        self,
        parent: "Record | None",
        signature: Signature | None,
        ins: tuple[int, ...],
        externals: list[External],
        first: int,
        tag: Tag | None,
        any: bool = False,
    ):
        self.any = any
        self.parent = parent
        self.signature = signature
        self.op = None if signature is None else signature.op
        self.attrs = () if signature is None else signature.attrs
        self.ins = ins
        self.externals = externals
        self.first = first
        self.tag = tag
        self.island = any or (signature is not None and (signature.dynamic or signature.moves))
        self.nexts: list[Record] = []
        self.depth = 0 if parent is None else parent.depth + 1

    @property
    def out(self) -> int:
        """The number of the first output."""
        return self.first + len(self.externals)

    @property
    def after(self) -> int:
        """The first number that is free after this call."""
        if self.signature is None:
            return 0
        return self.out + (0 if self.island else len(self.signature.out_types))


class Tree:
    """All records of one function, and what was compiled for stretches of them.

    `derived` are stretches that were made from recorded ones for other batch sizes.
    """

    def __init__(self) -> None:
        self.root = Record(None, None, (), [], 0, None)
        self.lock = threading.RLock()
        self.programs: dict[Any, Any] = {}
        self.derived: dict[Any, Any] = {}
        self.records = 0
        self.version = 0

    def find(
        self,
        at: Record,
        op: Any,
        attrs: tuple[Any, ...],
        ins: tuple[int, ...],
        fresh: list[External],
    ) -> Record | None:
        """The record of this call after `at`, if one is there."""
        for record in at.nexts:
            if (
                record.op is op
                and record.ins == ins
                and (record.any or record.attrs == attrs)
                and len(record.externals) == len(fresh)
                and self._same(record, fresh)
            ):
                return record
        return None

    def _same(self, record: Record, fresh: list[External]) -> bool:
        differing = []
        for known, new in zip(record.externals, fresh, strict=True):
            if known.type is not new.type:
                return False
            if known.constant is not None and known.constant is not new.constant:
                differing.append(known)
        if differing:
            with self.lock:
                for known in differing:
                    known.constant = None
                self.programs.clear()
                self.version += 1
        return True

    def add(self, record: Record) -> Record:
        """Put a new record under its parent."""
        assert record.parent is not None
        with self.lock:
            record.parent.nexts.append(record)
            self.records += 1
        return record
