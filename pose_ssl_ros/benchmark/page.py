"""One HTML page with all tables and pictures; the pictures are files beside it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from pose_ssl_ros.benchmark.table import Table


@dataclass(frozen=True)
class Picture:
    """A picture: file name below the folder `plots`, heading, PNG bytes."""

    file: str
    title: str
    data: bytes


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1f2937 }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2.2rem }
p { max-width: 60rem } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #e5e7eb; white-space: nowrap }
th { white-space: normal; vertical-align: bottom; font-weight: 600 }
th:first-child, td:first-child { text-align: left } .scroll { overflow-x: auto } img { max-width: 100% }
code { background: #f3f4f6; padding: .1rem .3rem; border-radius: 3px } li { max-width: 60rem }
"""


def html_page(title: str, lines: Sequence[str], tables: Sequence[Table], pictures: Sequence[Picture]) -> str:
    """The page.

    Args:
        title: Of the page.
        lines: Facts listed at the top.
        tables: In order; the first goes before the pictures, the others behind.
        pictures: In order.
    """
    facts = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    shown = "".join(map(_shown, pictures))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style><h1>{html.escape(title)}</h1><ul>{facts}</ul>"
        + "".join(table.html() for table in tables[:1])
        + shown
        + "".join(table.html() for table in tables[1:])
        + "</html>\n"
    )


def _shown(picture: Picture) -> str:
    title = html.escape(picture.title)
    return f"<h2>{title}</h2><img loading=lazy src='plots/{html.escape(picture.file)}' alt='{title}'>"


def markdown_page(title: str, lines: Sequence[str], tables: Sequence[Table], pictures: Sequence[Picture]) -> str:
    """The same as Markdown."""
    facts = "\n".join(f"- {line}" for line in lines)
    shown = "\n".join(f"## {p.title}\n\n![{p.title}](plots/{p.file})\n" for p in pictures)
    parts = [f"# {title}\n", f"{facts}\n", *(table.markdown() for table in tables), shown]
    return "\n".join(parts)
