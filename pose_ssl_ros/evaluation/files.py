"""Files that are whole or not there."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write to a temporary name beside the file, flush to disk, rename.

    Raises:
        OSError: If the folder cannot be written; what was there before stays.
    """
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def plain(value: Any) -> Any:
    """The value with numpy scalars as Python's, and numbers that JSON lacks as None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON (no NaN) atomically."""
    write_atomic(path, json.dumps(plain(value), indent=1, allow_nan=False) + "\n")


def run_folder(output: str) -> Path:
    """Make the folder of a run: `output`, or a new runs/<time>.

    A symlink `latest` beside it points to it where the folder above is named
    `runs`.  A filesystem without symlinks goes without.
    """
    if output:
        folder = Path(output)
    else:
        base = Path("runs") / time.strftime("%Y%m%d-%H%M%S")
        folder, n = base, 1
        while folder.exists():
            n += 1
            folder = base.with_name(f"{base.name}-{n}")
    folder.mkdir(parents=True, exist_ok=True)
    if folder.resolve().parent.name == "runs":
        link = folder.parent / "latest"
        temporary = folder.parent / f".latest.{os.getpid()}"
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(folder.name)
            temporary.replace(link)
        except OSError:
            temporary.unlink(missing_ok=True)
    return folder
