"""trace: a function whose calls run as static graphs."""

import functools
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..base.errors import StateError
from ..graph.state import state
from .capture import Capture, captured
from .compiling import runner_for
from .configs import DTRConfig, GraphOptimizationConfig, SublinearMemoryConfig
from .runner import Runner
from .session import Session
from .static import Replay


class trace:
    """Make a function static: its calls are recorded and run as compiled graphs.

    Use as a decorator, with or without arguments. Python still runs at every call and each
    operator is checked against the record, so a call that goes another way is recorded as well
    and the results are always those of the plain function. With `without_host=True` Python is
    skipped once a call of the same shapes, data types, modes and plain values has been recorded.

    `symbolic`: kept for MegEngine's programs; values are computed when they are needed either way.
    `capture_as_const`: parameters and other outside tensors become constants of the graph;
    needed for `dump`. `record_only`: record for `dump`, run by the eager kernels.
    `sublinear_memory_config`: recompute activations in the backward pass to save memory.
    `dtr_config`: has its meaning in dynamic mode only (`tengen.dtr`). `profiling`: measure every
    operator; see `get_profile`. `opt_level`: 0 runs operators one by one, 1 leaves out the
    fusions, 2 takes every pass. `graph_opt_config`: single passes on or off. `symbolic_shape`:
    kept; without Python one graph serves every batch size where that is proved, and another shape
    is recorded by itself. `memory_budget`: bytes (int) or a fraction of the
    memory without recompute (float) that the graph may take.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if not args:
            return functools.partial(cls, **kwargs)
        return super().__new__(cls)

    def __init__(
        self,
        function: Callable[..., Any],
        symbolic: bool = False,
        capture_as_const: bool = False,
        record_only: bool = False,
        sublinear_memory_config: SublinearMemoryConfig | None = None,
        dtr_config: DTRConfig | None = None,
        profiling: bool = False,
        opt_level: int = 2,
        graph_opt_config: GraphOptimizationConfig | None = None,
        symbolic_shape: bool = True,
        without_host: bool = False,
        *,
        memory_budget: int | float | None = None,
    ):
        self.__wrapped__ = function
        self._symbolic = symbolic
        self._capture_as_const = capture_as_const or record_only
        self._runner = runner_for(
            level=0 if record_only else opt_level,
            sublinear=sublinear_memory_config,
            budget=memory_budget,
            profiling=profiling,
            chosen=graph_opt_config.passes if graph_opt_config is not None else None,
        )
        self._replay = Replay(function, self._runner, frozen=without_host)
        self._last: tuple[Any, Any] | None = None
        functools.update_wrapper(self, function, updated=())

    @property
    def without_host(self) -> bool:
        """True when Python is skipped where that is possible."""
        return self._replay.frozen

    @property
    def ops(self) -> list[Any]:
        """The operators of all calls recorded so far, in their order."""
        return [node.op for graph in self._recorded() for node in graph.nodes]

    @property
    def vars(self) -> list[Any]:
        """The values of all calls recorded so far: what comes in, then what each call gives."""
        return [
            var
            for graph in self._recorded()
            for var in (*graph.inputs, *[v for node in graph.nodes for v in node.outputs])
        ]

    def _recorded(self) -> list[Any]:
        return [stretch.original for stretch in self._runner.tree.programs.values()]

    @property
    def runner(self) -> Runner:
        """What holds the records and the compiled programs."""
        return self._runner

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if isinstance(state.mode, Session):
            return self.__wrapped__(*args, **kwargs)
        if state.mode is not None:
            raise StateError("[trace] a traced function cannot be called while a rule is traced")
        if self._capture_as_const:
            self._last = (args, kwargs)
        return self._replay(*args, **kwargs)

    def capture(self, *args: Any, **kwargs: Any) -> Capture:
        """The graph of a call, nothing computed; the last call's arguments by default."""
        if not args and not kwargs:
            if self._last is None:
                raise StateError("[trace] call the function first, or give arguments")
            args, kwargs = self._last
        return captured(self.__wrapped__, *args, **kwargs)

    def dump(
        self,
        file: Any,
        *,
        arg_names: Any = None,
        output_names: Any = None,
        optimize_for_inference: bool = True,
        user_info: Any = None,
    ) -> dict[str, Any]:
        """Write the last call as a `.tgm` file; see `tengen.deploy.dump`. Needs
        `capture_as_const=True` and a call before. Gives the file's meta data."""
        if not self._capture_as_const:
            raise StateError("[trace] dump needs capture_as_const=True")
        if self._last is None:
            raise StateError("[trace] call the function before dump, so that its inputs are known")
        args, kwargs = self._last
        function = functools.partial(self.__wrapped__, **kwargs) if kwargs else self.__wrapped__
        return importlib.import_module("tengen.deploy").dump(  # type: ignore[no-any-return]
            function,
            file,
            *args,
            arg_names=arg_names,
            output_names=output_names,
            optimize_for_inference=optimize_for_inference,
            user_info=user_info,
        )

    def get_profile(self) -> dict[str, Any]:
        """What was measured since the function was made; needs `profiling=True`."""
        return self._runner.profile()


@contextmanager
def exclude_from_trace() -> Iterator[None]:
    """Inside it, calls run dynamically and are not recorded; their results come from outside."""
    session = state.mode
    if not isinstance(session, Session):
        yield
        return
    session.flush()
    state.mode = None
    try:
        yield
    finally:
        state.mode = session
