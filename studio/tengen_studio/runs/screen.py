"""The text that a stream shows after its carriage returns and backspaces were obeyed."""

from __future__ import annotations

import re
from collections import deque

MOST = 8 * 2**20
CUT = "[what came before was too much to be kept]\n"
_MOVES = re.compile("([\n\r\b])")


class Screen:
    """Whole lines, and a last one with a place in it where the next character goes.

    Of more than `most` characters the oldest lines are left out, and the text says so.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lines: deque[str] = deque()
        self._held = 0
        self._last = ""
        self._place = 0
        self._cut = False

    def write(self, text: str) -> None:
        """Put `text` where the last one ended."""
        if "\r" not in text and "\b" not in text and self._place == len(self._last):
            whole, newline, self._last = (self._last + text).rpartition("\n")
            self._keep(whole + newline)
            self._place = len(self._last)
            return
        for piece in _MOVES.split(text):
            if piece == "\n":
                self._keep(self._last + "\n")
                self._last, self._place = "", 0
            elif piece == "\r":
                self._place = 0
            elif piece == "\b":
                self._place = max(self._place - 1, 0)
            else:
                rest = self._last[self._place + len(piece) :]
                self._last = self._last[: self._place] + piece + rest
                self._place += len(piece)

    def text(self) -> str:
        """Return what is to be seen."""
        return (CUT if self._cut else "") + "".join(self._lines) + self._last

    def script(self) -> str:
        """Return a text that, written on an empty screen, gives this one and its place."""
        again = "" if self._place == len(self._last) else "\r" + self._last[: self._place]
        return self.text() + again

    def _keep(self, lines: str) -> None:
        if lines:
            self._lines.append(lines)
            self._held += len(lines)
        while self._held > self._most and len(self._lines) > 1:
            self._held -= len(self._lines.popleft())
            self._cut = True
