"""Small pieces of SVG: axes, lines and areas whose colours come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.sax.saxutils import escape, quoteattr

import numpy as np

Numbers: TypeAlias = Sequence[float] | np.ndarray


def tag(name: str, content: str = "", /, **attributes: object) -> str:
    """An element; underscores in attribute names become hyphens, `class_` is `class`, numbers get two decimals."""
    words = []
    for key, value in attributes.items():
        if value is None:
            continue
        text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        words.append(f" {key.rstrip('_').replace('_', '-')}={quoteattr(text)}")
    inside = "".join(words)
    return f"<{name}{inside}>{content}</{name}>" if content else f"<{name}{inside}/>"


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> str:
    """Words whose baseline starts, ends or is centred at (x, y)."""
    return tag("text", escape(words), x=x, y=y, class_=class_ or None, text_anchor=anchor)


def picture(width: float, height: float, parts: Iterable[str], title: str, class_: str = "") -> str:
    """A whole picture with a title for those who cannot see it."""
    inside = tag("title", escape(title)) + "".join(parts)
    return tag(
        "svg",
        inside,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_label=title,
        class_=f"chart {class_}".strip(),
        preserveAspectRatio="xMinYMid",
    )


@dataclass(frozen=True)
class Panel:
    """A rectangle of the picture with its own scales."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float] = (0.0, 1.0)

    def at_x(self, value: float) -> float:
        """Picture x of a value."""
        span = self.x[1] - self.x[0] or 1.0
        return self.left + (value - self.x[0]) / span * self.width

    def at_y(self, value: float) -> float:
        """Picture y of a value, greater ones higher."""
        span = self.y[1] - self.y[0] or 1.0
        return self.top + self.height - (value - self.y[0]) / span * self.height

    def frame(self, ticks_y: Sequence[tuple[float, str]], ticks_x: Sequence[tuple[float, str]] = ()) -> str:
        """Grid lines with their words."""
        parts = []
        right, low = self.left + self.width, self.top + self.height
        for value, words in ticks_y:
            y = self.at_y(value)
            parts.append(tag("line", x1=self.left, x2=right, y1=y, y2=y, class_="grid"))
            parts.append(text(self.left - 6, y + 4, words, "tick", "end"))
        for value, words in ticks_x:
            x = self.at_x(value)
            parts.append(tag("line", x1=x, x2=x, y1=low, y2=low + 4, class_="axis"))
            parts.append(text(x, low + 17, words, "tick", "middle"))
        parts.append(tag("line", x1=self.left, x2=right, y1=low, y2=low, class_="axis"))
        return "".join(parts)

    def line(self, xs: Numbers, ys: Numbers, class_: str) -> str:
        """A line; it is broken where a value is not finite."""
        return tag("path", d=self._path(xs, ys) or "M0 0", class_=f"line {class_}", fill="none")

    def area(self, xs: Numbers, ys: Numbers, class_: str) -> str:
        """The area between a line and the lower edge, one piece for each stretch of finite values."""
        low = self.at_y(self.y[0])
        pieces = []
        for stretch in _stretches(xs, ys):
            points = " L".join(f"{self.at_x(x):.1f} {self.at_y(y):.1f}" for x, y in stretch)
            first, last = self.at_x(stretch[0][0]), self.at_x(stretch[-1][0])
            pieces.append(f"M{first:.1f} {low:.1f} L{points} L{last:.1f} {low:.1f}Z")
        return tag("path", d=" ".join(pieces) or "M0 0", class_=f"area {class_}")

    def _path(self, xs: Numbers, ys: Numbers) -> str:
        return " ".join(
            "M" + " L".join(f"{self.at_x(x):.1f} {self.at_y(y):.1f}" for x, y in stretch)
            for stretch in _stretches(xs, ys)
        )


def _stretches(xs: Numbers, ys: Numbers) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if math.isfinite(x) and math.isfinite(y):
            found[-1].append((float(x), float(y)))
        elif found[-1]:
            found.append([])
    return [stretch for stretch in found if stretch]


def clock(seconds: float) -> str:
    """Seconds as m:ss, or h:mm:ss."""
    whole = max(0, int(seconds + 0.5))
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def time_ticks(end: float, most: int) -> list[tuple[float, str]]:
    """Round times from 0 to an end, at most so many."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000)
    step = next((s for s in steps if end / s <= most), steps[-1])
    return [(float(t), clock(t)) for t in range(0, int(end) + 1, step)]
