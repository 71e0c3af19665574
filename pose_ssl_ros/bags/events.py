"""What a recording holds, in the records that the loop takes: plain data in the order of recording."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame, Mounting


class ImageEvent(NamedTuple):
    """A picture that could be decoded."""

    recorded_ns: int
    number: int  # of the message on its topic from 0, counting those that could not be decoded
    frame: Frame


class CameraEvent(NamedTuple):
    """Intrinsics, when they change."""

    recorded_ns: int
    camera: CameraModel


class EgoEvent(NamedTuple):
    """Odometry."""

    recorded_ns: int
    ego: EgoState


class MountingEvent(NamedTuple):
    """The camera's place on the robot by /tf or /tf_static, when it is known or changes."""

    recorded_ns: int
    mounting: Mounting


class BoxesEvent(NamedTuple):
    """Boxes of an external detector for the image of that stamp."""

    recorded_ns: int
    stamp_ns: int
    boxes: list[Box]


class TruthEvent(NamedTuple):
    """Ground truth for the image of that stamp; nothing but evaluation reads it."""

    recorded_ns: int
    stamp_ns: int
    objects: list[TruthObject]


Event: TypeAlias = ImageEvent | CameraEvent | EgoEvent | MountingEvent | BoxesEvent | TruthEvent
