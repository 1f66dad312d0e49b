"""Names of tensors and modules: their dotted path from the outermost module that holds them."""

from typing import Any

from ..tensor import Tensor


def set_name(outer: str, name: str, leaf: Any) -> None:
    """Name a tensor or module by its path; names that the user gave stay."""
    full = f"{outer}.{name}" if outer else name
    if isinstance(leaf, Tensor):
        given = vars(leaf)
        if leaf.name is None or leaf.name == given.get("_path"):
            given["name"] = given["_path"] = full
        return
    if leaf._short_name is not None and leaf._short_name != name:
        return
    if leaf._name == full:
        return
    leaf._scope = None
    leaf._short_name = name
    leaf._name = full
    for key, part in leaf._flatten(recursive=False, with_key=True):
        set_name(full, key, part)
