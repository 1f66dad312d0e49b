"""Line charts as inline SVG: themed by JupyterLab's variables, readable without any script."""

import html
import math
from collections.abc import Mapping, Sequence

Point = tuple[float, float]

COLORS = ("#2f7ed8", "#e4572e", "#3a9d5d", "#8e5bb5", "#b8860b", "#4a90a4")
WIDTH, HEIGHT = 380, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 24


def thin(points: Sequence[Point], most: int = 240) -> list[Point]:
    """At most `most` points: the mean of each of as many equal spans, ends kept."""
    if len(points) <= most:
        return list(points)
    size = len(points) / most
    found = []
    for index in range(most):
        span = points[int(index * size) : max(int((index + 1) * size), int(index * size) + 1)]
        found.append((sum(p[0] for p in span) / len(span), sum(p[1] for p in span) / len(span)))
    found[0], found[-1] = points[0], points[-1]
    return found


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers that cover [low, high]."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def label(value: float) -> str:
    """A tick's text, short and without noise."""
    if value == 0:
        return "0"
    if abs(value) >= 10000:
        return f"{value / 1000:g}k"
    return f"{value:.4g}"


def chart(title: str, series: Mapping[str, Sequence[Point]], span: tuple[float, float]) -> str:
    """One chart as SVG text; `span` is the horizontal range."""
    finite = {
        name: [p for p in thin(points) if math.isfinite(p[1])] for name, points in series.items()
    }
    values = [y for points in finite.values() for _, y in points]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    margin = 0.06 * (high - low)
    low, high = low - margin, high + margin
    start, stop = span if span[1] > span[0] else (span[0], span[0] + 1)

    def across(x: float) -> float:
        return LEFT + (x - start) / (stop - start) * (WIDTH - LEFT - RIGHT)

    def down(y: float) -> float:
        return TOP + (high - y) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg role="img" aria-label="{html.escape(title)}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' style="width:100%;display:block;font:10px var(--jp-ui-font-family,system-ui)"'
        ' fill="var(--jp-ui-font-color2,#666)">'
    ]
    for y in ticks(low, high):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(y):.1f}" y2="{down(y):.1f}"'
            ' stroke="var(--jp-border-color2,#ddd)" stroke-width="0.7"/>'
            f'<text x="{LEFT - 6}" y="{down(y) + 3.5:.1f}" text-anchor="end">{label(y)}</text>'
        )
    for x in ticks(start, stop, 5):
        parts.append(
            f'<text x="{across(x):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{label(x)}</text>'
        )
    for number, points in enumerate(finite.values()):
        color = COLORS[number % len(COLORS)]
        path = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in points)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.6"'
            ' stroke-linejoin="round"/>'
        )
        if points:
            x, y = points[-1]
            parts.append(
                f'<circle cx="{across(x):.1f}" cy="{down(y):.1f}" r="2.6" fill="{color}"/>'
            )
    parts.append("</svg>")
    return "".join(parts)


def legend(title: str, series: Mapping[str, Sequence[Point]]) -> str:
    """The chart's title and each series' name and last value."""
    items = [f"<b>{html.escape(title)}</b>"]
    for number, (name, points) in enumerate(series.items()):
        color = COLORS[number % len(COLORS)]
        last = f"{points[-1][1]:.4g}" if points else ""
        shown = html.escape(name)
        items.append(
            f'<span><span aria-hidden="true" style="color:{color}">&#9644;</span> {shown}'
            f' <span style="font-variant-numeric:tabular-nums">{last}</span></span>'
        )
    return "".join(items)
