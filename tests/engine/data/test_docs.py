"""Every public name of the data package stands in its page."""

import re
from pathlib import Path

import pytest

from tengen import data
from tengen.data import dataset, exceptions, transform

PAGE = Path(__file__).parents[3] / "docs" / "data.md"


def names():
    modules = (data, dataset, transform)
    found = {name for module in modules for name in module.__all__}
    return sorted(found - {"VisionDataset", "dataset", "transform"})


@pytest.mark.parametrize("name", names())
def test_named(name):
    assert re.search(rf"\b{name}\b", PAGE.read_text(encoding="utf-8"))


def test_the_exceptions_tree_is_complete():
    kinds = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, exceptions.DataError)
    }
    assert len(kinds) == 8
    assert all(name in (exceptions.__doc__ or "") for name in kinds)
