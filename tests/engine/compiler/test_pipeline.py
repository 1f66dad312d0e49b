"""The pipeline runs its steps in order and says what each did."""

import pytest

from tengen.compiler.pipeline import STEPS, Pipeline, Step
from tengen.graph.text import to_text

from .interpreting import evaluate, read, same_values

TEXT = """
    graph(v0: float32[2, 3], v1: float32[3, 3]):
        v2: float32[] = constant(1.0)
        v3: float32[] = affine(v2, scale=0.5)
        v4: float32[2, 3] = mul(v0, v3)
        v5: float32[2, 3] = mul(v0, v3)
        v6: float32[2, 3] = cast(v5, dtype=float32)
        v7: float32[2, 3] = matmul(v4, v1)
        v8: float32[2, 3] = matmul(v6, v1)
        v9: float32[2, 3] = add(v7, v8)
        v10: float32[2, 3] = neg(v9)
        return v9
"""


def test_passes_work_together():
    graph = read(TEXT)
    made, notes = Pipeline(evaluate, level=1, check=True).run(graph)
    assert [n.op.name for n in made.nodes] == ["mul", "matmul", "add"]
    same_values(graph, made)
    told = {note.name: str(note) for note in notes}
    assert told["drop_dead_code"].startswith("drop_dead_code: ")
    assert told["merge_common"] == "merge_common: 1 matmul, 1 mul (5 to 3 calls)"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_level_runs_its_steps(level):
    _, notes = Pipeline(evaluate, level=level).run(read(TEXT))
    assert [n.name for n in notes] == [s.name for s in STEPS if s.level <= level]


def test_without_evaluate_nothing_is_folded():
    made, notes = Pipeline().run(read(TEXT))
    assert "fold_constants" not in [note.name for note in notes]
    assert any(n.op.name == "affine" for n in made.nodes)


def test_the_graph_that_came_stays():
    graph = read(TEXT)
    text = to_text(graph)
    Pipeline(evaluate).run(graph)
    assert to_text(graph) == text


def refuses(graph):
    raise ZeroDivisionError("nothing works")


def test_a_pass_that_fails_is_left_out_and_told(monkeypatch, caplog):
    steps = [STEPS[0], Step(refuses, 0), *STEPS[1:]]
    monkeypatch.setattr(Pipeline, "strict", False)
    graph = read(TEXT)
    made, notes = Pipeline(evaluate, steps, level=1).run(graph)
    assert [n.op.name for n in made.nodes] == ["mul", "matmul", "add"]
    told = next(note for note in notes if note.name == "refuses")
    assert str(told) == "refuses: left out, since it failed (ZeroDivisionError: nothing works)"
    assert "refuses failed" in caplog.text
    monkeypatch.setattr(Pipeline, "strict", True)
    with pytest.raises(ZeroDivisionError):
        Pipeline(evaluate, steps).run(graph)


def test_passes_are_chosen_by_name():
    chosen = {"merge_common": False, "fuse_elementwise": True}
    _, notes = Pipeline(evaluate, level=1, chosen=chosen).run(read(TEXT))
    names = [note.name for note in notes]
    assert "merge_common" not in names
    assert "fuse_elementwise" in names and "fuse_product" not in names
