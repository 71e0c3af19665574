"""Simulated drives, rendered once and replayed for every variant: what the sim node publishes, as events.

The learner does not steer the robot, so one recording serves all variants, and they see the same pictures to the bit.
The boxes of the product's own proposals are kept beside the pictures (they do not depend on the learner either) and
come back as those of an external detector.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.tour import Moment, tour
from pose_ssl_sim.world import World
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pose_ssl_ros.bags.events import BoxesEvent, CameraEvent, EgoEvent, Event, ImageEvent, MountingEvent, TruthEvent
from pose_ssl_ros.evaluation.files import write_atomic
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame, Mounting
from pose_ssl_ros.perception.proposals import Proposer
from pose_ssl_ros.probing.ground_plane import horizon_row

#: Raised when sites, camera or proposals change, so that old recordings are not taken for new ones.
VERSION = 1
_SHARD_S = 60.0
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
_RECORD = "drive.json"


@dataclass(frozen=True)
class DriveSpec:
    """What is driven: the same values give the same drive."""

    scenario: str
    seed: int
    seconds: float
    rate: float = 5.0  # pictures per second
    width: int = 320
    height: int = 240
    cruise: float = 1.2  # m/s

    @property
    def key(self) -> str:
        """A short name that changes with every value."""
        values = json.dumps([VERSION, asdict(self)], sort_keys=True)
        return f"{self.scenario}-{self.seed}-{hashlib.sha256(values.encode()).hexdigest()[:10]}"


@dataclass(frozen=True)
class Drive:
    """A recorded drive.

    Attributes:
        spec: What was driven.
        folder: Where it lies.
        frames: Number of pictures.
        shards: Number of files with them.
    """

    spec: DriveSpec
    folder: Path
    frames: int
    shards: int

    def events(self) -> Iterator[Event]:
        """All events in order, truth ahead of its picture; memory holds a minute of pictures.

        Raises:
            ExperimentError: If a file is missing or damaged.
        """
        for number in range(self.shards):
            path = self.folder / _shard_name(number)
            try:
                yield from _events_of(path, first=number == 0)
            except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
                msg = f"'{path}' is damaged ({error}); delete the folder and run again"
                raise ExperimentError(msg) from error


def recorded(spec: DriveSpec, root: Path, tell: Callable[[float], None] = lambda _: None) -> Drive:
    """The drive, recorded now if it was not before.

    Args:
        spec: What is driven.
        root: Folder of all drives.
        tell: Called with the seconds driven so far.

    Raises:
        ExperimentError: If it cannot be written.
        SimError: If the world cannot be made.
    """
    folder = root / spec.key
    found = _known(spec, folder)
    if found is not None:
        return found
    try:
        shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
        return _record(spec, folder, tell)
    except OSError as error:
        msg = f"cannot write '{folder}': {error.strerror or error}"
        raise ExperimentError(msg) from error


def _known(spec: DriveSpec, folder: Path) -> Drive | None:
    try:
        facts = json.loads((folder / _RECORD).read_bytes())
        return Drive(spec, folder, int(facts["frames"]), int(facts["shards"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _record(spec: DriveSpec, folder: Path, tell: Callable[[float], None]) -> Drive:
    config = SimConfig(
        scenario=spec.scenario, seed=spec.seed, rate=spec.rate, width=spec.width, height=spec.height, renderer="tiny"
    )
    frames = shards = 0
    proposer = Proposer()
    with World(config) as world:
        shard = _Shard(world)
        for moment in tour(world, spec.seconds, spec.cruise):
            shard.add(moment, proposer, frames)
            frames += moment.frame is not None
            seconds = moment.time_ns * 1e-9
            if seconds >= (shards + 1) * _SHARD_S:
                write_atomic(folder / _shard_name(shards), shard.packed())
                shard, shards = _Shard(world), shards + 1
            tell(seconds)
        write_atomic(folder / _shard_name(shards), shard.packed())
    # Written last: a folder without it is recorded anew.
    write_atomic(folder / _RECORD, json.dumps({"frames": frames, "shards": shards + 1, **asdict(spec)}) + "\n")
    return Drive(spec, folder, frames, shards + 1)


def _shard_name(number: int) -> str:
    return f"part-{number:04d}.safetensors"


class _Shard:
    """A minute of a drive on its way to disk."""

    def __init__(self, world: World) -> None:
        self._camera, self._mounting = world.camera, world.mounting
        self._egos: list[tuple[float, ...]] = []
        self._ego_stamps: list[int] = []
        self._pictures: list[np.ndarray] = []
        self._frames: list[dict[str, Any]] = []

    def add(self, moment: Moment, proposer: Proposer, number: int) -> None:
        """Take a tick."""
        ego = moment.ego
        self._egos.append((ego.x, ego.y, ego.yaw, ego.speed, ego.yaw_rate))
        self._ego_stamps.append(ego.stamp_ns)
        if moment.frame is None:
            return
        data = cv2.imencode(".jpg", cv2.cvtColor(moment.frame.rgb, cv2.COLOR_RGB2BGR), _JPEG)[1]
        horizon = horizon_row(self._camera, self._mounting)
        # Sought in what will be replayed, not in what the camera saw.
        boxes = proposer.propose(_picture(data), moment.time_ns, ego, horizon, self._mounting.height)
        truth = [
            (t.id, t.category, [float(v) for v in t.box], t.azimuth, list(t.position), t.visible_fraction)
            for t in moment.frame.truth
        ]
        self._pictures.append(data.reshape(-1))
        self._frames.append(
            {"stamp": moment.time_ns, "number": number, "boxes": [[float(v) for v in b] for b in boxes], "truth": truth}
        )

    def packed(self) -> bytes:
        """The file."""
        lengths = np.array([len(p) for p in self._pictures], np.int64)
        tensors = {
            "pictures": np.concatenate(self._pictures) if self._pictures else np.zeros(0, np.uint8),
            "ends": np.cumsum(lengths),
            "egos": np.array(self._egos, np.float64).reshape(-1, 5),
            "ego_stamps": np.array(self._ego_stamps, np.int64),
        }
        facts = {"camera": asdict(self._camera), "mounting": asdict(self._mounting), "frames": self._frames}
        data: bytes = save(tensors, {"facts": json.dumps(facts)})
        return data


def _picture(data: np.ndarray) -> np.ndarray:
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if picture is None:
        msg = "a picture cannot be decoded"
        raise ValueError(msg)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _events_of(path: Path, first: bool) -> Iterator[Event]:
    with safe_open(path, "np") as file:
        facts = json.loads(file.metadata()["facts"])
        pictures, ends = file.get_tensor("pictures"), file.get_tensor("ends")
        egos, ego_stamps = file.get_tensor("egos"), file.get_tensor("ego_stamps")
    frames = {int(f["stamp"]): (k, f) for k, f in enumerate(facts["frames"])}
    if first and len(ego_stamps):
        yield CameraEvent(int(ego_stamps[0]), CameraModel(**facts["camera"]))
        yield MountingEvent(int(ego_stamps[0]), Mounting(**facts["mounting"]))
    for row, stamp in zip(egos.tolist(), ego_stamps.tolist(), strict=True):
        yield EgoEvent(stamp, EgoState(stamp, *row))
        if stamp not in frames:
            continue
        k, frame = frames[stamp]
        yield TruthEvent(stamp, stamp, [_truth(*item) for item in frame["truth"]])
        image = _picture(pictures[ends[k - 1] if k else 0 : ends[k]])
        yield ImageEvent(stamp, int(frame["number"]), Frame(image, stamp))
        yield BoxesEvent(stamp, stamp, [Box(*box) for box in frame["boxes"]])


def _truth(
    name: str, category: str, box: list[float], azimuth: float, position: list[float], visible: float
) -> TruthObject:
    return TruthObject(name, category, Box(*box), azimuth, (position[0], position[1], position[2]), visible)
