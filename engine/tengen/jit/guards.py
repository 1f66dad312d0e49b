"""What must still be so for a recorded call to stand for the next one.

Names are compared a whole namespace at a time, which costs a tenth of looking at each by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import attrgetter, is_, itemgetter
from types import CellType
from typing import Any

from ..base.tally import changes
from ..module import Module
from ..tensor import Tensor
from .owners import ABSENT, Attributes

MISSING = object()
_GRAD = attrgetter("grad")
Named = tuple[Any, Any, Any]
"""Who has a name, the name, and its value."""


class Guards:
    """The modes of modules, which tensors have a gradient, plain values behind names, which
    objects names stand for, and how many items containers have.

    `places`, `links` and `sizes` are as `Reachable` lists them. The modules' own are looked at only
    when a part of any module has changed.
    """

    def __init__(
        self,
        modules: Iterable[Module],
        tensors: Iterable[Tensor],
        places: Sequence[Named],
        links: Sequence[Named],
        sizes: Sequence[tuple[Any, int]],
    ):
        self._modules = list(modules)
        self._modes = [m.training for m in self._modules]
        self._tensors = list(tensors)
        self._without_grad = self._now_without()
        own = {
            id(held)
            for m in self._modules
            for held in (vars(m), m._forward_pre_hooks, m._forward_hooks)
        }
        found = (places, links, sizes)
        self._own = _Names(*[[n for n in names if id(n[0]) in own] for names in found])
        self._others = _Names(*[[n for n in names if id(n[0]) not in own] for names in found])
        self._seen = -1

    def hold(self) -> bool:
        """True while nothing has changed."""
        now = changes.count
        if now != self._seen:
            if [m.training for m in self._modules] != self._modes or not self._own.hold():
                return False
            self._seen = now
        return self._now_without() == self._without_grad and self._others.hold()

    @property
    def without_grad(self) -> set[int]:
        """The ids of the tensors that have no gradient when such a call begins."""
        return {id(t) for t, none in zip(self._tensors, self._without_grad, strict=True) if none}

    def _now_without(self) -> list[bool]:
        return list(map(is_, map(_GRAD, self._tensors), repeat(None)))


class _Names:
    """What the names of some owners stand for; the arguments are those of Guards."""

    def __init__(self, places: Any, links: Any, sizes: Any):
        self._cells, self._contents, spaces = _grouped(places)
        self._names = [_named(*group) for group in spaces]
        self._linking, self._linked, spaces = _grouped(links)
        # A key given twice makes what is taken a tuple, however many there are.
        self._links = [
            (*_taking(owner, [keys[0], *keys], values), (values[0], *values))
            for owner, keys, values in spaces
        ]
        self._containers = [container for container, _ in sizes]
        self._sizes = [size for _, size in sizes]

    def hold(self) -> bool:
        """True while they stand for the same."""
        try:
            for take, owner, objects in self._links:
                if not all(map(is_, take(owner), objects)):
                    return False
            return (
                [len(c) for c in self._containers] == self._sizes
                and all(take(owner) == values for take, owner, values in self._names)
                and [_contents(cell) for cell in self._cells] == self._contents
                and all(map(is_, [_contents(cell) for cell in self._linking], self._linked))
            )
        except Exception:
            # A name is gone, an array stands where a number was, or the user's own code that
            # gives an attribute raises.
            return False


def _grouped(
    places: Iterable[Named],
) -> tuple[list[Any], list[Any], list[tuple[Any, list[Any], list[Any]]]]:
    """The cells among the owners, what they hold, and every other owner, its keys and values."""
    cells, contents = [], []
    found: dict[int, tuple[Any, list[Any], list[Any]]] = {}
    for owner, key, value in places:
        if isinstance(owner, CellType):
            cells.append(owner)
            contents.append(value)
            continue
        _, keys, values = found.setdefault(id(owner), (owner, [], []))
        keys.append(key)
        values.append(value)
    return cells, contents, list(found.values())


def _named(owner: Any, keys: list[Any], values: list[Any]) -> tuple[Callable[[Any], Any], Any, Any]:
    """What takes all the names out of an owner at once, the owner, and what that must equal."""
    return *_taking(owner, keys, values), tuple(values) if len(values) > 1 else values[0]


def _taking(owner: Any, keys: list[Any], values: list[Any]) -> tuple[Callable[[Any], Any], Any]:
    """What takes the values of keys, and from where: attributes directly, unless one is ABSENT."""
    if type(owner) is Attributes and not any(value is ABSENT for value in values):
        return attrgetter(*keys), owner.of
    return itemgetter(*keys), owner


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
