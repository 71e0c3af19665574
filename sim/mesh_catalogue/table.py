"""Which models of the package are in our categories, and how each must be turned: `models.csv`, checked by eye."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimError

TABLE = Path(__file__).with_name("models.csv")
COLUMNS = ("model", "category", "family", "yaw_deg", "scale")


@dataclass(frozen=True)
class Entry:
    """A model that is used.

    Attributes:
        number: Its row in the table, from 0; its instance number in a dataset.
        model: Its key in the package, `<archive>/<model>`.
        category: Ours.
        family: Models that look alike share one and come into the same split; else its key.
        yaw: Turn about the vertical that brings its front to +x, radians.
        scale: From the package's measures to those of the real thing (a toy biplane).
    """

    number: int
    model: str
    category: str
    family: str
    yaw: float
    scale: float


def read_table(path: Path = TABLE) -> tuple[Entry, ...]:
    """All entries.

    Raises:
        SimError: If the table cannot be read, naming the row.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        msg = f"the table of models {path} cannot be read: {error}"
        raise SimError(msg) from None
    found: dict[str, Entry] = {}
    for number, row in enumerate(rows):
        where = f"{path.name} line {number + 2}"
        if None in row or any(row.get(column) is None for column in COLUMNS):
            msg = f"{where} does not have the columns {', '.join(COLUMNS)}"
            raise SimError(msg)
        try:
            yaw, scale = math.radians(float(row["yaw_deg"])), float(row["scale"])
        except ValueError:
            yaw, scale = math.nan, math.nan
        if not (math.isfinite(yaw) and math.isfinite(scale) and scale > 0):
            msg = f"{where} has yaw_deg '{row['yaw_deg']}' and scale '{row['scale']}', which cannot be"
            raise SimError(msg)
        if row["category"] not in catalogue.CATEGORIES:
            msg = f"{where} has category '{row['category']}', which the catalogue does not have"
            raise SimError(msg)
        model = row["model"]
        archive, _, name = model.partition("/")
        if not archive or not name or {archive, name} & {".", ".."} or "/" in name or "\\" in model:
            msg = f"{where} has model '{model}', not <archive>/<model>"
            raise SimError(msg)
        if model in found:
            msg = f"{where} has model '{model}' once more"
            raise SimError(msg)
        found[model] = Entry(number, model, row["category"], row["family"] or model, yaw, scale)
    return tuple(found.values())
