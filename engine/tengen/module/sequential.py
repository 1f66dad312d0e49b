"""Sequential: modules called one after the other."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from .module import Module


class Sequential(Module):
    """Gives each module's result to the next. Modules come as arguments, numbered from 0, or in
    one OrderedDict with names. Indexing and slicing work as in a list."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.layer_keys: list[str] = []
        named = len(args) == 1 and isinstance(args[0], OrderedDict)
        items = args[0].items() if named else enumerate(args)
        for key, module in items:
            setattr(self, str(key), module)
            self.layer_keys.append(str(key))

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            keys = self.layer_keys[idx]
            return type(self)(OrderedDict((key, getattr(self, key)) for key in keys))
        return getattr(self, self.layer_keys[idx])

    def __setitem__(self, idx: int, module: Any) -> None:
        setattr(self, self.layer_keys[idx], module)

    def __delitem__(self, idx: int | slice) -> None:
        keys = self.layer_keys[idx] if isinstance(idx, slice) else [self.layer_keys[idx]]
        for key in keys:
            delattr(self, key)
        del self.layer_keys[idx]

    def __len__(self) -> int:
        return len(self.layer_keys)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layer_values)

    @property
    def layer_values(self) -> list[Any]:
        """The modules in order."""
        return [getattr(self, key) for key in self.layer_keys]

    def forward(self, inp: Any) -> Any:
        for key in self.layer_keys:
            inp = getattr(self, key)(inp)
        return inp
