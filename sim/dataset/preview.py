"""Pictures of a dataset to look at: a contact sheet of trajectories, and how its poses are spread."""

from __future__ import annotations

import io
import math
from collections import Counter

import cv2
import numpy as np

from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, Dataset, DatasetError

_NAME, _LINE = 150, 18  # pixels


def contact_sheet(dataset: Dataset, rows: int = 1, columns: int = 7, tile: int = 112) -> np.ndarray:
    """Rows are trajectories, `rows` of each category; columns their views, the azimuth in degrees below.

    Args:
        dataset: What to show.
        rows: Trajectories of each category; the first ones.
        columns: Views at most.
        tile: Side of a view in pixels.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        DatasetError: If there is nothing to show, or a crop cannot be read.
    """
    shown: Counter[int] = Counter()
    chosen: list[np.ndarray] = []
    for run in dataset.sequences():
        category = int(dataset.category[run[0]])
        if shown[category] < rows:
            shown[category] += 1
            chosen.append(run[:columns])
    if not chosen:
        msg = "there is no trajectory to show"
        raise DatasetError(msg)
    chosen.sort(key=lambda run: int(dataset.category[run[0]]))
    crops = dataset.crops(np.concatenate(chosen))
    sheet = np.full((len(chosen) * (tile + _LINE), _NAME + columns * tile, 3), 255, np.uint8)
    at = 0
    for line, run in enumerate(chosen):
        top = line * (tile + _LINE)
        first = run[0]
        category = int(dataset.category[first])
        _write(sheet, dataset.categories[category] if category >= 0 else "not known", 4, top + tile // 2)
        _write(sheet, f"{SPLITS[dataset.split[first]]}, instance {dataset.instance[first]}", 4, top + tile // 2 + _LINE)
        for column, index in enumerate(run):
            left = _NAME + column * tile
            sheet[top : top + tile, left : left + tile] = cv2.resize(
                crops[at], (tile, tile), interpolation=cv2.INTER_NEAREST
            )
            at += 1
            azimuth, elevation = dataset.azimuth[index], dataset.elevation[index]
            text = "azimuth ?" if math.isnan(azimuth) else f"{math.degrees(azimuth):.0f}"
            text += "" if math.isnan(elevation) else f", up {math.degrees(elevation):.0f}"
            _write(sheet, text, left + 4, top + tile + _LINE - 5)
    return sheet


def pose_histogram(dataset: Dataset) -> bytes:
    """PNG: azimuths and elevations of each domain."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    domains = [i for i in range(len(DOMAINS)) if np.any(dataset.domain == i)]
    figure = Figure(figsize=(10, 2.2 * max(1, len(domains))), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for line, domain in enumerate(domains):
        part = dataset.where(dataset.domain == domain)
        for column, (name, angles, bins) in enumerate(
            (("azimuth", part.azimuth, np.arange(-180, 181, 10)), ("elevation", part.elevation, np.arange(0, 51, 2)))
        ):
            axes = figure.add_subplot(len(domains), 2, 2 * line + column + 1)
            axes.hist(np.degrees(angles[~np.isnan(angles)]), bins=list(map(float, bins)), color="#0072B2")
            axes.set_xlabel(f"{name} in degrees, {DOMAINS[domain]}")
            axes.set_ylabel("crops")
            axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _write(sheet: np.ndarray, text: str, x: int, y: int) -> None:
    cv2.putText(sheet, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
