"""A table as text: the same cells as Markdown and as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Cells that are text already.

    Attributes:
        title: Heading above it.
        note: What the columns mean; empty for none.
        header: Names of the columns.
        rows: Cells, as many in each row as in the header; a cell in `**` is set bold.
    """

    title: str
    note: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """As GitHub's Markdown, first column to the left, numbers to the right."""
        lines = ["| " + " | ".join(map(_plain, self.header)) + " |"]
        lines.append("|" + "|".join(["---"] + ["---:"] * (len(self.header) - 1)) + "|")
        lines += ["| " + " | ".join(map(_plain, row)) + " |" for row in self.rows]
        parts = [f"## {self.title}", self.note, "\n".join(lines)]
        return "\n\n".join(part for part in parts if part) + "\n"

    def html(self) -> str:
        """As an HTML section."""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.header)
        body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in self.rows)
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return (
            f"<h2>{html.escape(self.title)}</h2>{note}<div class=scroll><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table></div>"
        )


def _plain(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _cell(cell: str) -> str:
    if cell.startswith("**") and cell.endswith("**") and len(cell) > 4:
        return f"<td><b>{html.escape(cell[2:-2])}</b></td>"
    return f"<td>{html.escape(cell)}</td>"
