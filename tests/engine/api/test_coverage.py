"""Every listed public name exists, has the listed signature, and is covered by some test."""

import ast

import pytest

from tests.engine.api.covered import claims, covered
from tests.engine.api.signatures import check_signature, listed


def test_every_listed_name_is_covered(tell):
    names = listed()
    done = covered()
    missing = [name for name in names if name not in done]
    part = len(names) - len(missing)
    tell(f"API coverage: {part} of {len(names)} names ({100 * part / len(names):.1f}%)")
    assert not missing, f"{len(missing)} listed names have no test: {', '.join(missing)}"


def test_what_is_covered_is_listed():
    unknown = {name: files for name, files in covered().items() if name not in listed()}
    assert not unknown, f"COVERS names what is not listed: {unknown}"


@pytest.mark.parametrize("name", listed())
def test_signature(name):
    check_signature(name)


def test_covers_is_read_from_the_text():
    text = """
TABLE = {"a": 1, **{"b": 2}}
MORE = ("c",) + tuple(["d"])
COVERS = (*(f"x.{n}" for n in (*TABLE, *MORE)), "x.e", *(f"y.{k}" for k, _ in TABLE.items()))
"""
    assert claims(ast.parse(text)) == ["x.a", "x.b", "x.c", "x.d", "x.e", "y.a", "y.b"]
    assert claims(ast.parse("OTHER = 1")) == []
    with pytest.raises(ValueError, match="cannot be read"):
        claims(ast.parse("COVERS = names()"))
    with pytest.raises(TypeError, match="COVERS holds names"):
        claims(ast.parse("COVERS = (1,)"))
