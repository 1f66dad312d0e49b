"""Comparison of outputs: numbers within tolerance, nature's noise left out, the rest exact."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tengen_studio.reproduce.comparing import Tolerance, compare_cell
from tengen_studio.reproduce.schemas import CellReport


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    """Return an output that a print makes."""
    return {"output_type": "stream", "name": name, "text": text}


def shown(kind: str, value: Any) -> dict[str, Any]:
    """Return an output that a display makes."""
    return {"output_type": "display_data", "data": {kind: value}}


def compare(one: list[Any], two: list[Any]) -> CellReport:
    """Compare with the usual tolerance."""
    return compare_cell(1, one, two, Tolerance())


@pytest.mark.parametrize(
    ("one", "two", "verdict"),
    [
        ("loss 0.5", "loss 0.5", "same"),
        ("loss 0.500001", "loss 0.500002", "close"),
        ("loss 0.5", "loss 0.51", "different"),
        ("loss 1e-12", "loss -2e-12", "close"),
        ("loss 0.5", "cost 0.5", "different"),
        ("[1, 2, 3]", "[1, 2]", "different"),
        ("nan", "nan", "same"),
        ("1e400", "1e400", "same"),
        ("<A at 0x7f00aa11bb22>", "<A at 0x55d0ccdd1122>", "same"),
        ("took 1.25 s", "took 0.7 s", "same"),
        ("took 850 ms", "took 1.1 s", "same"),
        ("12.5 it/s", "99 it/s", "same"),
        ("done 2026-11-20 10:00:00", "done 2026-12-01 23:59:59", "same"),
        (" 10%\r 50%\r100%\ndone\n", " 33%\r100%\ndone\n", "same"),
        ("\x1b[31mred\x1b[0m", "red", "same"),
        ("resnet50", "resnet51", "different"),
        ("v1.2.3", "v1.2.4", "different"),
        ("shape (2, 3)", "shape (2, 4)", "different"),
        ("准确率 0.91", "准确率 0.91", "same"),
        ("a  b\n", "a b", "same"),
    ],
)
def test_texts(one: str, two: str, verdict: str) -> None:
    found = compare([stream(one)], [stream(two)])
    assert found.verdict == verdict, found
    assert compare([shown("text/plain", one)], [shown("text/plain", two)]).verdict == verdict


def test_the_largest_difference_is_told() -> None:
    found = compare([stream("1.0 2.0 4.0")], [stream("1.000001 2.0 4.00001")])
    assert found.verdict == "close"
    assert found.difference == pytest.approx(2.5e-6, rel=1e-3)


def test_pieces_of_one_stream_are_one_and_warnings_are_none() -> None:
    one = [stream("a\n"), stream("b\n"), stream("warning 1", "stderr")]
    assert compare(one, [stream("a\nb\n")]).verdict == "same"


def test_outputs_of_other_kinds_differ() -> None:
    found = compare([stream("a")], [stream("a"), shown("text/plain", "b")])
    assert (found.verdict, found.note) == (
        "different",
        "outputs stdout were recorded; text/plain, stdout came",
    )
    assert compare([stream("a")], []).verdict == "different"


def test_what_had_no_output_is_new_and_a_new_error_is_a_failure() -> None:
    error = {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": []}
    assert compare([], [stream("a")]).verdict == "new"
    assert compare([], []).verdict == "same"
    found = compare([stream("a")], [stream("a"), error])
    assert (found.verdict, found.note) == ("failed", "ValueError: bad")
    assert compare([error], [error]).verdict == "same"


def test_html_is_compared_by_what_it_shows() -> None:
    one = shown("text/html", ["<style>#T_1 {}</style><table id='a1'><td>0.25</td>", "</table>"])
    two = shown("text/html", "<style>#T_2 {}</style><table id='b7'><td>0.25000001</td></table>")
    assert compare([one], [two]).verdict == "close"


def png(change: float = 0.0, size: int = 32) -> str:
    """Return a picture, changed by that share of its range."""
    pixels = np.tile(np.linspace(0, 200, size), (size, 1)) + change * 255
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


@pytest.mark.parametrize(
    ("two", "verdict"),
    [
        (png(), "same"),
        (png() + "\n", "same"),
        (png(0.01), "close"),
        (png(0.2), "different"),
        (png(size=33), "different"),
        ("AAAA", "different"),
    ],
)
def test_pictures_agree_by_what_is_seen(two: str, verdict: str) -> None:
    one = shown("image/png", png())
    assert compare([one], [shown("image/png", two)]).verdict == verdict
