"""The base class of all transforms."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any


class Transform(ABC):
    """Changes samples; subclasses write `apply`."""

    def apply_batch(self, inputs: Sequence[tuple]) -> Any:
        """A tuple of the transformed samples of a batch."""
        return tuple(self.apply(sample) for sample in inputs)

    @abstractmethod
    def apply(self, input: tuple) -> Any:
        """One transformed sample."""

    def __repr__(self) -> str:
        return type(self).__name__


class PseudoTransform(Transform):
    """Leaves samples as they are."""

    def apply(self, input: tuple) -> Any:
        """`input` itself."""
        return input
