"""The base class of data sets of images."""

import os
from collections.abc import Sequence
from typing import Any

from ....base.errors import ArgumentError
from ...exceptions import UnsupportedOrderError
from ..meta_dataset import Dataset


class VisionDataset(Dataset):
    """A data set of images.

    Args:
        root: its folder; a `~` is expanded.
        order: which entries a sample has, and in which order, by the names that
            `VisionTransform` uses; ("image",) by default.
        supported_order: the names that the data set can give.
    """

    def __init__(
        self,
        root: Any,
        *,
        order: Sequence[str] | None = None,
        supported_order: Sequence[str] | None = None,
    ) -> None:
        if isinstance(root, (str, bytes)):
            root = os.path.expanduser(root)
        self.root = root
        if order is None:
            order = ("image",)
        name = type(self).__name__
        if not isinstance(order, Sequence) or isinstance(order, str):
            raise ArgumentError(
                f"[{name}] order must be a sequence such as ('image', 'boxes'); got {order!r}"
            )
        for entry in order:
            if supported_order is not None and entry not in supported_order:
                raise UnsupportedOrderError(
                    f"[{name}] {entry!r} is an unsupported data type; there are "
                    f"{tuple(supported_order)}"
                )
        self.order = order

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"[{type(self).__name__}] a data set must define __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"[{type(self).__name__}] a data set must define __len__")
