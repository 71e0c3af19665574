"""Hand-made pictures and CSVs on disk."""

import csv
from pathlib import Path

import cv2
import numpy as np

from pose_ssl_ros.datasets.csv_table import REQUIRED

HEADER = ",".join(REQUIRED)


def picture(seed: int = 0, size: tuple[int, int] = (40, 48)) -> np.ndarray:
    """(height, width, 3) uint8 RGB of coarse random colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_NEAREST)


def save(path: Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))


def write_csv(path: Path, rows: list[dict], header: str = HEADER) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, header.split(","), restval="")
        table.writeheader()
        table.writerows(rows)
    return path


def good_rows(count: int, path: str = "a.png") -> list[dict]:
    """Rows that can be read, of one picture, each with a box of its own."""
    return [
        {"path": path, "x": 1 + i % 20, "y": 1 + i // 20 % 20, "w": 20 + i // 400, "h": 16, "category": "car",
         "instance": "one", "azimuth_deg": i % 360, "split": "train"}
        for i in range(count)
    ]  # fmt: skip


def folder(tmp_path: Path, bad: dict | None = None, count: int = 200) -> Path:
    """A CSV of good rows and, on line 3, one that is changed by `bad`."""
    save(tmp_path / "a.png", picture())
    rows = good_rows(count)
    if bad is not None:
        rows[1] = rows[1] | bad
    header = HEADER + "".join(f",{name}" for name in (bad or {}) if name not in REQUIRED)
    return write_csv(tmp_path / "set.csv", rows, header)
