"""amp: mixed precision. Products run in float16 or bfloat16, parameters stay float32.

`with tg.amp.autocast():` for a part of a program; `tg.amp.enabled = True` for the whole thread.
"""

import sys
import types

from ..graph.emit import set_precision
from ..graph.state import state
from .context import BY_DEVICE, autocast, policy_for
from .convert_format import convert_module_format, convert_tensor_format
from .grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "convert_module_format", "convert_tensor_format"]


class _Settings(types.ModuleType):
    """This module, with its settings as checked properties."""

    _low: str = BY_DEVICE
    _high: str = "float32"

    @property
    def enabled(self) -> bool:
        """Whether this thread computes in mixed precision; may be set, also inside a context."""
        return state.precision is not None

    @enabled.setter
    def enabled(self, value: bool) -> None:
        set_precision(policy_for(self._low, self._high) if value else None)

    @property
    def low_prec_dtype(self) -> str:
        """The data type of products where `enabled` is set, "float16" or "bfloat16"; unless set,
        float16 on a GPU and bfloat16 on the CPU."""
        return self._low

    @low_prec_dtype.setter
    def low_prec_dtype(self, value: str) -> None:
        policy_for(value, self._high)
        self._low = value
        self.enabled = self.enabled  # what is on takes the new type

    @property
    def high_prec_dtype(self) -> str:
        """The data type of what needs precision where `enabled` is set: "float32"."""
        return self._high

    @high_prec_dtype.setter
    def high_prec_dtype(self, value: str) -> None:
        policy_for(self._low, value)
        self._high = value
        self.enabled = self.enabled


sys.modules[__name__].__class__ = _Settings
