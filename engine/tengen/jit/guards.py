"""What must still be so for a recorded call to stand for the next one, checked without loops.

Names are compared a whole namespace at a time, which costs a tenth of looking at each by itself.
"""

from collections.abc import Callable, Iterable
from operator import itemgetter
from types import CellType
from typing import Any

from ..module import Module
from ..tensor import Tensor

MISSING = object()


class Guards:
    """The modes of modules, which tensors have a gradient, and plain values behind names.

    `places` are (owner, key, value) as `Reachable` lists them.
    """

    def __init__(
        self,
        modules: Iterable[Module],
        tensors: Iterable[Tensor],
        places: Iterable[tuple[Any, Any, Any]],
    ):
        self._modules = list(modules)
        self._modes = [m.training for m in self._modules]
        self._tensors = list(tensors)
        self._with_grad = [t.grad is not None for t in self._tensors]
        self._cells: list[Any] = []
        self._contents: list[Any] = []
        found: dict[int, tuple[Any, list[Any], list[Any]]] = {}
        for owner, key, value in places:
            if isinstance(owner, CellType):
                self._cells.append(owner)
                self._contents.append(value)
                continue
            _, keys, values = found.setdefault(id(owner), (owner, [], []))
            keys.append(key)
            values.append(value)
        self._names = [_named(*group) for group in found.values()]

    def hold(self) -> bool:
        """True while nothing has changed."""
        return (
            [m.training for m in self._modules] == self._modes
            and [t.grad is not None for t in self._tensors] == self._with_grad
            and self._names_hold()
        )

    def _names_hold(self) -> bool:
        try:
            return all(take(owner) == values for take, owner, values in self._names) and (
                [_contents(cell) for cell in self._cells] == self._contents
            )
        except (KeyError, IndexError, ValueError):
            return False  # a name is gone, or an array stands where a number was


def _named(owner: Any, keys: list[Any], values: list[Any]) -> tuple[Callable[[Any], Any], Any, Any]:
    """What takes all the names out of an owner at once, the owner, and what that must equal."""
    return itemgetter(*keys), owner, tuple(values) if len(values) > 1 else values[0]


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
