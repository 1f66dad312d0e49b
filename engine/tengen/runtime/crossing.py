"""Copies between a GPU and pinned memory that run beside a program's calls.

Two steps make one: the first starts it behind what was launched so far, the second makes what is
launched from then on come after it. Python waits for neither, and both can be captured.
"""

from typing import TYPE_CHECKING, Any

from ..graph.node import Node, Var
from ..kernels.cuda.gpu import Gpu
from .gpu_memory import gpu_of
from .steps import Kind, Place, Step

if TYPE_CHECKING:
    from .lower import _Lowering

Arrays = tuple[Any, ...]


class Crossing:
    """One copy of a program, out to the host or back."""

    def __init__(self, place: Gpu):
        self._place = place
        self._event: Any = None

    def leave(self, outs: Arrays, ins: Arrays) -> None:
        """Start to copy a GPU's array to the host's."""
        self._event = self._place.carry_out(ins[0], outs[0])

    def come(self, outs: Arrays, ins: Arrays) -> None:
        """Start to copy the host's array to a GPU's."""
        self._event = self._place.carry_back(ins[0], outs[0])

    def land(self, outs: Arrays, ins: Arrays) -> None:
        """Let what is launched next wait for the copy."""
        self._place.stream.wait_event(self._event)


class Travels:
    """Values that a program on a GPU keeps in the host's memory for a while.

    A copy out begins behind the call that makes the value and has happened at the node that moves
    it; a copy back begins at its node and has happened before its result is first read. What is
    read by others than those that bring it back stays on the GPU.
    """

    def __init__(self, lowering: "_Lowering"):
        self.lowering = lowering
        graph = lowering.graph
        back = {node for node in graph.nodes if node.op.travels == "back"}
        here = {v for node in graph.nodes if node not in back for v in node.inputs}
        here |= lowering.given
        self.leaving = {
            node.inputs[0]: node
            for node in graph.nodes
            if node.op.travels == "out" and here.isdisjoint(node.outputs)
        }
        self.out: dict[Var, tuple[Place, Crossing]] = {}
        self.coming: dict[int, Step] = {}

    def leave(self, maker: Node) -> None:
        """Start the copies out of what a call has made."""
        for var in maker.outputs:
            if var in self.leaving and not var.type.device.host:
                self._start(var)

    def _start(self, var: Var) -> None:
        place, node = self.lowering.places[var], self.leaving[var]
        if place.strides is not None or not place.type.nbytes:
            return
        made = self.lowering._storage(Kind.AWAY, place.type, tag=node.tag)
        crossing = Crossing(gpu_of(place.type.device))
        self.out[var] = Place(made, place.type), crossing
        self._step(crossing.leave, (self.out[var][0],), (place,), "copy out begins", node)

    def takes(self, node: Node) -> bool:
        """Lower a node that moves a value; False where it is a call like any other."""
        var = node.inputs[0] if node.inputs else None
        if not node.op.travels or var is None or var.type.device.host:
            return False
        if node.op.travels == "back":
            return self._back(node, var)
        return self.leaving.get(var) is node and self._out(node, var)

    def _out(self, node: Node, var: Var) -> bool:
        if var not in self.out:  # an input of the graph, or what cannot be copied as it lies
            self._start(var)
        found = self.out.get(var)
        if found is None:
            return False
        away, crossing = found
        self._step(crossing.land, (away,), (self.lowering.places[var],), "copy out", node)
        self.lowering.places[node.outputs[0]] = away
        away.storage.values.append(node.outputs[0])
        return True

    def _back(self, node: Node, var: Var) -> bool:
        away = self.lowering.places[var]
        if away.storage.kind is not Kind.AWAY:
            return False
        made = self.lowering._storage(Kind.PLANNED, away.type, tag=node.tag)
        place = self.lowering._own(node.outputs[0], made)
        crossing = Crossing(gpu_of(place.type.device))
        self._step(crossing.come, (place,), (away,), "copy back begins", node)
        self.coming[id(made)] = Step(crossing.land, (place,), (away,), "copy back", node)
        return True

    def land(self, ins: tuple[Place | None, ...]) -> None:
        """Let a call that reads these places come after the copies back to them."""
        for place in ins:
            step = None if place is None else self.coming.pop(id(place.storage), None)
            if step is not None:
                self.lowering.steps.append(step)

    def land_all(self) -> None:
        """Let what follows come after all copies back."""
        self.lowering.steps += self.coming.values()
        self.coming = {}

    def _step(self, run: Any, outs: Any, ins: Any, what: str, node: Node) -> None:
        self.lowering.steps.append(Step(run, outs, ins, what, node))
