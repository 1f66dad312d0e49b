"""Monitor: a progress bar and live curves of a training run.

In a notebook it is one output that updates in place and stays in the saved file; in a terminal
it is one line.
"""

import html
import sys
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from .curves import chart, legend

_STYLE = (
    "font-family:var(--jp-ui-font-family,system-ui);font-size:12px;max-width:860px;"
    "color:var(--jp-ui-font-color1,inherit)"
)


def duration(seconds: float) -> str:
    """A length of time in words that fit a line: "4.2 s", "3 min 05 s", "2 h 10 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


class Monitor:
    """Shows the progress of `total` steps, and a curve for everything that is logged.

        with Monitor(total=len(loader) * epochs) as monitor:
            for batch in loader:
                ...
                monitor.step(**{"loss/train": loss.item()})

    A name "chart/series" puts the series into that chart. The picture refreshes at most every
    `every` seconds. Leaving the block shows the end state, also after an error or interrupt.
    """

    def __init__(self, total: int, title: str = "", every: float = 0.5):
        self.total = max(int(total), 1)
        self.title = title
        self.every = every
        self.done = 0
        self.note = ""
        self.state = "running"
        self.charts: dict[str, dict[str, list[tuple[float, float]]]] = {}
        self._begin = time.perf_counter()
        self._shown = 0.0
        self._handle: Any = None
        self._notebook = _in_notebook()

    def __enter__(self) -> "Monitor":
        self._begin = time.perf_counter()
        self._refresh(force=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if kind is None:
            self.state = "done"
        elif issubclass(kind, KeyboardInterrupt):
            self.state = "stopped"
        else:
            self.state = "failed"
        self._refresh(force=True)
        if not self._notebook:
            sys.stderr.write("\n")

    def step(self, count: int = 1, note: str | None = None, **values: float) -> None:
        """Advance by `count` steps and log values at the new position."""
        self.done += count
        if note is not None:
            self.note = note
        self.log(**values)
        self._refresh()

    def log(self, **values: float) -> None:
        """Add a point to curves at the present position, without advancing."""
        for name, value in values.items():
            title, _, series = name.rpartition("/")
            curve = self.charts.setdefault(title or name, {}).setdefault(series or name, [])
            curve.append((self.done, float(value)))

    def track(self, items: Iterable[Any]) -> Iterator[Any]:
        """Iterate over `items`, one step each."""
        for item in items:
            yield item
            self.step()

    @property
    def elapsed(self) -> float:
        """Seconds since the block was entered."""
        return time.perf_counter() - self._begin

    @property
    def left(self) -> float | None:
        """Estimated seconds to the end, None before the first step."""
        if not self.done:
            return None
        return self.elapsed / self.done * max(self.total - self.done, 0)

    def summary(self) -> str:
        """One line: step, time, and what is left."""
        parts = [self.note] if self.note else []
        parts.append(f"{self.done:,} of {self.total:,}")
        parts.append(f"{duration(self.elapsed)} elapsed")
        if self.state == "running":
            if self.left is not None:
                parts.append(f"about {duration(self.left)} left")
        else:
            parts.append(self.state)
        return " · ".join(parts)

    def _refresh(self, force: bool = False) -> None:
        now = time.perf_counter()
        if not force and now - self._shown < self.every:
            return
        self._shown = now
        if not self._notebook:
            self._line()
            return
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(self._repr_html_()), display_id=True)
        else:
            self._handle.update(HTML(self._repr_html_()))

    def _line(self) -> None:
        share = min(self.done / self.total, 1.0)
        bar = "#" * int(share * 20)
        last = "  ".join(
            f"{title}/{name} {points[-1][1]:.4g}"
            if title != name
            else f"{name} {points[-1][1]:.4g}"
            for title, series in self.charts.items()
            for name, points in series.items()
        )
        sys.stderr.write(f"\r{self.title} [{bar:<20}] {self.summary()}  {last}\x1b[K")
        sys.stderr.flush()

    def _repr_html_(self) -> str:
        share = min(self.done / self.total, 1.0)
        color = {
            "failed": "var(--jp-error-color1,#d32f2f)",
            "stopped": "var(--jp-warn-color1,#f57c00)",
            "done": "var(--jp-success-color1,#388e3c)",
        }.get(self.state, "var(--jp-brand-color1,#2f7ed8)")
        title = f"<b>{html.escape(self.title)}</b> " if self.title else ""
        bar = (
            f'<div role="progressbar" aria-valuemin="0" aria-valuemax="{self.total}"'
            f' aria-valuenow="{self.done}" style="height:6px;border-radius:3px;overflow:hidden;'
            'background:var(--jp-layout-color3,#ddd);margin:6px 0 8px">'
            f'<div style="height:100%;width:{share * 100:.1f}%;background:{color}"></div></div>'
        )
        boxes = []
        for name, series in self.charts.items():
            boxes.append(
                '<div style="flex:1 1 300px;min-width:260px">'
                '<div style="display:flex;gap:12px;align-items:baseline;padding-left:4px">'
                f"{legend(name, series)}</div>{chart(name, series, (0, self.done))}</div>"
            )
        return (
            f'<div style="{_STYLE}"><div style="font-variant-numeric:tabular-nums">{title}'
            f"{html.escape(self.summary())}</div>{bar}"
            '<div style="display:flex;flex-wrap:wrap;gap:18px">'
            f"{''.join(boxes)}</div></div>"
        )


def _in_notebook() -> bool:
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None
