"""Every operator's own text under CuPy's rules, against NumPy; none is named here."""

import pytest

from tengen.graph.opdef import registry

from .running import compare, replayed

OPS = sorted(registry)


@pytest.mark.long
@pytest.mark.parametrize("name", OPS)
def test_the_text_runs_under_the_rules_of_cupy(name, strict):
    compare(registry[name])


def test_every_operator_runs_on_a_gpu(strict, tell):
    """Prints which operators have kernels of their own and which run by their text."""
    rows = {}
    for name in OPS:
        compare(registry[name], most=1)
        own = sorted(family for kind, family in registry[name].backends if kind == "gpu")
        rows[name] = f"native ({', '.join(own)})" if own else "fallback"
    for name, kind in rows.items():
        tell(f"{name:<28}  {kind}")
    native = sum(kind != "fallback" for kind in rows.values())
    tell(
        f"{len(rows)} operators on the GPU: {native} native, {len(rows) - native} fallback,"
        " 0 unsupported"
    )


@pytest.mark.long
def test_few_operators_stay_out_of_graphs(strict, tell):
    """Prints which, and why."""
    reasons = {name: replayed(registry[name], 1) for name in OPS}
    plain = {name: why for name, why in reasons.items() if why}
    for name, why in plain.items():
        tell(f"{name:<28}  {why.splitlines()[0]}")
    assert len(plain) <= 15, "more operators than before cannot be captured"
