"""What the loop said of one frame: the record between replay, the result bag and evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pose_ssl_ros.interfaces import Mounting, ObjectState, TeacherEvidence, Track, Triplet


@dataclass(frozen=True)
class FrameResult:
    """One frame of a recording with all that was said of it."""

    bag: int  # which of the recordings, counting from 0
    index: int  # of the image on its topic (`ImageEvent.number`)
    stamp_ns: int  # of the image; zero-stamped images carry the time of recording
    recorded_ns: int
    frame_id: str
    width: int
    height: int
    tracks: tuple[Track, ...] = ()
    objects: tuple[ObjectState, ...] = ()  # empty list of boxes is an answer, too
    evidence: Mapping[str, TeacherEvidence] = field(default_factory=dict)  # by track: what its motion says
    triplets: tuple[Triplet, ...] = ()  # completed by this frame
    mounting: Mounting = field(default_factory=Mounting)
    danger: float = 0.0
    speed_limit: float = 100.0  # percent, as the planner node's policy says
    version: int = 0  # model that answered; 0: none
    heading_ready: bool = False  # False: cold, every heading is unknown
    work_ms: float = 0.0  # wall time of triplet and inference work; the only field that differs between two runs
