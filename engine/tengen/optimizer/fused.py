"""FusedOptimizer: the base of the optimizers whose update is one operator call a parameter."""

from abc import abstractmethod
from typing import Any

from ..base.errors import StateError
from ..ops.optimizer import STEP, Update
from ..tensor import Tensor
from .optimizer import Optimizer
from .update import Scalars, apply_update


class FusedOptimizer(Optimizer):
    """A subclass names the operator and gives the scalars it takes, in its order."""

    def __init__(self, params: Any, defaults: dict[str, Any]):
        self._scalar_vectors: dict[int, Scalars] = {}
        super().__init__(params, defaults)

    @abstractmethod
    def _operator(self, param_group: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
        """The update operator of a group and its attributes."""

    @abstractmethod
    def _scalars(self, param_group: dict[str, Any]) -> tuple[Any, ...]:
        """The scalars of a group in the operator's order."""

    def _create_state(self, param_group: dict[str, Any]) -> None:
        op, _ = self._operator(param_group)
        for param in param_group["params"]:
            for name in op.states:
                self._add_state(param, name, 0.0 if name == STEP else None)

    def _scalar_vector(self, param_group: dict[str, Any]) -> Tensor:
        number = next(i for i, group in enumerate(self.param_groups) if group is param_group)
        held = self._scalar_vectors.setdefault(number, Scalars())
        return held.vector(self._scalars(param_group), param_group["params"][0].device)

    def refresh_scalars(self) -> None:
        """Bring the scalar vectors up to date with the groups' settings, as a step does first.

        A static step that skips Python needs it after a learning rate has changed.
        """
        for group in self.param_groups:
            self._scalar_vector(group)

    def _updates(self, param_group: dict[str, Any]) -> None:
        op, named = self._operator(param_group)
        attrs = op.pack(named)
        scalars = self._scalar_vector(param_group)
        for param in param_group["params"]:
            grad = param.grad
            if grad is not None:
                self._update(op, attrs, param, grad, scalars)

    def _update(
        self, op: Update, attrs: tuple[Any, ...], param: Any, grad: Tensor, scalars: Tensor
    ) -> None:
        states: tuple[Tensor, ...] = ()
        if op.states:
            held = self._state.get(param)
            if held is None or not all(name in held for name in op.states):
                raise StateError(
                    f"[{type(self).__name__}] the parameter has no {', '.join(op.states)}: a"
                    " setting that needs them was switched on after the optimizer was made"
                )
            states = tuple([held[name] for name in op.states])
        apply_update(op, attrs, param, grad, states, scalars)
