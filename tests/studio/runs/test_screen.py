"""Streams as a terminal shows them, and as a page would go on writing them."""

from __future__ import annotations

import pytest

from tengen_studio.runs.screen import CUT, Screen


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["one\n", "two"], "one\ntwo"),
        ([" 1%\r", "20%\r", "100%"], "100%"),
        (["long line\rsho"], "shog line"),
        (["abc\b\bX"], "aXc"),
        (["\b\ba"], "a"),
        (["a\r\nb"], "a\nb"),
        (["first\n", " 5%\r", "10%\n", "last\n"], "first\n10%\nlast\n"),
    ],
)
def test_returns_and_backspaces_are_obeyed(pieces: list[str], shown: str) -> None:
    screen = Screen()
    for piece in pieces:
        screen.write(piece)
    assert screen.text() == shown


def test_whoever_joins_goes_on_at_the_same_place() -> None:
    first, joined = Screen(), Screen()
    first.write("a\n 50% of it\r")
    joined.write(first.script())
    for screen in (first, joined):
        screen.write(" 60%")
    assert joined.text() == first.text() == "a\n 60% of it"


def test_too_much_loses_its_beginning_and_says_so() -> None:
    screen = Screen(most=100)
    for number in range(100):
        screen.write(f"line {number}\n")
    assert screen.text().startswith(CUT)
    assert screen.text().endswith("line 99\n")
    assert len(screen.text()) < 100 + len(CUT)
