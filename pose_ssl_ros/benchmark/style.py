"""How all pictures of a benchmark look: one colour per method, quiet axes, PNG bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DPI = 110
#: Ours and those that it is compared with; colour-blind safe (Okabe and Ito).
_COLOURS = {
    "ours": "#D55E00",
    "base": "#D55E00",
    "vicreg+traj": "#0072B2",
    "vicreg": "#56B4E9",
    "supervised-azimuth": "#009E73",
    "supervised-category": "#B8A400",
    "random": "#9CA3AF",
}
_OTHERS = ("#CC79A7", "#E69F00", "#7F5AA8", "#8C564B", "#2F6B6B", "#444444", "#A3B86C", "#B5657B")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def colours(methods: Sequence[str]) -> dict[str, str]:
    """A colour for each method; those that are always there always have the same."""
    others = iter(_OTHERS * (1 + len(methods) // len(_OTHERS)))
    return {method: _COLOURS[method] if method in _COLOURS else next(others) for method in methods}


def foremost(methods: Sequence[str], most: int) -> list[str]:
    """At most so many methods, those that matter first chosen, in the order given."""
    chosen = sorted(methods, key=lambda m: list(_COLOURS).index(m) if m in _COLOURS else len(_COLOURS))[:most]
    return [method for method in methods if method in chosen]


def new_figure(width: float, height: float) -> Figure:
    """An empty figure on the Agg canvas, sizes in inches."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def quiet(axes: Axes, grid: str = "x") -> Axes:
    """Take away what says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, axis=grid, alpha=0.3, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
    return axes


def png(figure: Figure) -> bytes:
    """The figure as a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return buffer.getvalue()
