"""Loggers of one look: short coloured lines on the terminal, full ones in a file if one is set."""

import logging
import sys
from typing import IO, Any

from .base.errors import ArgumentError

_loggers: list[logging.Logger] = []
_default_level: list[int] = [logging.INFO]
_COLOURS = {logging.DEBUG: "36", logging.WARNING: "1;31", logging.ERROR: "1;4;31"}
_MARKS = {logging.DEBUG: "DBG ", logging.WARNING: "WRN ", logging.ERROR: "ERR "}
_WHERE = "[%(asctime)s %(lineno)d@%(filename)s:%(name)s] "


class LogFormatter(logging.Formatter):
    """Formats for the terminal, and writes the full line to the log file if there is one.

    A record of `max_lines` lines or more is shortened on the terminal, whole in the file.
    """

    log_fout: IO[str] | None = None
    max_lines: float = 256

    def format(self, record: logging.LogRecord) -> str:
        mark = _MARKS.get(record.levelno, "")
        if self.log_fout is not None:
            self.log_fout.write(self._written(_WHERE + mark + "%(message)s", record) + "\n")
            self.log_fout.flush()
        colour = _COLOURS.get(record.levelno)
        shown = mark + "%(message)s"
        if self.coloured():
            shown = f"\x1b[{colour}m{shown}\x1b[0m" if colour else shown
            shown = "\x1b[32m%(asctime)s \x1b[0m" + shown
        else:
            shown = "%(asctime)s " + shown
        return self._shortened(self._written(shown, record))

    def _written(self, pattern: str, record: logging.LogRecord) -> str:
        self._style._fmt = pattern
        return super().format(record)

    def _shortened(self, text: str) -> str:
        lines = text.split("\n")
        if len(lines) < self.max_lines:
            return text
        keep = int(self.max_lines) // 2
        note = f"[{len(lines) - 2 * keep} lines left out here; set_log_file() writes all]"
        return "\n".join([*lines[:keep], note, *lines[-keep:]])

    def coloured(self) -> bool:
        """Whether the terminal shows colours."""
        stream = sys.stderr
        return bool(getattr(stream, "isatty", lambda: False)())


class _Terminal(logging.Handler):
    """Writes to whatever sys.stderr is at that moment (a notebook or a test replaces it)."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
            if sys.stderr is not None:
                sys.stderr.write(text + "\n")
        except Exception:
            self.handleError(record)


def get_logger(
    name: str | None = None, formatter: type[logging.Formatter] = LogFormatter
) -> logging.Logger:
    """The logger of a name, set up at its first use with a terminal handler and `formatter`.

    Without a name it is the framework's own, "tengen"; the root logger is never touched.
    """
    logger = logging.getLogger(name or "tengen")
    if logger in _loggers:
        return logger
    logger.propagate = False
    logger.setLevel(_default_level[0])
    handler = _Terminal()
    handler.setFormatter(formatter(datefmt="%d %H:%M:%S"))
    logger.handlers[:] = [handler]
    _loggers.append(logger)
    return logger


def set_log_file(fout: Any, mode: str = "a") -> None:
    """Write every later record also to `fout`: a path (opened with `mode`), an open text file,
    or None to stop."""
    if isinstance(fout, str):
        fout = open(fout, mode, encoding="utf-8")  # noqa: SIM115 (stays open)
    LogFormatter.log_fout = fout


def set_log_level(level: int | str, update_existing: bool = True) -> int:
    """Show records of `level` (a number or a name such as "DEBUG") and above.

    `update_existing=False` leaves loggers that exist as they are. Gives the level before. Raises
    ArgumentError for a name that is no level.
    """
    before = _default_level[0]
    known = logging.getLevelNamesMapping()
    number = known.get(level.upper(), -1) if isinstance(level, str) else int(level)
    if number < 0:
        raise ArgumentError(f"[set_log_level] {level!r} is none of {', '.join(known)}")
    _default_level[0] = number
    if update_existing:
        for logger in _loggers:
            logger.setLevel(number)
    return before


def enable_debug_log() -> None:
    """Show debug records too."""
    set_log_level(logging.DEBUG)
