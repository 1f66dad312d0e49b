"""Program: a lowered graph bound to memory, run as a flat list of calls.

Steps work on fixed arrays over one arena. Inputs and outputs are other people's memory: the calls
that touch them are bound anew when it has moved. Nothing else is decided while running.
"""

from collections.abc import Sequence
from functools import partial
from itertools import compress, count
from operator import attrgetter, is_not, length_hint
from time import perf_counter_ns
from typing import Any

from ..base import config
from ..base.tally import writes
from ..graph.graph import Graph
from ..graph.lifetimes import ALIGN, HOST_ALIGN, Lifetime, Planner, side_by_side
from ..graph.types import TensorType
from ..kernels.cuda.flight import Launch
from .buffer import Buffer, adopt, empty, view
from .cuda_graph import Replay
from .failure import explain
from .gpu_memory import gpu_of
from .ground import Ground
from .lower import lower
from .on_gpu import explain as explain_gpu
from .plan import convert
from .profile import Profile
from .steps import NOT_HELD, Kind, Loose, Place, Storage

_ARRAY = attrgetter("_array")


class Program:
    """A graph made ready to run on inputs of the physical types `forms`.

    Inputs numbered in `donated` may be overwritten: the caller says that nobody else reads their
    memory. What depends on `stable` inputs alone is computed in the first run and whenever one of
    them has changed. `planner` lays out the arena; programs given one `ground` share its memory
    and never run at once. Raises ArgumentError where the forms do not fit the graph.
    """

    def __init__(
        self,
        graph: Graph,
        forms: Sequence[TensorType],
        donated: frozenset[int] = frozenset(),
        stable: frozenset[int] = frozenset(),
        *,
        planner: Planner = side_by_side,
        ground: Ground | None = None,
    ):
        self.forms = tuple(forms)
        self.ground = ground or Ground()
        self.lowered = lowered = lower(graph, self.forms, donated, stable)
        self.steps = lowered.steps
        self.planned = [s for s in lowered.storages if s.kind is Kind.PLANNED]
        align = HOST_ALIGN if self._device().host else ALIGN
        self.plan = planner([Lifetime(s.nbytes, s.birth, s.death) for s in self.planned], align)
        self._away = [s for s in lowered.storages if s.kind is Kind.AWAY]
        self._away_plan = planner([Lifetime(s.nbytes, s.birth, s.death) for s in self._away], ALIGN)
        self._fresh = [s for s in lowered.storages if s.kind is Kind.OUTPUT]
        self._overwritten = [s.index for s in lowered.inputs if s.overwritten]
        self._kept: dict[int, Buffer] = {}
        self._steady = {s.index for s in lowered.inputs if s.steady}
        self._settled: int | None = None
        self._loose = {
            id(s): Loose(s.type.device.host) for s in lowered.storages if s.kind is Kind.LOOSE
        }
        self._version = -1
        self._held: list[Any] = [NOT_HELD] * len(self.forms)
        self._calls: list[Any] = []
        self._arrays: dict[int, Any] = {}
        self._users = self._find_users()
        self._read = [s.index for s in lowered.inputs if id(s) in self._users]
        self._reads = frozenset(self._read)
        device = self._device()
        self._gpu = None if device.host else gpu_of(device)
        self._name = f"a compiled program of {len(self.steps)} calls"
        self._tag = self.steps[0].node.tag if self.steps else None
        self._replay = None if self._gpu is None else Replay(self, self._gpu)
        self.ground.users.add(self)

    @property
    def nbytes(self) -> int:
        """Bytes of the arena."""
        return self.plan.size

    @property
    def away_bytes(self) -> int:
        """Bytes of pinned host memory in which values wait that a GPU needs later."""
        return self._away_plan.size

    @property
    def kept_bytes(self) -> int:
        """Bytes of what is kept from run to run beside the arena."""
        return sum(s.nbytes for s in self.lowered.storages if s.kind is Kind.KEPT)

    @property
    def peak_bytes(self) -> int:
        """The most bytes that a run holds beside its inputs: arena, kept values and new outputs.

        An output whose size only running tells is not in it.
        """
        return self.nbytes + self.kept_bytes + sum(s.nbytes for s in self._fresh)

    @property
    def without_graph(self) -> str:
        """Why this program's calls are launched one by one on its GPU, "" where that is not so."""
        return "" if self._replay is None else self._replay.reason

    def run(self, buffers: Sequence[Buffer], profile: Profile | None = None) -> list[Buffer | None]:
        """The outputs of the graph on these inputs, a Buffer for each.

        An output that was computed in a donated input's memory is that input's Buffer. A
        `profile` books what each step cost.
        """
        with self.ground.lock:
            self.ground.running = True
            try:
                made = self._run(list(buffers), profile)
                if self._gpu is not None:
                    self._gpu.launched(self._name, self._tag)
                return made
            except Exception as error:
                if self._gpu is None or not isinstance(error, self._gpu.errors):
                    raise
                raise explain_gpu(self._gpu, error, Launch(self._name, self._tag)) from error
            finally:
                self.ground.running = False

    def _run(self, given: list[Buffer], profile: Profile | None) -> list[Buffer | None]:
        self._bind()
        if self._gpu is not None:
            self._gpu.enter()
            if self._replay is not None and profile is None and not config.config.synchronous:
                done = self._replay.run(given)
                if done is not None:
                    return done
        changed = map(is_not, map(_ARRAY, given), self._held)
        moved = [index for index in compress(count(), changed) if index in self._reads]
        if moved:
            if self._overwritten:
                self._part(given)
            for index in moved:
                self._point(index, given)
        made = {id(s): self._make(s) for s in self._fresh}
        self._execute(profile)
        return [
            None if place is None else self._result(place, given, made)
            for place in self.lowered.outputs
        ]

    def _execute(self, profile: Profile | None) -> None:
        """Make all calls, the steady ones only if what they read may have changed."""
        first = self.lowered.steady if self._settled == writes.count else 0
        calls = iter(self._calls[first:] if first else self._calls)
        stepwise = profile is not None or config.config.synchronous
        wait = self._gpu.stream.synchronize if self._gpu is not None and stepwise else None
        try:
            if profile is None and wait is None:
                for call in calls:
                    call()
            else:
                stamps = [perf_counter_ns()] * (first + 1)
                for call in calls:
                    call()
                    if wait is not None:
                        wait()
                    stamps.append(perf_counter_ns())
                if profile is not None:
                    profile.add(self.steps, stamps)
        except Exception as error:
            self._settled = None
            number = len(self._calls) - length_hint(calls) - 1
            error.add_note(explain(self.steps, number))
            raise
        if self._overwritten:
            writes.note()
        self._settled = writes.count

    def release(self) -> None:
        """Let go of the arena and of what was kept; the next run makes them anew."""
        with self.ground.lock:
            self._kept, self._settled = {}, None
            self.unbind()
            self.ground.release()

    def unbind(self) -> None:
        """Let go of every array; the next run binds its calls anew."""
        if self._replay is not None:
            self._replay.release()
        self._held = [NOT_HELD] * len(self.forms)
        self._calls, self._arrays = [], {}
        self._version = -1

    def _bind(self) -> None:
        """Bind every call to the ground's present block, unless that has been done."""
        ground = self.ground
        memory = ground.hold(self.plan.size, self._device())
        pinned = ground.hold_pinned(self._away_plan.size, self._device())
        if self._version == ground.version:
            return
        self._version = ground.version
        self._held = [NOT_HELD] * len(self.forms)
        self._arrays = {}
        for storage, offset in zip(self.planned, self.plan.offsets, strict=True):
            self._lay(storage, memory, offset)
        for storage, offset in zip(self._away, self._away_plan.offsets, strict=True):
            self._lay(storage, pinned, offset)
        for storage in self.lowered.storages:
            if storage.kind is Kind.CONSTANT:
                assert storage.buffer is not None
                self._lay(storage, flat(convert(storage.buffer, storage.type.layout, None).array))
            elif storage.kind is Kind.KEPT:
                kept = self._kept.get(id(storage))
                if kept is None:
                    kept = self.ground.claim(storage.type, storage.tag, "a kept value")
                    self._kept[id(storage)] = kept
                    self._settled = None
                self._lay(storage, flat(kept.array))
            elif storage.kind is Kind.LOOSE:
                for place in self._places[id(storage)]:
                    self._arrays[id(place)] = self._loose[id(storage)]
        self._calls = [self._call(number) for number in range(len(self.steps))]

    def _device(self) -> Any:
        return self.forms[0].device if self.forms else TensorType.of((), "uint8").device

    def _find_users(self) -> dict[int, list[int]]:
        """The steps that read or write each storage, by its id; notes the places in each too."""
        users: dict[int, list[int]] = {}
        places: dict[int, dict[int, Place]] = {}
        for number, step in enumerate(self.steps):
            for place in (*step.outs, *step.ins):
                if place is None:
                    continue
                key = id(place.storage)
                places.setdefault(key, {})[id(place)] = place
                numbers = users.setdefault(key, [])
                if not numbers or numbers[-1] != number:
                    numbers.append(number)
        self._places = {key: list(found.values()) for key, found in places.items()}
        return users

    def _lay(self, storage: Storage, memory: Any, base: int = 0) -> None:
        """Make the arrays of every place in a storage that lies in `memory` from byte `base`."""
        for place in self._places.get(id(storage), ()):
            self._arrays[id(place)] = place.array(memory, base)

    def _call(self, number: int) -> Any:
        step, arrays = self.steps[number], self._arrays
        outs = tuple([arrays.get(id(p)) for p in step.outs])
        ins = tuple([None if p is None else arrays.get(id(p)) for p in step.ins])
        if step.prepare is not None and step.stays:
            return step.prepare(outs, ins)
        return partial(step.run, outs, ins)

    def _move(self, storage: Storage, array: Any) -> None:
        """Bind the calls that touch a storage to the memory of another array."""
        self._lay(storage, flat(array))
        for number in self._users.get(id(storage), ()):
            self._calls[number] = self._call(number)

    def _part(self, given: list[Buffer]) -> None:
        """Copy a buffer that would be overwritten and came for another input too."""
        if len({id(buffer) for buffer in given}) == len(given):
            return
        for index in self._overwritten:
            buffer = given[index]
            if sum(other is buffer for other in given) > 1:
                copy = given[index] = empty(buffer.type, buffer.root.tag)
                copy.array[...] = buffer.array

    def _point(self, index: int, given: list[Buffer]) -> None:
        """Bind the calls that read input `index` to the buffer that came."""
        buffer, form = given[index], self.forms[index]
        array = buffer.array
        if buffer.type is not form:
            raise TypeError(f"[program] input {index} must be {form}; got {buffer.type}")
        if index in self._steady:
            self._settled = None
        if array.flags.c_contiguous:
            self._held[index] = array
        else:
            buffer = given[index] = convert(buffer, None, buffer.root.tag)
            self._held[index] = NOT_HELD
        self._move(self.lowered.inputs[index], buffer.array)

    def _make(self, storage: Storage) -> Buffer:
        """Fresh memory for an output."""
        made = self.ground.claim(storage.type, storage.tag, "an output")
        self._move(storage, made._array)
        return made

    def _result(self, place: Place, given: list[Buffer], made: dict[int, Buffer]) -> Buffer:
        """The buffer of an output."""
        storage = place.storage
        if storage.kind is Kind.LOOSE:
            loose = self._loose[id(storage)]
            array, loose.array = loose.array, None
            type_ = TensorType.of(array.shape, storage.type.dtype, storage.type.device)
            return adopt(type_, array.astype(type_.dtype, copy=array.base is not None), storage.tag)
        if storage.kind is Kind.INPUT:
            owner = given[storage.index]
        elif storage.kind is Kind.CONSTANT:
            assert storage.buffer is not None
            owner = storage.buffer
        else:
            owner = made[id(storage)]
        if place.type is owner.type and place.whole:
            return owner
        return view(place.type, place.array(flat(owner.array)), owner)


def flat(array: Any) -> Any:
    """The bytes of a C-contiguous array."""
    return array.reshape(-1).view("uint8")
