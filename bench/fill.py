"""The largest batch that trains in a memory, by trying: PyTorch, dynamic, static, recompute.

    python bench/memory.py --fill resnet50 --device gpu0 --precision bfloat16
    python bench/memory.py --fill resnet18 --limit 600 --batch 2

Without a limit the memory is all of the device's. Batches double until one does not fit, then the
gap is halved until it is under 5%. Every try is a process of its own that makes a step; the
largest batch makes a few more. "recompute" may make again, and on a GPU move to the host, whatever
it takes.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from contest import Contender

CLOSE = 0.05
MOST = 1 << 16


def filled(model: str, batch: int, device: str, precision: str, limit: int) -> dict[str, Any]:
    """The row of a model: the largest batch of each way in `limit` megabytes (0: all there is), its
    speed, and how many times dynamic's batch it is."""
    options: dict[str, Any] = {"model": model, "mode": "train", "device": device}
    options |= {"precision": precision, "limit_mb": limit, "compile": "now"}
    about = {"device": device, "precision": precision, "limit_mb": limit}
    about |= {"date": datetime.now(UTC).date().isoformat(), "device_name": _name(device)}
    if not about["device_name"]:
        return {"bench": "fill", "model": model, **about, "failed": f"{device} cannot be used"}
    rows: dict[str, Any] = {}
    for name, (module, more) in _ways(device).items():
        found = largest(lambda b: _steps(module, {**options, **more, "batch": b}, 0), batch)  # noqa: B023
        rows[name] = {"batch": 0, "failed": f"batch {batch} does not train"}
        if found:
            measured = _steps(module, {**options, **more, "batch": found}, 3) or {}
            rows[name] = {"batch": found, **measured}
    for row in rows.values():
        row["times_dynamic"] = round(row["batch"] / max(rows["dynamic"]["batch"], 1), 2)
    return {"bench": "fill", "model": model, **about, **rows}


def _name(device: str) -> str:
    """What the device calls itself, in a process of its own, which leaves the memory free; "" where
    it cannot be used."""
    product = Contender("product", "gemm", {"device": device, "precision": "float32"})
    product.start()
    product.stop()
    return "" if product.failed else product.facts["device_name"]


def _ways(device: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Name, peer module, options. PyTorch takes no limit on the CPU."""
    found = {
        "dynamic": ("ours", {"exec": "dynamic"}),
        "static": ("ours", {"exec": "frozen"}),
        "recompute": ("ours", {"exec": "frozen", "memory_budget": "rest"}),
    }
    torch: dict[str, tuple[str, dict[str, Any]]] = {}
    if device.startswith("gpu"):
        torch["torch"] = ("torch_eager", {"layout": "channels_last"})
    return torch | found


def largest(trains: Callable[[int], Any], start: int) -> int:
    """The largest batch that trains, within 5%; 0 where `start` does not."""
    fits, fails = 0, start
    while fails <= MOST and trains(fails):
        fits, fails = fails, 2 * fails
    while fits and fails - fits > max(CLOSE * fits, 1):
        middle = (fits + fails) // 2
        if trains(middle):
            fits = middle
        else:
            fails = middle
    return fits


def _steps(module: str, options: dict[str, Any], count: int) -> dict[str, Any] | None:
    """What a process that makes a step, and `count` more, has measured; None if it did not live."""
    contender = Contender(module, module, options)
    contender.start()
    if count and not contender.failed:
        contender.run(count)
    contender.stop()
    if contender.failed:
        return None
    if not count:
        return {"first_s": contender.facts["first_s"]}
    return {
        "ms": round(contender.median_ms, 1),
        "images_per_s": round(options["batch"] / contender.median_ms * 1e3, 1),
        "peak_mb": round(contender.facts["peak_bytes"] / 2**20),
    }
