"""The crops that a start model brings along: what its heading probe learned from, so that it forgets nothing.

A sheet of JPEG crops with a table beside it, readable by a person too.  The probes are fitted to them and to
the site's own labels together, each time with the encoder as it is then, so a probe never lags its encoder.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from pose_ssl_ros.learning.checkpoint import write_atomic
from pose_ssl_ros.learning.replay import Entry

SHEET, TABLE = "exemplars.jpg", "exemplars.json"
_COLUMNS = 20
_QUALITY = 92


class ExemplarError(ValueError):
    """The exemplars of a start model cannot be used; the text says which file and why."""


def write_exemplars(folder: Path, entries: Sequence[Entry]) -> None:
    """Write the centre views of entries as a sheet and a table.

    Raises:
        CheckpointError: If a file cannot be written.
    """
    size = entries[0].crops.shape[1]
    rows = math.ceil(len(entries) / _COLUMNS)
    sheet = np.zeros((rows * size, _COLUMNS * size, 3), np.uint8)
    for index, entry in enumerate(entries):
        row, column = divmod(index, _COLUMNS)
        sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = entry.crops[1]
    # Without chroma subsampling: lamps are a few pixels of colour.
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    write_atomic(folder / SHEET, cv2.imencode(".jpg", sheet[:, :, ::-1], options)[1].tobytes())
    table = {
        "size": size,
        "columns": _COLUMNS,
        "crops": [
            {"azimuth_deg": round(math.degrees(e.azimuth), 1), "weight": round(e.weight, 2), "track": e.track}
            for e in entries
        ],
    }
    write_atomic(folder / TABLE, json.dumps(table).encode())


def read_exemplars(folder: Path, size: int) -> list[Entry]:
    """The exemplars in a folder; empty when the start model has none.

    Args:
        folder: The start model's folder.
        size: Side of a crop that is expected, pixels.

    Raises:
        ExemplarError: If they are damaged or of another size.
    """
    if not (folder / TABLE).exists():
        return []
    try:
        table = json.loads((folder / TABLE).read_text(encoding="utf-8"))
        side, columns, crops = int(table["size"]), int(table["columns"]), table["crops"]
        sheet = cv2.imdecode(np.frombuffer((folder / SHEET).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if side != size:
            msg = f"{folder / TABLE} holds crops of {side} px, not of {size} px"
            raise ExemplarError(msg)
        if sheet is None or sheet.shape[0] < math.ceil(len(crops) / columns) * side or sheet.shape[1] < columns * side:
            msg = f"{folder / SHEET} is damaged or too small for {len(crops)} crops"
            raise ExemplarError(msg)
        found = []
        for index, item in enumerate(crops):
            row, column = divmod(index, columns)
            crop = sheet[row * side : (row + 1) * side, column * side : (column + 1) * side, ::-1]
            views = np.repeat(np.ascontiguousarray(crop)[None], 3, axis=0)
            azimuth = math.radians(float(item["azimuth_deg"]))
            found.append(Entry(f"start/{item['track']}", views, azimuth, float(item["weight"]), 0, index))
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ExemplarError):
            raise
        msg = f"the exemplars in {folder} cannot be read: {error}"
        raise ExemplarError(msg) from error
    return found
