"""LRScheduler: the base of learning rate schedules."""

from typing import Any

from ..base.errors import ArgumentError
from .optimizer import Optimizer


class LRScheduler:
    """Base class: a subclass gives the rates of the groups for `current_epoch` in `get_lr`.

    `current_epoch=-1` starts anew; another one resumes, and then every group must have its
    "initial_lr". Raises ArgumentError otherwise.
    """

    def __init__(self, optimizer: Optimizer, current_epoch: int = -1):
        if not isinstance(optimizer, Optimizer):
            raise ArgumentError(
                f"[LRScheduler] expected an Optimizer; got {type(optimizer).__name__}"
            )
        self.optimizer = optimizer
        self.current_epoch = current_epoch
        for number, group in enumerate(optimizer.param_groups):
            if current_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ArgumentError(
                    f"[LRScheduler] group {number} has no initial_lr: resuming needs it"
                )
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.step()

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on from here."""
        raise NotImplementedError

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        """The learning rate of each group at `current_epoch`."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to `epoch`, and set the rates of the optimizer's groups."""
        self.current_epoch = self.current_epoch + 1 if epoch is None else epoch
        for group, lr in zip(self.optimizer.param_groups, self.get_lr(), strict=False):
            group["lr"] = lr
