"""What the learner's last checkpoint says of prototypes: which tracks they have, and their crops."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pose_ssl_ros.labelling.errors import LabelError
from pose_ssl_ros.learning.checkpoint import MANIFEST, CheckpointError, CheckpointStore
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.learning.replay_store import unpack
from pose_ssl_ros.probing.identity_names import IdentityNames, order
from pose_ssl_ros.probing.identity_probe import IdentityProbe

#: A learner that saves just now removes the files that are being read; then it is tried again.
_TRIES = 3


@dataclass(frozen=True)
class Snapshot:
    """One checkpoint as far as identity goes.

    Attributes:
        folder: Folder of the checkpoint; None where there is none yet.
        number: The checkpoint's number.
        saved_ns: When it was written, Unix time.
        facts: Its manifest.
        groups: Track to prototype number, as the learner grouped.
        merged: Numbers that the learner merged away, to what they have become.
        tracks: Track to its entries, oldest first.
        warnings: What was damaged.
    """

    folder: Path | None = None
    number: int = 0
    saved_ns: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    tracks: Mapping[str, list[Entry]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def members(self, names: IdentityNames) -> dict[str, list[str]]:
        """Prototype number to its tracks that are in the buffer, with what a person put elsewhere there."""
        found: dict[str, list[str]] = defaultdict(list)
        for track in self.tracks:
            number = names.pins.get(track, self.groups.get(track, ""))
            if number:
                found[number].append(track)
        return {number: found[number] for number in sorted(found, key=order)}


def checkpoint_folder(directory: Path) -> Path | None:
    """The folder with the newest manifest: the learner's folder itself or one in it; None where there is none."""
    folders = [directory, *(path for path in _subfolders(directory) if "." not in path.name)]
    dated = [(stamp, path) for path in folders if (stamp := manifest_stamp(path))]
    return max(dated, default=(0, None), key=lambda pair: pair[0])[1]


def names_folder(directory: Path) -> Path:
    """Where `names.json` belongs: a folder of checkpoints lies in the learner's folder."""
    return directory.parent if (directory / MANIFEST).exists() else directory


def manifest_stamp(folder: Path) -> int:
    """When a folder's checkpoint was written, Unix nanoseconds; 0 where there is none."""
    try:
        return (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return 0


def read_snapshot(directory: Path) -> Snapshot:
    """Read the newest checkpoint; an empty snapshot where there is none yet.

    Raises:
        LabelError: If there is one but it cannot be used.
    """
    folder = checkpoint_folder(directory)
    if folder is None:
        return Snapshot()
    problem = ""
    for _ in range(_TRIES):
        saved_ns = manifest_stamp(folder)
        try:
            architecture = str(json.loads((folder / MANIFEST).read_bytes())["architecture"])
            found = CheckpointStore(folder, architecture).load()
            if found is None:
                return Snapshot()
            facts, _, buffer, warnings = found
            entries = unpack(*buffer) if buffer is not None else []
            probe = IdentityProbe()
            probe.restore(facts.get("identity", {}))
        except (CheckpointError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problem = str(error) or type(error).__name__
            continue
        tracks: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            tracks[entry.track].append(entry)
        number = int(facts.get("number", 0))
        return Snapshot(folder, number, saved_ns, facts, probe.groups, probe.merged, dict(tracks), tuple(warnings))
    msg = f"the checkpoint in {folder} cannot be used: {problem}"
    raise LabelError(msg)


def _subfolders(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.is_dir()]
    except OSError:
        return []
