"""HookHandler: what registering a hook gives back, to take the hook off again."""

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..base.tally import changes

_numbers = itertools.count()


class HookHandler:
    """Holds one hook of one table; `remove()` takes it out, also when called twice."""

    def __init__(self, source_dict: "OrderedDict[int, Callable[..., Any]]", hook: Any):
        self.id = next(_numbers)
        source_dict[self.id] = hook
        changes.note()
        self.source_ref = weakref.ref(source_dict)

    def remove(self) -> None:
        """Take the hook off."""
        source = self.source_ref()
        if source is not None:
            source.pop(self.id, None)
            changes.note()
