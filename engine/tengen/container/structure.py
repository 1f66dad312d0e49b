"""Python values as JSON and back; arrays are taken out and stand in it as numbers.

Lists, strings, finite numbers, true, false, null and objects with plain keys stand for
themselves. Everything else is an object with one key that begins with "$".
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.device import Device, as_device
from ..base.errors import ArgumentError, DeviceError, FileFormatError
from ..tensor import Parameter, Tensor

MAX_DEPTH = 100
_PLAIN = (str, bool, type(None))
_JSON_SAFE = 2**53


class Encoder:
    """Turns a value into JSON; `arrays` collects (name, array) of what it holds.

    A tensor or array met twice is stored once. `order` lists the names by number; a complex128
    array, which the files lack, is kept as pairs and listed as (name, "complex128").
    """

    def __init__(self) -> None:
        self.arrays: list[tuple[str, np.ndarray[Any, Any]]] = []
        self.order: list[Any] = []
        self._names: set[str] = set()
        self._known: dict[int, tuple[Any, int]] = {}
        self._open: set[int] = set()

    def encode(self, value: Any, path: tuple[str, ...] = ()) -> Any:
        """The JSON for a value at a place. Raises ArgumentError for what cannot be kept."""
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is int:
            return value if abs(value) <= _JSON_SAFE else {"$int": hex(value)}
        if kind is float:
            return value if value - value == 0 else {"$float": repr(value)}
        if kind in (list, tuple, dict, OrderedDict, set, frozenset):
            return self._container(kind, value, path)
        return self._leaf(kind, value, path)

    def _container(self, kind: type, value: Any, path: tuple[str, ...]) -> Any:
        if id(value) in self._open:
            raise ArgumentError(f"[save] {_place(path)} contains itself")
        if len(path) > MAX_DEPTH:
            raise ArgumentError(f"[save] nested more than {MAX_DEPTH} deep at {_place(path)}")
        self._open.add(id(value))
        try:
            if kind in (dict, OrderedDict):
                return self._table(kind, value, path)
            items = [self.encode(v, (*path, str(i))) for i, v in enumerate(value)]
        finally:
            self._open.discard(id(value))
        return items if kind is list else {f"${kind.__name__}": items}

    def _table(self, kind: type, value: Any, path: tuple[str, ...]) -> Any:
        if kind is dict and all(type(k) is str and not k.startswith("$") for k in value):
            return {k: self.encode(v, (*path, k)) for k, v in value.items()}
        pairs = []
        for key, item in value.items():
            if not isinstance(key, (str, int, float, bool, bytes, tuple, type(None))):
                raise ArgumentError(
                    f"[save] a key of {_place(path)} is a {type(key).__name__}; keys are strings,"
                    " numbers, bytes, None or tuples of them"
                )
            pairs.append([self.encode(key, (*path, "key")), self.encode(item, (*path, str(key)))])
        return {"$dict" if kind is dict else "$ordered": pairs}

    def _leaf(self, kind: type, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, Tensor):
            return self._tensor(value, path)
        if kind is np.ndarray:
            return {"$array": self._array(value, value, path)}
        if isinstance(value, np.generic):
            return {"$scalar": self._array(value, np.asarray(value), path)}
        if kind in (bytes, bytearray):
            held = np.frombuffer(value, np.uint8)
            return {f"${kind.__name__}": self._array(value, held, path)}
        if kind is complex:
            return {"$complex": [self.encode(value.real), self.encode(value.imag)]}
        if isinstance(value, np.dtype):
            return {"$dtype": dt.as_dtype(value).name}
        if isinstance(value, type) and issubclass(value, np.generic):
            return {"$type": dt.as_dtype(value).name}
        if kind is Device:
            return {"$device": value.physical}
        raise ArgumentError(
            f"[save] {_place(path)} is a {kind.__module__}.{kind.__qualname__}, which the file"
            " format does not hold: save its state_dict(), or give pickle_module=pickle"
        )

    def _tensor(self, value: Tensor, path: tuple[str, ...]) -> Any:
        found: dict[str, Any] = {
            "$tensor": self._array(value, None, path), "device": value.device.physical,
        }  # fmt: skip
        if isinstance(value, Parameter):
            found["parameter"] = True
        if value.name is not None:
            found["name"] = value.name
        if value.format != "default":
            found["format"] = value.format
        return found

    def _array(self, owner: Any, array: Any, path: tuple[str, ...]) -> int:
        known = self._known.get(id(owner))
        if known is not None:
            return known[1]
        if array is None:
            array = owner.numpy()
        if array.dtype.newbyteorder("=") not in dt.ALL:
            raise ArgumentError(f"[save] {_place(path)} is an array of {array.dtype}, not numbers")
        name = base = ".".join(path) or "value"
        number = 1
        while name in self._names or name == "__metadata__":
            number += 1
            name = f"{base}#{number}"
        self._names.add(name)
        index = len(self.arrays)
        self.order.append([name, "complex128"] if array.dtype == dt.complex128 else name)
        if array.dtype == dt.complex128:
            array = array.reshape(-1).view(dt.float64).reshape((*array.shape, 2))
        self.arrays.append((name, array))
        self._known[id(owner)] = (owner, index)
        return index


def in_order(order: Any, table: dict[str, np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """The arrays by number from a file's arrays by name (KeyError, TypeError or ValueError if
    they do not fit)."""
    found = []
    for entry in order:
        if isinstance(entry, str):
            found.append(table[entry])
        else:
            name, kind = entry
            array = table[name]
            if kind != "complex128" or array.dtype != dt.float64 or array.shape[-1:] != (2,):
                raise ValueError(f"{name} is not stored as {kind}")
            found.append(array.reshape(-1).view(dt.complex128).reshape(array.shape[:-1]))
    return found


class Decoder:
    """Turns the JSON back. `arrays` are the file's in order, `locate` maps device names."""

    def __init__(self, arrays: list[np.ndarray[Any, Any]], locate: Callable[[str], str]):
        self.arrays = arrays
        self.locate = locate
        self._made: dict[tuple[str, int], Any] = {}
        self._depth = 0

    def decode(self, item: Any) -> Any:
        """The value for a piece of JSON. Raises FileFormatError for what `Encoder` never writes."""
        if not isinstance(item, (list, dict)):
            return item
        if self._depth > MAX_DEPTH + 1:
            raise FileFormatError(f"[load] nested more than {MAX_DEPTH} deep")
        self._depth += 1
        try:
            return self.items(item) if isinstance(item, list) else self._object(item)
        finally:
            self._depth -= 1

    def _object(self, item: dict[str, Any]) -> Any:
        marks = [key for key in item if key.startswith("$")]
        if not marks:
            return {key: self.decode(part) for key, part in item.items()}
        try:
            return self._marked(marks[0], item[marks[0]], item)
        except FileFormatError:
            raise
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise FileFormatError(f"[load] bad {marks[0]} entry: {error}") from error

    def _marked(self, mark: str, body: Any, item: dict[str, Any]) -> Any:
        if mark in ("$tensor", "$array"):
            key = (mark, self._number(body))
            if key not in self._made:
                self._made[key] = self._tensor(item) if mark == "$tensor" else self._array(body)
            return self._made[key]
        reader = _READERS.get(mark)
        if reader is None or len(item) != 1:
            raise FileFormatError(f"[load] unknown entry {mark}")
        return reader(self, body)

    def _number(self, number: Any) -> int:
        if type(number) is not int or not 0 <= number < len(self.arrays):
            raise FileFormatError(f"[load] the file has no array {number!r}")
        return number

    def _array(self, number: Any) -> np.ndarray[Any, Any]:
        return self.arrays[self._number(number)]

    def _tensor(self, item: dict[str, Any]) -> Tensor:
        array = self._array(item["$tensor"])
        place = self.locate(str(item["device"]))
        try:
            as_device(place)
        except DeviceError:
            if place != item["device"]:
                raise
            place = None  # type: ignore[assignment]
        cls = Parameter if item.get("parameter") is True else Tensor
        name = item.get("name")
        return cls(
            array,
            dtype=array.dtype,
            device=place,
            name=None if name is None else str(name),
            format=str(item.get("format", "default")),
        )

    def items(self, body: Any) -> list[Any]:
        """The decoded items of a list."""
        if not isinstance(body, list):
            raise FileFormatError("[load] expected a list")
        found = []
        for part in body:
            found.append(self.decode(part))
        return found

    def pairs(self, body: Any) -> list[tuple[Any, Any]]:
        """The decoded (key, value) pairs of a table."""
        found = []
        for key, value in body:
            found.append((self.decode(key), self.decode(value)))
        return found


def _raw(decoder: Decoder, number: Any) -> bytes:
    array = decoder._array(number)
    if array.dtype != np.uint8:
        raise FileFormatError("[load] bytes are stored as uint8")
    return array.tobytes()


def _integer(_: Decoder, body: Any) -> int:
    if not isinstance(body, str):
        raise FileFormatError("[load] a large integer is a string")
    return int(body, 16)


_READERS: dict[str, Callable[[Decoder, Any], Any]] = {
    "$int": _integer,
    "$float": lambda _, body: {"nan": float("nan"), "inf": float("inf"), "-inf": -float("inf")}[
        body
    ],
    "$complex": lambda d, body: complex(*d.items(body)),
    "$tuple": lambda d, body: tuple(d.items(body)),
    "$set": lambda d, body: set(d.items(body)),
    "$frozenset": lambda d, body: frozenset(d.items(body)),
    "$dict": lambda d, body: dict(d.pairs(body)),
    "$ordered": lambda d, body: OrderedDict(d.pairs(body)),
    "$bytes": _raw,
    "$bytearray": lambda d, body: bytearray(_raw(d, body)),
    "$scalar": lambda d, body: d._array(body)[()],
    "$dtype": lambda _, body: dt.as_dtype(body),
    "$type": lambda _, body: dt.as_dtype(body).type,
    "$device": lambda _, body: as_device(body),
}


def _place(path: tuple[str, ...]) -> str:
    return "the value" if not path else "the value at " + ".".join(path)
