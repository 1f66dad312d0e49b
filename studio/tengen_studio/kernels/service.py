"""What is known of a kernel's ends."""

from __future__ import annotations

from typing import Any

from tengen_studio.documents.trouble import DeathPage
from tengen_studio.errors import NotFoundError


def deaths_of(kernels: Any, kernel_id: str) -> DeathPage:
    """Return how a kernel died, the newest first; empty for one that is not watched.

    Raises:
        NotFoundError: this server runs no such kernel.
    """
    if kernel_id not in kernels:
        raise NotFoundError("There is no such kernel.")
    provisioner = kernels.get_kernel(kernel_id).provisioner
    return DeathPage(list(reversed(getattr(provisioner, "deaths", []))))
