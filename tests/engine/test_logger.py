"""Loggers: levels, the file, long records, and what they leave alone."""

import io
import logging

import pytest

import tengen as tg
from tengen.logger import LogFormatter
from tests.engine.api.signatures import check_signature

COVERS = (
    "tengen.get_logger", "tengen.set_log_level", "tengen.set_log_file", "tengen.enable_debug_log",
)  # fmt: skip


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.fixture
def level():
    before = tg.set_log_level(logging.INFO)
    yield
    tg.set_log_level(before)
    tg.set_log_file(None)


def test_records_show_on_the_terminal(level, capsys):
    logger = tg.get_logger("tengen.tests.terminal")
    logger.info("hello %d", 3)
    logger.warning("careful")
    logger.debug("hidden")
    shown = capsys.readouterr().err
    assert "hello 3\n" in shown
    assert "WRN careful" in shown
    assert "hidden" not in shown
    assert "\x1b" not in shown
    assert tg.get_logger("tengen.tests.terminal") is logger


def test_colours_only_on_a_terminal(level, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    tg.get_logger("tengen.tests.colours").error("bad")
    assert "\x1b[1;4;31mERR bad\x1b[0m" in stream.getvalue()


def test_levels_change_for_all_or_for_later_ones(level, capsys):
    old = tg.get_logger("tengen.tests.old")
    assert tg.set_log_level("ERROR", update_existing=False) == logging.INFO
    new = tg.get_logger("tengen.tests.new")
    old.info("old shows")
    new.info("new hides")
    assert tg.set_log_level(logging.WARNING) == logging.ERROR
    old.info("old hides")
    tg.enable_debug_log()
    new.debug("all show")
    shown = capsys.readouterr().err
    assert "old shows" in shown
    assert "DBG all show" in shown
    assert "hides" not in shown


def test_the_file_gets_everything_with_its_place(level, tmp_path, capsys):
    path = tmp_path / "run.log"
    tg.set_log_file(str(path), mode="w")
    logger = tg.get_logger("tengen.tests.file")
    logger.info("first")
    logger.warning("\n".join(f"line {i}" for i in range(1000)))
    LogFormatter.log_fout.close()
    tg.set_log_file(None)
    logger.info("not in the file")
    text = path.read_text()
    assert "test_logger.py:tengen.tests.file] first" in text
    assert "line 500" in text
    assert "not in the file" not in text
    shown = capsys.readouterr().err
    assert "line 500" not in shown
    assert "lines left out" in shown


def test_an_open_file_and_exceptions(level):
    file = io.StringIO()
    tg.set_log_file(file)
    try:
        raise ValueError("on purpose")
    except ValueError:
        tg.get_logger("tengen.tests.open").exception("failed")
    assert "failed" in file.getvalue()
    assert "ValueError: on purpose" in file.getvalue()


def test_the_root_logger_is_left_alone():
    root = logging.getLogger()
    before = list(root.handlers)
    assert tg.get_logger().name == "tengen"
    assert root.handlers == before


def test_another_formatter(level, capsys):
    class Short(logging.Formatter):
        def format(self, record):
            return f"<{record.getMessage()}>"

    tg.get_logger("tengen.tests.short", Short).info("x")
    assert capsys.readouterr().err == "<x>\n"
