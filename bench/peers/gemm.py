"""A large square matrix product: the rate that a model's share is told of. Our call, any device."""

from collections.abc import Callable
from typing import Any

import numpy as np

import tengen as tg
import tengen.functional as F

from .ours import peak_bytes, place_and_precision

__all__ = ["peak_bytes", "prepare"]


def prepare(options: dict[str, Any]) -> tuple[Callable[[], Any], dict[str, Any]]:
    """One product in the row's precision, and how many operations it takes."""
    cast = place_and_precision(options)
    size = 8192 if options["device"].startswith("gpu") else 1024
    rng = np.random.default_rng(0)  # zeros would draw less power, and so run faster
    a = tg.Tensor(rng.standard_normal((size, size)).astype(np.float32))
    if options["precision"] in ("bfloat16", "float16"):
        a = a.astype(options["precision"])

    def product() -> None:
        with cast():
            F.matmul(a, a)
        tg.device.synchronize(options["device"])

    return product, {"flops": 2 * size**3, "device_name": device_name(options["device"])}


def device_name(device: str) -> str:
    """What the device calls itself."""
    if not device.startswith("gpu"):
        return device
    return tg.device.get_cuda_device_property(int(device[3:])).name
