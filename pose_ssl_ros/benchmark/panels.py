"""Nearest-neighbour panels, as the paper shows them: a test crop and the labelled crops that lie nearest to it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from pose_ssl_ros.benchmark.illustration import Illustration
from pose_ssl_ros.benchmark.style import DPI
from pose_ssl_ros.benchmark.tables import DOMAIN_NAMES
from pose_ssl_ros.datasets.dataset import Dataset

#: Side of a crop in the picture, its frame, and the room for the text below, pixels.
SIDE, FRAME, TEXT = 92, 4, 17
GAP, WIDE_GAP, TOP, LEFT = 5, 20, 54, 132
GREEN, RED, GREY = (22, 163, 74), (220, 38, 38), (120, 120, 120)
#: An azimuth is right within this, as in the tables.
WITHIN = math.pi / 6
#: Methods side by side in the comparison.
COMPARED = 6


def by_method(dataset: Dataset, name: str, held: Illustration) -> bytes:
    """All queries of one method, a row each, sorted by domain."""
    rows = [
        (f"{DOMAIN_NAMES[domain]}\n{_category(dataset, query)}", query, near)
        for domain, queries in held.queries.items()
        for query, near in zip(queries, held.neighbours[domain], strict=True)
    ]
    return _draw(
        dataset, f"{name}: nearest labelled crops by the middle map", rows, [len(q) for q in held.queries.values()]
    )


def compared(dataset: Dataset, domain: str, held: dict[str, Illustration], queries: int = 4) -> bytes | None:
    """The same queries under several methods, a block of rows per query; None if there are none."""
    held = {name: h for name, h in held.items() if domain in h.queries}
    if not held:
        return None
    first = next(iter(held.values())).queries[domain][:queries]
    rows = [
        (f"{name}\n{_category(dataset, query)}", query, h.neighbours[domain][place])
        for place, query in enumerate(first)
        for name, h in list(held.items())[:COMPARED]
    ]
    size = min(COMPARED, len(held))
    return _draw(dataset, f"Nearest labelled crops, {DOMAIN_NAMES[domain]}", rows, [size] * len(first))


def _draw(dataset: Dataset, title: str, rows: Sequence[tuple[str, int, np.ndarray]], blocks: Sequence[int]) -> bytes:
    """Rows of label, query and neighbours; a line between blocks of rows."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = max((len(near) for *_, near in rows), default=0)
    cell, line = SIDE + 2 * FRAME, SIDE + 2 * FRAME + TEXT
    width = LEFT + cell + WIDE_GAP + count * (cell + GAP)
    ends = np.cumsum(blocks)
    height = TOP + len(rows) * line + len(blocks) * WIDE_GAP
    canvas = np.full((height, width, 3), 255, np.uint8)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    words = FigureCanvasAgg(figure)
    texts: list[tuple[float, float, str, dict[str, object]]] = [(8, 6, title, {"fontsize": 11, "va": "top"})]
    note = "green: azimuth within 30° of the query's, red: not; below: azimuth, 0° heads towards the camera, +90° left"
    texts.append((8, 27, note, {"fontsize": 7.5, "va": "top", "color": "#555"}))
    for number, (label, query, near) in enumerate(rows):
        block = int(np.searchsorted(ends, number, side="right"))
        top = TOP + number * line + block * WIDE_GAP
        texts.append((8, top + cell / 2, label, {"fontsize": 8.5, "va": "center"}))
        _put(canvas, texts, dataset, int(query), top, LEFT, GREY, None)
        for place, row in enumerate(near):
            right = right_azimuth(dataset, int(query), int(row))
            colour = GREY if right is None else (GREEN if right else RED)
            left = LEFT + cell + WIDE_GAP + place * (cell + GAP)
            _put(canvas, texts, dataset, int(row), top, left, colour, int(query))
    for x, y, text, how in texts:
        figure.text(x / width, 1 - y / height, text, **how)  # type: ignore[arg-type]
    # Crops are put over the drawn text, not resampled by it.
    words.draw()
    drawn = np.asarray(words.buffer_rgba())[:height, :width, :3].copy()
    there = (canvas != 255).any(2)[: drawn.shape[0], : drawn.shape[1]]
    drawn[there] = canvas[: drawn.shape[0], : drawn.shape[1]][there]
    return cv2.imencode(".png", drawn[..., ::-1])[1].tobytes()


def _put(
    canvas: np.ndarray,
    texts: list[tuple[float, float, str, dict[str, object]]],
    dataset: Dataset,
    row: int,
    top: int,
    left: int,
    colour: tuple[int, int, int],
    query: int | None,
) -> None:
    """Draw one crop with its frame; another category than the query's is named."""
    crop = dataset.crops([row])[0]
    how = cv2.INTER_CUBIC if crop.shape[0] <= SIDE else cv2.INTER_AREA
    canvas[top : top + SIDE + 2 * FRAME, left : left + SIDE + 2 * FRAME] = colour
    inner = (slice(top + FRAME, top + FRAME + SIDE), slice(left + FRAME, left + FRAME + SIDE))
    canvas[inner] = cv2.resize(crop, (SIDE, SIDE), interpolation=how)
    words = degrees(float(dataset.azimuth[row]))
    if query is not None and dataset.category[row] != dataset.category[query]:
        words = f"{_category(dataset, row)} {words}".strip()
    style = {"fontsize": 7, "ha": "center", "va": "top", "color": "#222"}
    texts.append((left + SIDE / 2 + FRAME, top + SIDE + 2 * FRAME + 1, words, style))


def right_azimuth(dataset: Dataset, query: int, row: int) -> bool | None:
    """Whether two crops show their objects from the same side within 30 degrees; None if that is not known."""
    difference = float(dataset.azimuth[query]) - float(dataset.azimuth[row])
    if not math.isfinite(difference):
        return None
    return abs(math.remainder(difference, 2 * math.pi)) <= WITHIN


def degrees(azimuth: float) -> str:
    """`+35°`; nothing for an unknown one."""
    return f"{math.degrees(azimuth):+.0f}°".replace("-", "−") if math.isfinite(azimuth) else ""


def _category(dataset: Dataset, row: int) -> str:
    category = int(dataset.category[row])
    return dataset.categories[category].replace("_", " ") if category >= 0 else ""
