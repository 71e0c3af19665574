"""The records at the seams between rooms: plain data, no behaviour worth testing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """Axis-aligned image box in pixels: top-left corner and size."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> tuple[float, float]:
        """Centre (x, y) in pixels."""
        return (self.x + self.w / 2, self.y + self.h / 2)

    @property
    def bottom(self) -> float:
        """Lower edge in pixels."""
        return self.y + self.h


@dataclass(frozen=True)
class Frame:
    """One camera image."""

    image: np.ndarray  # (height, width, 3) uint8 RGB
    stamp_ns: int
    frame_id: str = "camera_optical_frame"


@dataclass(frozen=True)
class CameraModel:
    """Pinhole intrinsics in pixels for an image of width x height."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def bearing(self, u: float) -> float:
        """Angle of the ray through column u in radians, positive to the right."""
        return float(np.arctan2(u - self.cx, self.fx))


@dataclass(frozen=True)
class Mounting:
    """Where the camera sits on the robot: metres in base_link, pitch in radians, down positive."""

    x: float = 0.2
    height: float = 0.6
    pitch: float = 0.0
    yaw: float = 0.0


@dataclass(frozen=True)
class EgoState:
    """Planar pose and velocity of the robot in its odometry frame (REP-105)."""

    stamp_ns: int
    x: float
    y: float
    yaw: float
    speed: float = 0.0  # m/s along the robot's forward axis
    yaw_rate: float = 0.0  # rad/s


@dataclass(frozen=True)
class Track:
    """An object followed over frames."""

    id: str
    box: Box
    stamp_ns: int
    age: int = 1  # frames since birth
    missed: int = 0  # frames since the box was last observed


@dataclass(frozen=True)
class TeacherEvidence:
    """What motion says about heading: scores aligned with `viewpoint.HEADINGS`, each in 0..1."""

    scores: tuple[float, float, float, float]


@dataclass(frozen=True)
class ViewSteps:
    """Rotation of the viewing direction, L to C and C to R: quaternions (x, y, z, w)."""

    lc: tuple[float, float, float, float]
    cr: tuple[float, float, float, float]


@dataclass(frozen=True)
class Triplet:
    """Left, centre and right view of one object on a smooth viewpoint trajectory."""

    track_id: str
    stamp_ns: int  # of the centre view
    crops: np.ndarray  # (3, S, S, 3) uint8 RGB in the order L, C, R
    box: Box  # of the centre view
    teacher: TeacherEvidence | None = None
    view_steps: ViewSteps | None = None


@dataclass(frozen=True)
class ObjectState:
    """What is known of one tracked object in one frame."""

    track_id: str
    box: Box
    identity: tuple[tuple[str, float], ...] = ()  # (class, probability), falling
    # Aligned with viewpoint.HEADINGS_AND_UNKNOWN, sums to 1.
    heading: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 1.0)
    azimuth: float | None = None  # radians
    azimuth_variance: float | None = None  # rad^2
    bearing: float | None = None  # radians, positive to the right
    range_m: float | None = None
    closing_speed: float | None = None  # m/s, positive when the gap shrinks
    position: tuple[float, float] | None = None  # metres in base_link: x forward, y left
    velocity: tuple[float, float] | None = None  # m/s in base_link axes, ego-motion removed
    half_width: float | None = None  # metres, from the box width and the range
    danger: float = 1.0  # 0..1; not knowing is dangerous
    embedding: np.ndarray | None = None
    # Heading and azimuth (radians) by appearance alone; `heading` and `azimuth` take motion into account.
    looks: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 1.0)  # as appearance alone tells it
    looks_azimuth: float | None = None  # radians, likewise


@dataclass(frozen=True)
class ModelVersion:
    """Identity card of a model; travels in the ONNX file's metadata_props as `pose_ssl.<field>`."""

    version: int
    parent: int = 0
    sha256: str = ""  # of all initialisers, by name order
    objective: str = ""
    classes: tuple[str, ...] = ()
    input_size: int = 64
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    heading_ready: bool = False  # False: the heading head is a placeholder, answer unknown
    identity_ready: bool = False
    # Of the output `prototypes`, column by column: who it is over all versions, and its class.  Empty: no such output.
    prototypes: tuple[str, ...] = ()
    prototype_names: tuple[str, ...] = ()
    merged: dict[str, str] = field(default_factory=dict)  # prototypes that are no more, to what they have become
    training: dict[str, float] = field(default_factory=dict)  # steps, triplets, losses, ...
