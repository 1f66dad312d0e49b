"""Conversions that a viewer asks a notebook's process for: started, watched, stopped, used.

Everything here answers with an object whose mimebundle is plain data. A conversion runs in the
thread that asks; `status` and `stop` may be asked from another one.
"""

import dataclasses
import itertools
import threading
import traceback
from typing import Any

from ..base.errors import ArgumentError
from ..deploy import dump
from ..interop import to_onnx
from ..jit.convert import convert
from ..jit.static import unwrapped
from .budget_runs import Requests
from .converted import converted_graph, converted_memory
from .graph import GraphView
from .live import MIME
from .targets import targets, user_names


class Answer:
    """A document as a mimebundle."""

    def __init__(self, document: Any):
        self.document = document

    def __repr__(self) -> str:
        return f"<answer {type(self.document).__name__}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: self.document, "text/plain": repr(self)}


@dataclasses.dataclass
class Conversion:
    """One conversion: what is converted on what, how far it is, and how it ended.

    `state` is "running", "done", "failed" (the user's code raised) or "stopped".
    """

    number: int
    name: str
    expressions: list[str]
    state: str = "running"
    stage: str = "capturing"
    done: float = 0.0
    error: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    static: Any = None
    samples: tuple[Any, ...] = ()
    drawn: GraphView | None = None
    requests: Requests | None = None
    stopping: threading.Event = dataclasses.field(default_factory=threading.Event)

    def document(self) -> dict[str, Any]:
        """What a viewer shows of it."""
        return {
            "version": 1,
            "number": self.number,
            "name": self.name,
            "samples": self.expressions,
            "state": self.state,
            "stage": self.stage,
            "done": self.done,
            "error": self.error,
            "report": self.report,
            "code": self.code(),
        }

    def code(self) -> str:
        """The line that does the same in a cell."""
        arguments = ", ".join([self.name, *self.expressions])
        return f"{self.name} = tengen.jit.convert({arguments})"


_kept: dict[int, Conversion] = {}
_numbers = itertools.count(1)
MOST_KEPT = 8


def convertible() -> Answer:
    """What the notebook holds that can be converted; see `targets`."""
    return Answer({"version": 1, "targets": targets()})


def start(name: str, expressions: list[str], **settings: Any) -> Answer:
    """Convert what `name` stands for on the values of the expressions; the finished conversion."""
    made = begin(name, expressions)
    run(made, **settings)
    return Answer(made.document())


def begin(name: str, expressions: list[str]) -> Conversion:
    """A conversion that `status` and `stop` know from now on."""
    number = next(_numbers)
    made = _kept[number] = Conversion(number, name, list(expressions))
    while len(_kept) > MOST_KEPT:
        del _kept[min(_kept)]
    return made


def run(made: Conversion, **settings: Any) -> None:
    """Do a conversion; an exception of the user's code becomes its `error`."""
    names = user_names()

    def tell(stage: str, done: float) -> None:
        made.stage, made.done = stage, done

    try:
        scope = {"tengen": __import__("tengen"), **names}
        target = _value(made.name, scope)
        made.samples = tuple([_value(text, scope) for text in made.expressions])
        made.static = convert(
            target, *made.samples, progress=tell, stop=made.stopping.is_set, **settings
        )
    except BaseException as error:
        made.state = "failed"
        lines = traceback.format_exception(error)
        made.error = {
            "name": type(error).__name__,
            "message": str(error),
            "traceback": "".join(lines).splitlines(),
        }
        if not isinstance(error, Exception):
            raise
        return
    made.report = made.static.report.to_dict()
    made.state = "stopped" if made.static.report.cancelled else "done"


def status(number: int | None = None) -> Answer:
    """How far a conversion is; the latest one by default, null where there is none."""
    found = _find(number)
    return Answer(None if found is None else {**found.document(), "report": None})


def stop(number: int | None = None) -> Answer:
    """Ask a conversion to end after its present stage."""
    found = _find(number)
    if found is not None:
        found.stopping.set()
    return status(number)


def finished(number: int | None = None) -> Answer:
    """A conversion with its report."""
    found = _find(number)
    return Answer(None if found is None else found.document())


def use(number: int) -> Answer:
    """Bind the static version to the name in the notebook."""
    found = _known(number)
    user_names()[found.name] = found.static
    return Answer({"name": found.name, "static": True})


def undo(name: str) -> Answer:
    """Bind the dynamic version to a name again."""
    names = user_names()
    if name in names:
        names[name] = unwrapped(names[name])
    return Answer({"name": name, "static": False})


def save(number: int, path: str) -> Answer:
    """Write the converted program as a `.tgm` file; its meta data."""
    found = _known(number)
    return Answer(dump(found.static, path, *found.samples))


def export(number: int, path: str) -> Answer:
    """Write the converted program as an ONNX file; `text` says what was written and checked."""
    found = _known(number)
    return Answer({"text": str(to_onnx(found.static, path, *found.samples))})


def report(number: int, form: str) -> Answer:
    """The report of a conversion as the text of a file: "html", "json" or "text"."""
    forms = ("html", "json", "text")
    if form not in forms:
        raise ArgumentError(f"[conversion] a report is one of {', '.join(forms)}; got {form!r}")
    found = _known(number).static.report
    return Answer({"text": getattr(found, f"to_{form}")()})


def draw(name: str, expressions: list[str]) -> Answer:
    """The graph of what `name` stands for, as it is: `number`, and what `graph` gives.

    An exception of the user's code is passed on.
    """
    made = begin(name, expressions)
    scope = {"tengen": __import__("tengen"), **user_names()}
    made.samples = tuple([_value(text, scope) for text in made.expressions])
    made.static = _value(made.name, scope)
    view = _drawn(made)
    made.state = "done"
    return Answer({"number": made.number, "document": view.document, "before": view.before})


def graph(number: int) -> Answer:
    """The graph of a conversion: `document`, and `before` where the passes do not lead back."""
    view = _drawn(_known(number))
    return Answer({"document": view.document, "before": view.before})


def times(number: int, asked: dict[str, Any]) -> Answer:
    """One measured run of a conversion's graph, as `Requests` answers it; null where none is due.

    The viewer repeats `{"measure": 0, "number": n}` until the answer has a point.
    """
    found = _known(number)
    if found.requests is None:
        found.requests = _drawn(found).requests()
    return Answer(found.requests.answer(asked))


def memory(number: int) -> Answer:
    """The memory of a conversion: a dynamic call and its static plan."""
    found = _known(number)
    return Answer(converted_memory(found.static, found.samples, found.name))


def _drawn(found: Conversion) -> GraphView:
    if found.drawn is None:
        found.drawn = converted_graph(found.static, found.samples, found.name)
    return found.drawn


def _find(number: int | None) -> Conversion | None:
    if number is None:
        return _kept[max(_kept)] if _kept else None
    return _kept.get(number)


def _known(number: int) -> Conversion:
    found = _kept.get(number)
    if found is None or found.static is None:
        raise ArgumentError(f"[conversion] there is no finished conversion {number} here")
    return found


def _value(text: str, scope: dict[str, Any]) -> Any:
    """The value of an expression that the user gave, in their own names."""
    if not text.strip():
        raise ArgumentError("[conversion] a sample input is missing")
    return eval(compile(text, "<sample>", "eval"), scope)
