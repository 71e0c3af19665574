"""One image in, tracks and finished triplets out; no ROS, no threads, no clock of its own."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame, Mounting, TeacherEvidence, Track, Triplet
from pose_ssl_ros.perception.boxes import clean
from pose_ssl_ros.perception.crops import cut, descriptor
from pose_ssl_ros.perception.proposals import Proposer
from pose_ssl_ros.perception.tracking import Tracker
from pose_ssl_ros.probing.ground_plane import horizon_row, sight_yaw
from pose_ssl_ros.probing.motion_teacher import MotionTeacher
from pose_ssl_ros.triplets.buffer import TripletBuffer
from pose_ssl_ros.triplets.config import TripletNodeConfig
from pose_ssl_ros.triplets.keyframes import REASONS, View, refuse_box, refuse_crop
from pose_ssl_ros.triplets.own_motion import OWN_COUNTS, OwnMotion, OwnMotionWatch

_log = logging.getLogger(__name__)


class TripletPipeline:
    """Proposals (or given boxes) to tracks to keyframes to triplets.

    The same frames in the same order give the same output.
    """

    def __init__(self, config: TripletNodeConfig | None = None) -> None:
        """Start with empty buffers.

        Args:
            config: All parameters; the defaults without it.

        Raises:
            ObjectnessError: If the model of the built-in proposals is needed and cannot be used.
        """
        self.config = config or TripletNodeConfig()
        #: Where the camera sits; the node replaces it when /tf_static tells.
        self.mounting = Mounting(
            x=self.config.camera_x, height=self.config.camera_height, pitch=self.config.camera_pitch
        )
        # With boxes from outside the net is never asked, and need not be there.
        own = self.config.proposals
        self._proposer = Proposer(replace(own, method="contrast") if self.config.detector else own)
        self._tracker = Tracker(self.config.tracker)
        self._teacher = MotionTeacher(self.config.teacher)
        self._buffer = TripletBuffer(self.config.keyframes)
        self._own = OwnMotionWatch()
        #: What motion says of the tracks of the last image, by track; replay compares answers with it.
        self.evidence: dict[str, TeacherEvidence] = {}
        self._previous: dict[str, tuple[int, Box]] = {}
        self._stamp: int | None = None
        self._size: tuple[int, int] = (0, 0)
        self._said_reset = False
        self._counts: Counter[str] = Counter()

    def configure(self, config: TripletNodeConfig) -> None:
        """Take new parameters; tracks and views start anew, ids go on counting, the mounting stays."""
        mounting = self.mounting
        if (config.camera_height, config.camera_pitch, config.camera_x) != (
            self.config.camera_height,
            self.config.camera_pitch,
            self.config.camera_x,
        ):
            mounting = Mounting(x=config.camera_x, height=config.camera_height, pitch=config.camera_pitch)
        tracker, buffer, counts, own = self._tracker, self._buffer, self._counts, self._own.counts
        self.__init__(config)  # type: ignore[misc]
        self.mounting, self._counts = mounting, counts
        self._tracker.continue_ids(tracker)
        self._buffer.counts = buffer.counts
        self._own.counts = own

    def reset(self) -> None:
        """Forget everything seen; track ids go on counting and the statistics stay."""
        self._proposer.reset()
        self._tracker.reset()
        self._teacher.reset()
        self._buffer.reset()
        self._own.reset()
        self._previous.clear()
        self._stamp = None

    def stats(self) -> dict[str, float]:
        """Counts since the start: images, boxes, tracks, and views left out by reason."""
        names = (
            "images",
            "repeated_images",
            "resets",
            "proposals",
            "boxes_bad",
            "boxes_capped",
            "tracks",
            "views",
            "teacher",
            "triplets",
            "triplets_taught",
            "triplets_with_steps",
        )
        found: dict[str, float] = {name: float(self._counts[name]) for name in names}
        found |= {f"rejected_{reason}": float(self._counts[reason]) for reason in REASONS}
        found |= {name: float(count) for name, count in self._buffer.counts.items()}
        found |= {name: float(self._own.counts[name]) for name in OWN_COUNTS}
        return found

    def process(
        self,
        frame: Frame,
        ego: EgoState | None = None,
        camera: CameraModel | None = None,
        boxes: list[Box] | None = None,
    ) -> tuple[list[Track], list[Triplet]]:
        """Take one image.

        Args:
            frame: The image; a stamp before the last one's clears all buffers.
            ego: Pose of the robot at that time, if known.
            camera: Intrinsics for the camera's full image, if known.
            boxes: Boxes of an external detector; without them the built-in proposals are used.

        Returns:
            The tracks in this image and the triplets that it completed.
        """
        height, width = frame.image.shape[:2]
        self.evidence = {}
        if not self._accept(frame.stamp_ns, (width, height)):
            return [], []
        camera = _fit(camera, width, height)
        if boxes is None:
            horizon = None if camera is None else horizon_row(camera, self.mounting)
            boxes = self._proposer.propose(frame.image, frame.stamp_ns, ego, horizon, self.mounting.height)
        boxes, bad = clean(boxes, width, height)
        self._counts["boxes_bad"] += bad
        most = self.config.tracker.max_boxes
        if len(boxes) > most:
            self._counts["boxes_capped"] += len(boxes) - most
            boxes = sorted(boxes, key=lambda b: -b.w * b.h)[:most]
        self._counts["images"] += 1
        self._counts["proposals"] += len(boxes)
        tracks = [_clip(t, width, height) for t in self._tracker.update(boxes, frame.stamp_ns)]
        tracks = [t for t in tracks if t.box.w >= 2 and t.box.h >= 2]
        self._counts["tracks"] += len(tracks)
        alive = self._tracker.alive()
        self._teacher.forget(alive)
        self._buffer.forget(alive)
        own = self._own.update(frame.image, frame.stamp_ns, ego, camera, self.mounting, [t.box for t in tracks])
        if own.broken:  # poses before and after cannot be compared
            self._teacher.reset()
            self._buffer.reset()
        triplets = [t for t in (self._look(track, tracks, frame, own, camera) for track in tracks) if t is not None]
        self._previous = {t.id: (t.stamp_ns, t.box) for t in tracks}
        self._counts["triplets"] += len(triplets)
        self._counts["triplets_taught"] += sum(t.teacher is not None for t in triplets)
        self._counts["triplets_with_steps"] += sum(t.view_steps is not None for t in triplets)
        return tracks, triplets

    def _accept(self, stamp_ns: int, size: tuple[int, int]) -> bool:
        """Reset on a step back or another picture size; refuse the same image twice."""
        if self._stamp is not None and stamp_ns == self._stamp:
            self._counts["repeated_images"] += 1
            return False
        back = self._stamp is not None and stamp_ns < self._stamp
        if back or (self._stamp is not None and size != self._size):
            self._counts["resets"] += 1
            if not self._said_reset:
                why = "image stamps went back (a bag that loops?)" if back else "the image size changed"
                _log.warning("%s: tracks and views are cleared; further times are only counted", why)
                self._said_reset = True
            self.reset()
        self._stamp, self._size = stamp_ns, size
        return True

    def _look(
        self,
        track: Track,
        tracks: list[Track],
        frame: Frame,
        own: OwnMotion,
        camera: CameraModel | None,
    ) -> Triplet | None:
        """Let the teacher see a track and keep its view when it is fit."""
        evidence = self._teacher.update(track, frame.stamp_ns, camera, self.mounting, own.ego, own.still, own.spreads)
        if evidence is not None:
            self._counts["teacher"] += 1
            self.evidence[track.id] = evidence
        others = [t.box for t in tracks if t.id != track.id]
        reason = refuse_box(track, self._previous.get(track.id), others, self._size, self.config.keyframes)
        if reason is None:
            crop = cut(frame.image, track.box, self.config.size, self.config.margin)
            reason = refuse_crop(crop, self.config.keyframes)
        if reason is not None:
            self._counts[reason] += 1
            return None
        self._counts["views"] += 1
        return self._buffer.add(track.id, self._view(track, crop, evidence, own.ego, camera))

    def _view(
        self,
        track: Track,
        crop: np.ndarray,
        evidence: TeacherEvidence | None,
        ego: EgoState | None,
        camera: CameraModel | None,
    ) -> View:
        """Put together what is known of a view."""
        sight = None
        if ego is not None and camera is not None:
            sight = sight_yaw(camera, self.mounting, ego, track.box.centre[0])
        motion = self._teacher.motion(track.id)
        turning = motion is not None and not motion.straight
        return View(track.stamp_ns, track.box, crop, descriptor(crop), sight, turning, evidence)


def _fit(camera: CameraModel | None, width: int, height: int) -> CameraModel | None:
    """Intrinsics scaled to the image, for drivers that bin or resize after calibration."""
    if camera is None or (camera.width, camera.height) == (width, height):
        return camera
    if camera.width <= 0 or camera.height <= 0:
        return None
    sx, sy = width / camera.width, height / camera.height
    if abs(sx / sy - 1) > 0.02:
        return None  # another picture altogether
    return CameraModel(width, height, camera.fx * sx, camera.fy * sy, camera.cx * sx, camera.cy * sy)


def _clip(track: Track, width: int, height: int) -> Track:
    """Keep a predicted box inside the image."""
    x0, y0 = max(0.0, track.box.x), max(0.0, track.box.y)
    x1, y1 = min(float(width), track.box.x + track.box.w), min(float(height), track.box.bottom)
    return Track(track.id, Box(x0, y0, x1 - x0, y1 - y0), track.stamp_ns, track.age, track.missed)
