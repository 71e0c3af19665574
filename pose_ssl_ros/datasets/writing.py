"""Dataset folders: shards written in any order by any process, then the table and the manifest.

    crops_00000.npy, crops_00001.npy, ...   uint8 (n, S, S, 3) RGB
    table.csv                               one row per crop, see `table.COLUMNS`
    manifest.json                           written last: a folder with it is whole

Until `finish`, each shard has its rows and hash beside it (`crops_00000.json`), so a run that was
killed goes on with the shards that are whole.  No time stamps: the same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pose_ssl_ros.datasets.dataset import DatasetError
from pose_ssl_ros.datasets.files import HashingWriter, sha256_of, write_atomic, write_bytes
from pose_ssl_ros.datasets.table import COLUMNS, FORMAT, MANIFEST, TABLE, CropRow, shard_name

#: Crops in a shard at most: 50 MB at 64x64.
SHARD_CROPS = 4096
_SPLIT_COLUMN, _DOMAIN_COLUMN, _CATEGORY_COLUMN = (COLUMNS.index(c) - 2 for c in ("split", "domain", "category"))


@dataclass(frozen=True)
class ShardWriter:
    """Writes one dataset folder; can be sent to worker processes.

    Example:
        writer = ShardWriter(folder, command="pose-ssl dataset render --seed 7", seed=7, settings={"crops": 5000})
        held = writer.begin()                                # once, in the parent: what an earlier run left
        writer.write(number, crops, rows)                    # any process, any order, not those in `held`
        writer.finish(shards=2)                              # once, in the parent

    Attributes:
        folder: Where to.
        command: What makes the dataset again, for the manifest.
        seed: Its seed.
        settings: What else decides the content (JSON); a folder of other settings is never mixed with these.
    """

    folder: Path
    command: str = ""
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Hash of seed and settings."""
        facts = json.dumps({"seed": self.seed, "settings": dict(self.settings)}, sort_keys=True)
        return hashlib.sha256(facts.encode()).hexdigest()

    def begin(self) -> set[int]:
        """Make the folder, drop what a killed run left half-written, and verify what is whole.

        Returns:
            Numbers of the shards that are there with the right size and hash; the others have to be written.

        Raises:
            DatasetError: If the folder cannot be made or holds another dataset.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(".*.tmp"):
                left.unlink(missing_ok=True)
        except OSError as error:
            msg = f"cannot write the dataset folder {self.folder}: {error.strerror or error}"
            raise DatasetError(msg) from error
        return {number for number, part in self._parts().items() if self._whole(number, part)}

    def write(self, number: int, crops: np.ndarray, rows: Sequence[CropRow]) -> None:
        """Write one shard and its rows.

        Args:
            number: Which; shards are read in the order of their numbers.
            crops: (n, S, S, 3) uint8, 1 <= n <= `SHARD_CROPS`.
            rows: n facts.

        Raises:
            DatasetError: If shapes do not fit or the disk is full.
        """
        if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1] != crops.shape[2] or crops.shape[3] != 3:
            msg = f"shard {number} must be uint8 (n, S, S, 3), it is {crops.dtype} {crops.shape}"
            raise DatasetError(msg)
        if not 1 <= len(crops) <= SHARD_CROPS or len(crops) != len(rows):
            msg = f"shard {number} has {len(crops)} crops and {len(rows)} rows; it may have 1 to {SHARD_CROPS} of both"
            raise DatasetError(msg)
        cells = [row.cells() for row in rows]

        def fill(file: HashingWriter) -> None:
            np.lib.format.write_array(file, np.ascontiguousarray(crops), version=(1, 0), allow_pickle=False)

        done = write_atomic(self.folder / shard_name(number), fill)
        part = {"crops": len(crops), "size": crops.shape[1], "bytes": done.bytes, "sha256": done.sha256}
        # After the shard: a part's file vouches for it.
        write_bytes(self._part_path(number), json.dumps({"key": self.key, **part, "rows": cells}).encode())

    def finish(self, shards: int) -> dict[str, Any]:
        """Write the table and the manifest of shards 0 .. shards - 1.

        Returns:
            The manifest.

        Raises:
            DatasetError: If a shard is missing or damaged, or the disk is full.
        """
        parts = self._parts()
        missing = [n for n in range(shards) if n not in parts or not self._whole(n, parts[n], deep=False)]
        if shards < 1 or missing:
            msg = f"{self.folder} cannot be finished: of {shards} shards are missing or damaged: {missing[:10]}"
            raise DatasetError(msg)
        sizes = {parts[n]["size"] for n in range(shards)}
        if len(sizes) != 1:
            msg = f"the shards of {self.folder} have crops of different sizes: {sorted(sizes)}"
            raise DatasetError(msg)
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        counts: dict[str, Counter[str]] = {"split": Counter(), "domain": Counter(), "category": Counter()}
        for number in range(shards):
            for index, cells in enumerate(parts[number]["rows"]):
                table.writerow([number, index, *cells])
                counts["split"][cells[_SPLIT_COLUMN]] += 1
                counts["domain"][cells[_DOMAIN_COLUMN]] += 1
                counts["category"][cells[_CATEGORY_COLUMN]] += 1
        written = write_bytes(self.folder / TABLE, text.getvalue().encode())
        manifest = {
            "format": FORMAT,
            "command": self.command,
            "seed": self.seed,
            "settings": dict(self.settings),
            "key": self.key,
            "size": sizes.pop(),
            "crops": sum(parts[n]["crops"] for n in range(shards)),
            "counts": {name: dict(sorted(count.items())) for name, count in counts.items()},
            "shards": [
                {"name": shard_name(n), **{k: parts[n][k] for k in ("crops", "bytes", "sha256")}} for n in range(shards)
            ],
            "table": {"name": TABLE, "bytes": written.bytes, "sha256": written.sha256},
        }
        write_bytes(self.folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        for path in self.folder.glob("crops_*.json"):
            path.unlink(missing_ok=True)
        return manifest

    def _part_path(self, number: int) -> Path:
        return self.folder / f"crops_{number:05d}.json"

    def _parts(self) -> dict[int, dict[str, Any]]:
        """Facts and rows of every shard that was ever written whole: from the manifest, or newer beside the shard."""
        found = self._finished()
        for path in sorted(self.folder.glob("crops_*.json")):
            try:
                part = json.loads(path.read_bytes())
                number = int(path.stem.removeprefix("crops_"))
                key, ok = part["key"], len(part["rows"]) == part["crops"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # damaged: the shard is written again
            self._refuse_other(key, path)
            if ok:
                found[number] = part
        return found

    def _finished(self) -> dict[int, dict[str, Any]]:
        path = self.folder / MANIFEST
        if not path.exists():
            return {}
        try:
            manifest = json.loads(path.read_bytes())
            key, shards, size = manifest["key"], manifest["shards"], manifest["size"]
            if sha256_of(self.folder / TABLE) != manifest["table"]["sha256"]:
                return {}
            rows: list[list[list[str]]] = [[] for _ in shards]
            with (self.folder / TABLE).open(newline="", encoding="utf-8") as file:
                lines = csv.reader(file)
                next(lines)
                for cells in lines:
                    rows[int(cells[0])].append(cells[2:])
        except (OSError, ValueError, KeyError, TypeError, IndexError, DatasetError) as error:
            msg = f"{self.folder} holds a dataset whose manifest or table is damaged ({error}); remove it first"
            raise DatasetError(msg) from error
        self._refuse_other(key, path)
        return {n: {**shard, "size": size, "rows": rows[n]} for n, shard in enumerate(shards)}

    def _refuse_other(self, key: str, path: Path) -> None:
        if key != self.key:
            msg = f"{path} belongs to a dataset of another seed or other settings; give another folder or remove it"
            raise DatasetError(msg)

    def _whole(self, number: int, part: Mapping[str, Any], deep: bool = True) -> bool:
        """True if the shard on disk is the one that was written; `deep` hashes it."""
        path = self.folder / shard_name(number)
        if not path.is_file() or path.stat().st_size != part["bytes"]:
            return False
        return not deep or sha256_of(path) == part["sha256"]
