"""Whether a bag is of use, in plain words: what is there, what is missing and what that costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pose_ssl_ros.bags.events import EgoEvent, ImageEvent, MountingEvent, TruthEvent
from pose_ssl_ros.bags.problems import Problem
from pose_ssl_ros.bags.reading import Recording, RecordingInfo
from pose_ssl_ros.bags.topics import names_of

#: Slower than this, objects move too far between two pictures to be followed.
SLOW_HZ = 3.0
#: part -> what its absence costs.
COSTS = {
    "image": "no pictures: nothing can be replayed",
    "camera_info": "no intrinsics: no ranges, no view steps and no absolute azimuth; danger is judged by boxes alone",
    "odom": "no odometry: the robot's own motion is not taken out, so speeds of objects and the motion teacher are off",
    "mounting": "no camera pose from /tf: the parameters' height and pitch are taken; say them with --set",
    "truth": "no ground truth: accuracy needs label files (evaluate --truth); the rest is measured without",
}


@dataclass
class Verdict:
    """What can be said of a bag."""

    info: RecordingInfo
    usable: bool
    read: bool  # False: only the index was looked at
    pictures: int = 0
    truths: int = 0
    missing: list[str] = field(default_factory=list)  # sentences
    problems: list[Problem] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        lost = any(p.lost for p in self.problems)
        if not self.usable:
            if "image" in self.info.refused:
                return f"The image topic must be named (--image): {self.info.refused['image']}."
            return f"Not usable: {COSTS['image'] if not self.info.roles.image else 'no picture can be decoded'}."
        if lost:
            return f"Usable in part: {self.pictures} pictures can be read, some of what was recorded is lost."
        if self.problems:
            return f"Usable: {self.pictures} pictures can be read; mind the remarks below."
        return f"Usable: {self.pictures} pictures" + (" can be read." if self.read else " by its index.")

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        info = self.info
        return {
            "name": info.name,
            "usable": self.usable,
            "verdict": self.sentence,
            "storage": info.storage,
            "distribution": info.distribution,
            "files": [file.name for file in info.files],
            "bytes": info.bytes,
            "start_ns": info.start_ns,
            "seconds": info.seconds,
            "messages": info.messages,
            "pictures": self.pictures,
            "read": self.read,
            "topics": [
                {"name": t.name, "type": t.type, "count": t.count, "hz": t.hz, "size": t.size} for t in info.topics
            ],
            "roles": names_of(info.roles),
            "missing": self.missing,
            "problems": [{"kind": p.kind, "count": p.count, "words": p.words, "lost": p.lost} for p in self.problems],
        }


def judge(recording: Recording, read: bool = True, tell: Callable[[int], None] | None = None) -> Verdict:
    """Look at a recording.

    Args:
        recording: Opened with `strict=False`.
        read: Read and decode everything; else believe the index.
        tell: Called with the time of recording of each event.
    """
    info = recording.info
    counts: Counter[type] = Counter()
    if read and info.roles.image:
        for event in recording.events():
            counts[type(event)] += 1
            if tell is not None:
                tell(event.recorded_ns)
        pictures = counts[ImageEvent]
    else:
        pictures = sum(t.count for t in info.topics if t.name == info.roles.image)
    missing = [] if info.roles.image else [info.refused.get("image", COSTS["image"])]
    for part in ("camera_info", "odom"):
        if not getattr(info.roles, part) or (read and part == "odom" and pictures and not counts[EgoEvent]):
            missing.append(info.refused.get(part, COSTS[part]))
    if not info.transforms or (read and pictures and not counts[MountingEvent]):
        missing.append(COSTS["mounting"])
    if not info.roles.truth or (read and pictures and not counts[TruthEvent]):
        missing.append(info.refused.get("truth", COSTS["truth"]))
    slow = pictures / info.seconds if info.seconds > 0 else 0.0
    if pictures > 1 and slow < SLOW_HZ:
        missing.append(f"only {slow:.2g} pictures per second: objects move too far between two of them to be followed")
    return Verdict(
        info, usable=pictures > 0, read=read, pictures=pictures, truths=counts[TruthEvent], missing=missing,
        problems=[p for p in recording.problems if p.kind != "ambiguous"],
    )  # fmt: skip
