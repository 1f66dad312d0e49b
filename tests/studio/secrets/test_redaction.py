"""Redaction: a stored value leaves no form of itself in what is kept, and nothing else changes."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tengen_studio.secrets.redaction import Redaction

VALUE = "p@ss \"word\" <&> 'Δ'/+="
MARK = "[secret: KEY]"


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        json.dumps(VALUE),
        json.dumps(VALUE, ensure_ascii=False),
        repr(VALUE),
        html.escape(VALUE),
        urllib.parse.quote(VALUE, safe=""),
        urllib.parse.quote_plus(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
    ],
)
def test_every_form_is_replaced(form: str) -> None:
    redaction = Redaction({"KEY": VALUE})
    for clean in (
        redaction.text(f"a {form} b"),
        redaction.content(f"a {form} b".encode()).decode(),
    ):
        assert MARK in clean
        assert form not in clean
        assert clean.startswith("a ") and clean.rstrip("= '\"").endswith("b")


@given(st.text(min_size=8, max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_what_is_left_holds_no_value(value: str, before: str, after: str) -> None:
    clean = Redaction({"A": value}).text(before + value + after)
    assert value not in clean.replace("[secret: A]", "\0")


def test_a_value_inside_a_longer_one_does_not_break_it_up() -> None:
    redaction = Redaction({"SHORT": "abcdefgh", "LONG": "abcdefgh-ijklmnop"})
    assert redaction.text("x abcdefgh-ijklmnop abcdefgh y") == "x [secret: LONG] [secret: SHORT] y"


def test_outputs_are_cleaned_and_sources_are_not() -> None:
    cell = nbformat.v4.new_code_cell(f"print('{VALUE}')")
    cell.outputs = [
        nbformat.v4.new_output("stream", text=f"one\n{VALUE}\n"),
        nbformat.v4.new_output("display_data", data={"text/html": ["<b>", VALUE, "</b>\n", "end"]}),
        nbformat.v4.new_output("display_data", data={"application/json": {"deep": [{"a": VALUE}]}}),
        nbformat.v4.new_output("error", ename="E", evalue=VALUE, traceback=["top", f"  {VALUE}"]),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("text")])
    assert Redaction({"KEY": VALUE}).outputs(notebook) == 1
    assert VALUE not in json.dumps(cell.outputs, ensure_ascii=False)
    assert cell.source == f"print('{VALUE}')"
    assert cell.outputs[0].text == f"one\n{MARK}\n"
    assert cell.outputs[1].data["text/html"] == [f"<b>{MARK}</b>\n", "end"]
    assert cell.outputs[2].data["application/json"]["deep"] == [{"a": MARK}]
    nbformat.validate(notebook)


def test_a_value_cut_by_the_end_of_a_line_is_found() -> None:
    cell = {"outputs": [{"output_type": "stream", "text": ["first line\nsec", "ond line\n"]}]}
    assert Redaction({"KEY": "line\nsecond"}).outputs({"cells": [cell]}) == 1
    assert cell["outputs"][0]["text"] == ["first [secret: KEY] line\n"]


def test_what_has_no_value_stays_the_same_object() -> None:
    cell = {"outputs": [{"text": ["a\n"]}]}
    before = cell["outputs"]
    assert Redaction({"KEY": VALUE}).outputs({"cells": [cell]}) == 0
    assert cell["outputs"] is before


def test_binary_files_are_left_alone() -> None:
    content = b"\0" + VALUE.encode()
    assert Redaction({"KEY": VALUE}).content(content) == content
    assert not Redaction({})
