"""MultiStepLR: the rate falls by a factor at given epochs."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any

from ..base.errors import ArgumentError
from .lr_scheduler import LRScheduler
from .optimizer import Optimizer

_KEPT = ("milestones", "gamma", "current_epoch")


class MultiStepLR(LRScheduler):
    """Multiplies every group's initial rate by `gamma` once for each milestone passed.

    `milestones`: epochs in rising order. Raises ArgumentError for another order.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        current_epoch: int = -1,
    ):
        self.milestones = list(milestones)
        if self.milestones != sorted(self.milestones):
            raise ArgumentError(f"[MultiStepLR] milestones must rise; got {self.milestones}")
        self.gamma = gamma
        super().__init__(optimizer, current_epoch)

    def state_dict(self) -> dict[str, Any]:
        """The milestones, the factor and the present epoch."""
        return {key: getattr(self, key) for key in _KEPT}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave. Raises KeyError if a part is missing."""
        for key in _KEPT:
            if key not in state_dict:
                raise KeyError(f"[MultiStepLR] the state has no {key!r}")
        self.__dict__.update({key: state_dict[key] for key in _KEPT})

    def get_lr(self) -> list[float]:
        """The learning rate of each group at `current_epoch`."""
        passed = bisect_right(self.milestones, self.current_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]
