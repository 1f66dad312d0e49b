"""What of a PyTorch module depends on its training flag: two exported programs laid side by side.

Each value is numbered by how it is computed, equal numbers meaning equal computations. Written so
that dropout counts as nothing and a batch norm as one over running statistics, the training
program must come to the evaluation program's numbers; then one program serves both modes.
"""

from typing import Any

DROPOUTS = ("native_dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
RECURRENT = {"lstm": 6, "gru": 6, "rnn_tanh": 6, "rnn_relu": 6}
SKIPPED = ("clone", "alias", "detach_copy", "lift_fresh_copy")
RESHAPES = ("_unsafe_view.default", "reshape.default", "view_copy.default")


def operator_name(node: Any) -> str:
    """An ATen operator as "name.overload", another function by its module and name."""
    target = node.target
    schema = getattr(target, "_schema", None)
    if schema is not None:
        namespace, _, name = schema.name.partition("::")
        full = f"{name}.{schema.overload_name or 'default'}"
        return full if namespace == "aten" else f"{namespace}::{full}"
    return f"{getattr(target, '__module__', '')}.{getattr(target, '__name__', target)}"


class Numbering:
    """Numbers for the values of a graph; share `known` between graphs to compare them."""

    def __init__(self, known: dict[Any, int], evaluating: "Numbering | None" = None):
        self.known = known
        self.evaluating = evaluating
        self.of: dict[Any, Any] = {}
        self.follows: set[str] = set()
        self.exact: set[int] = set()

    def number(self, key: Any) -> int:
        """The number of a computation."""
        return self.known.setdefault(key, len(self.known))

    def read(self, value: Any) -> Any:
        """An argument with its nodes numbered."""
        if isinstance(value, (list, tuple)):
            return tuple(self.read(v) for v in value)
        if isinstance(value, dict):
            return tuple((k, self.read(v)) for k, v in sorted(value.items()))
        if hasattr(value, "op") and hasattr(value, "users"):
            return ("value", self.of[value])
        return (type(value).__name__, str(value))

    def add(self, node: Any) -> None:
        """Number one node."""
        if node.op in ("placeholder", "get_attr"):
            self.of[node] = self.number((node.op, str(node.target)))
            return
        if node.op != "call_function":
            return
        name = operator_name(node)
        args, kwargs = self.read(node.args), self.read(node.kwargs)
        base = name.partition(".")[0]
        if name in RESHAPES:
            name = "view.default"
        if base in SKIPPED:
            self.of[node] = self.of[node.args[0]]
            return
        if name == "_operator.getitem":
            whole = self.of[node.args[0]]
            self.of[node] = whole[node.args[1]] if isinstance(whole, tuple) else self.number(
                ("item", whole, node.args[1])
            )  # fmt: skip
            return
        exact = self.number((name, args, kwargs))
        self.exact.add(exact)
        self.of[node] = exact
        if base == "_native_batch_norm_legit_no_training":
            self.of[node] = self.number(("batch norm", args[:5], args[6]))
        if self.evaluating is None or exact in self.evaluating.exact:
            return
        self._follow(node, base, name, args, kwargs)

    def _follow(self, node: Any, base: str, name: str, args: Any, kwargs: Any) -> None:
        """Number what evaluation does not do as what evaluation does instead."""
        if base in DROPOUTS:
            whole = self.of[node.args[0]]
            self.of[node] = (whole, None) if base == "native_dropout" else whole
        elif base == "_native_batch_norm_legit_functional":
            self.of[node] = self.number(("batch norm", args[:5], args[7]))
        elif base == "scaled_dot_product_attention":
            assert self.evaluating is not None
            for form in _undropped(args):
                number = self.number((name, form, kwargs))
                if number in self.evaluating.exact:
                    self.of[node] = number
        elif base in RECURRENT and name.endswith(".input"):
            place = RECURRENT[base]
            still = (*args[:place], ("bool", "False"), *args[place + 1 :])
            self.of[node] = self.number((name, still, kwargs))
        else:
            return
        self.follows.add(node.name)


def _undropped(args: Any) -> list[Any]:
    """How an attention without dropout may be written: 0.0, 0, or nothing at all."""
    forms = [
        (*args[:4], (kind, text), *args[5:]) for kind, text in (("float", "0.0"), ("int", "0"))
    ]
    if len(args) == 5:
        forms += [args[:3], args[:4]]
        if args[3] == ("NoneType", "None"):
            forms.append(args[:3])
    return forms


def mode_dependence(training: Any, evaluating: Any) -> tuple[bool, set[str]]:
    """Whether one program serves both modes, and the nodes of the training program that then
    must follow the flag of their module."""
    known: dict[Any, int] = {}
    still = Numbering(known)
    for node in evaluating.graph.nodes:
        still.add(node)
    moving = Numbering(known, still)
    for node in training.graph.nodes:
        moving.add(node)
    same = _results(training, moving) == _results(evaluating, still)
    return same, moving.follows


def _results(program: Any, numbering: Numbering) -> list[Any]:
    by_name = {node.name: node for node in program.graph.nodes}
    found = []
    for spec in program.graph_signature.output_specs:
        if spec.kind.name == "USER_OUTPUT":
            node = by_name.get(getattr(spec.arg, "name", None))
            found.append(numbering.of[node] if node is not None else str(spec.arg))
    return found
