"""save and load: any nesting of plain values, tensors and arrays in one safe file.

A pickle is written or read only when `pickle_module=` is given.
"""

import json
import os
from collections.abc import Callable
from typing import Any

from .base.device import as_device
from .base.errors import ArgumentError, DeviceError, FileFormatError
from .container import safetensors
from .container.atomic import replacing
from .container.structure import Decoder, Encoder, in_order
from .tensor import Tensor

_KEY = "tengen"
_VERSION = 1


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 4) -> None:
    """Write a value to `f`, a path or an open binary file.

    Holds dicts, lists, tuples, sets, numbers, strings, bytes, None, tensors, NumPy arrays and
    scalars, data types and devices, nested at will; a tensor that occurs twice stays one. A path
    shows the old content until the new one is complete. With `pickle_module` the value is
    pickled instead. Raises ArgumentError, naming the place, for anything else.
    """
    if isinstance(f, (str, os.PathLike)):
        with replacing(f) as file:
            save(obj, file, pickle_module, pickle_protocol)
        return
    if not hasattr(f, "write"):
        raise ArgumentError(f"[save] expected a path or an open file; got {type(f).__name__}")
    if pickle_module is not None:
        pickle_module.dump(obj, f, pickle_protocol)
        return
    encoder = Encoder()
    value = encoder.encode(obj)
    text = json.dumps({"version": _VERSION, "arrays": encoder.order, "value": value})
    safetensors.write(f, encoder.arrays, {_KEY: text})


def load(f: Any, map_location: Any = None, pickle_module: Any = None) -> Any:
    """Read what `save` wrote from `f`, a path or an open binary file.

    `map_location` says where tensors go: a device name, a dict from names ("gpu0") to names, or
    a function of the name. Tensors of a device that is not there go to the default one.
    `pickle_module` reads a pickle, which can run any code: only for files you trust. A plain
    safetensors file gives a dict of tensors. Raises FileFormatError for a file that is damaged
    or of another kind.
    """
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return _load(file, map_location, pickle_module, exact=True)
    if not hasattr(f, "read"):
        raise ArgumentError(f"[load] expected a path or an open file; got {type(f).__name__}")
    return _load(f, map_location, pickle_module, exact=False)


def _load(file: Any, map_location: Any, pickle_module: Any, exact: bool) -> Any:
    locate = _locator(map_location)
    if pickle_module is not None:
        before = Tensor.dmap_callback
        Tensor.dmap_callback = staticmethod(locate)  # type: ignore[assignment]
        try:
            return pickle_module.load(file)
        finally:
            Tensor.dmap_callback = before
    arrays, metadata = safetensors.read(file, exact)
    if _KEY not in metadata:
        return {name: Tensor(a, dtype=a.dtype, device=locate("cpu0")) for name, a in arrays}
    return _rebuild(arrays, metadata, locate)


def _rebuild(arrays: Any, metadata: dict[str, str], locate: Callable[[str], str]) -> Any:
    try:
        content = json.loads(metadata[_KEY])
        version, value = content["version"], content["value"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise FileFormatError(f"[load] the structure is damaged: {error!r}") from error
    if version != _VERSION:
        raise FileFormatError(
            f"[load] the file has version {version!r} of the format; this release reads {_VERSION}"
        )
    try:
        ordered = in_order(content["arrays"], dict(arrays))
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(f"[load] the list of arrays is damaged: {error!r}") from error
    try:
        return Decoder(ordered, locate).decode(value)
    except RecursionError as error:
        raise FileFormatError("[load] the structure is nested too deep") from error


def _locator(map_location: Any) -> Callable[[str], str]:
    """`map_location` as a function from a stored device name to the one to use."""
    if map_location is None:
        return lambda name: name
    if isinstance(map_location, str):
        as_device(map_location)
        return lambda name: map_location
    if isinstance(map_location, dict):
        table = {_short(key): value for key, value in map_location.items()}
        return lambda name: table.get(_short(name), name)
    if callable(map_location):
        return map_location  # type: ignore[no-any-return]
    raise ArgumentError(
        "[load] map_location is a device name, a dict or a function; got"
        f" {type(map_location).__name__}"
    )


def _short(name: Any) -> str:
    if not isinstance(name, str) or len(name) < 4 or name[1:3] != "pu":
        raise DeviceError(f"[load] {name!r} in map_location is not a device such as 'cpu0'")
    return name[:4]
