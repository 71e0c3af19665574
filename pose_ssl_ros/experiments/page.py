"""The page of an experiment: one HTML file that needs no other."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2937; --back: #fff; --line: #d7dce3; --soft: #f3f4f6; --quiet: #5b6472 }
@media (prefers-color-scheme: dark) {
 :root { --ink: #e5e7eb; --back: #15181d; --line: #343a44; --soft: #20252d; --quiet: #9aa4b2 }
 img { background: #fff } }
* { box-sizing: border-box }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1.2rem; color: var(--ink);
 background: var(--back) }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .6rem 0 1rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
p, li { max-width: 48rem } .verdict { font-size: 1.08rem } .quiet { color: var(--quiet); font-size: .9rem }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .75rem; text-align: right; border-bottom: 1px solid var(--line) }
th { font-weight: 600; vertical-align: bottom } th:first-child, td:first-child { text-align: left }
tr.ours td { background: var(--soft); font-weight: 600 }
.scroll { overflow-x: auto } img { max-width: 100%; height: auto; border-radius: 4px }
code { background: var(--soft); padding: .1rem .3rem; border-radius: 3px; overflow-wrap: anywhere }
"""


@dataclass(frozen=True)
class Grid:
    """A table: heading, column names, rows of texts; `foremost` are the numbers of rows that stand out."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    foremost: Sequence[int] = ()
    note: str = ""


@dataclass(frozen=True)
class Plot:
    """A picture: heading, PNG, what it shows."""

    title: str
    data: bytes
    note: str


def page(title: str, verdict: Sequence[str], parts: Sequence[Grid | Plot], facts: Sequence[str]) -> str:
    """The page.

    Args:
        title: Of the page.
        verdict: Sentences at the top.
        parts: Tables and pictures in order.
        facts: How it was made, listed at the end.
    """
    body = "".join(_grid(part) if isinstance(part, Grid) else _plot(part) for part in parts)
    said = "".join(f"<p class=verdict>{html.escape(line)}</p>" for line in verdict)
    made = "".join(f"<li>{html.escape(line)}</li>" for line in facts)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style><h1>{html.escape(title)}</h1>{said}{body}"
        f"<h2>How it was made</h2><ul class=quiet>{made}</ul></html>\n"
    )


def _grid(grid: Grid) -> str:
    head = "".join(f"<th>{html.escape(c)}</th>" for c in grid.columns)
    rows = ""
    for number, cells in enumerate(grid.rows):
        mark = " class=ours" if number in grid.foremost else ""
        rows += f"<tr{mark}>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>"
    note = f"<p class=quiet>{html.escape(grid.note)}</p>" if grid.note else ""
    table = f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    return f"<h2>{html.escape(grid.title)}</h2>{table}{note}"


def _plot(plot: Plot) -> str:
    picture = base64.b64encode(plot.data).decode()
    title = html.escape(plot.title)
    return (
        f"<h2>{title}</h2><img alt='{title}' src='data:image/png;base64,{picture}'>"
        f"<p class=quiet>{html.escape(plot.note)}</p>"
    )
