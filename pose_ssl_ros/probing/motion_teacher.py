"""Motion as teacher: what moves, moves forward, so clear motion of a track tells its heading.

With the robot's pose (odometry, or the picture's ground in its place) and camera_info the robot's own motion is taken
out and a line is fitted through the track's positions on the ground, see `ground_track`.  Without them, looming and
sideways motion of the box are used while the camera stands; while it goes ahead, only what it cannot have made: a box
that shrinks although the background spreads goes away.

Objects that drive backwards are taught the wrong way round; there is no cue against it in motion.  What others of
the same look teach is, see `label_trust`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting, TeacherEvidence, Track
from pose_ssl_ros.probing.ground_track import Motion, Sample, independent, measure, observe
from pose_ssl_ros.probing.teacher_config import TeacherConfig
from pose_ssl_ros.viewpoint import scores_from_azimuth, wrap

_BORDER = 2.0  # pixels
#: Most samples kept per track, whatever the frame rate.
_MOST = 90


class MotionTeacher:
    """Watches tracks and says where they head when their motion is clear."""

    def __init__(self, config: TeacherConfig | None = None) -> None:
        """Start knowing nothing."""
        self._config = config or TeacherConfig()
        self._samples: dict[str, deque[Sample]] = {}
        self._origin: dict[str, int] = {}
        self._motion: dict[str, Motion | None] = {}

    def reset(self) -> None:
        """Forget all tracks."""
        self._samples.clear()
        self._origin.clear()
        self._motion.clear()

    def forget(self, track_ids_alive: Iterable[str]) -> None:
        """Drop what is known of tracks that are not alive."""
        alive = set(track_ids_alive)
        for gone in [i for i in self._samples if i not in alive]:
            del self._samples[gone], self._origin[gone]
            self._motion.pop(gone, None)

    def motion(self, track_id: str) -> Motion | None:
        """The last measured ground motion of a track, or None when it cannot be measured."""
        return self._motion.get(track_id)

    def update(
        self,
        track: Track,
        stamp_ns: int,
        camera: CameraModel | None,
        mounting: Mounting,
        ego: EgoState | None,
        camera_still: bool | None = None,
        spreads: bool | None = None,
    ) -> TeacherEvidence | None:
        """Take one observation of a track in.

        Args:
            track: The track; coasting ones (`missed` > 0) and boxes at the border add nothing.
            stamp_ns: Time of the image.
            camera: Intrinsics, for the ground plane.
            mounting: Height and pitch of the camera.
            ego: Pose of the robot at that time.
            camera_still: Without a pose, whether the picture's background stands.  None: not known.
            spreads: Without a pose, whether the background flows outwards (the camera goes ahead) or inwards.

        Returns:
            Evidence for the view at `stamp_ns`, or None when motion says nothing.
        """
        if ego is not None:
            c = self._config
            camera_still = abs(ego.speed) <= c.still_speed and abs(ego.yaw_rate) <= c.still_yaw_rate
        samples = self._take(track, stamp_ns, camera, mounting, ego, camera_still, spreads)
        if samples is None or len(samples) < self._config.min_samples:
            self._motion[track.id] = None
            return None
        if track.missed:
            return None
        if camera is not None and ego is not None and all(s.yaw is not None for s in samples):
            motion = measure(samples, self._config)
            self._motion[track.id] = motion
            return self._judge(motion, samples) if motion is not None else None
        self._motion[track.id] = None
        # A camera that stands now may have come nearer a moment ago.
        return self._loom(samples) if all(s.still for s in samples) else self._outrun(samples)

    def _take(
        self,
        track: Track,
        stamp_ns: int,
        camera: CameraModel | None,
        mounting: Mounting,
        ego: EgoState | None,
        still: bool | None,
        spreads: bool | None,
    ) -> list[Sample] | None:
        """Store a sample and return those inside the window."""
        samples = self._samples.setdefault(track.id, deque(maxlen=_MOST))
        origin = self._origin.setdefault(track.id, stamp_ns)
        time = (stamp_ns - origin) * 1e-9
        if samples and time <= samples[-1].time:
            if time < samples[-1].time:  # the clock went back
                samples.clear()
                self._origin[track.id] = stamp_ns
                time = 0.0
            else:
                return None
        box = track.box
        # A cut-off box changes its height and centre without the object moving.
        if camera is not None and _cut_off(box, camera):
            samples.clear()
            return None
        if track.missed == 0 and box.h >= self._config.min_box_height:
            samples.append(observe(time, box, camera, mounting, ego, still, spreads))
        while samples and time - samples[0].time > self._config.window_s:
            samples.popleft()
        return list(samples)

    def _judge(self, motion: Motion, samples: list[Sample]) -> TeacherEvidence | None:
        """Evidence from a measured ground motion, when it is clear."""
        config, newest = self._config, samples[-1]
        speed = math.hypot(*motion.velocity)
        # What is wrong with an object's distance scales with how far the camera came: parked cars seem to creep.
        way = math.dist(newest.camera, samples[0].camera)
        own = way / max(1e-3, newest.time - samples[0].time)
        clear = (
            speed >= config.min_speed + config.own_share * own
            and speed >= config.min_sigmas * motion.speed_error
            and motion.heading_error <= config.max_heading_error
            and motion.straight
        )
        if not clear or newest.yaw is None:
            return None
        heading = math.atan2(motion.velocity[1], motion.velocity[0])
        azimuth = wrap(newest.yaw + math.pi - heading)
        # A direction known to within e radians is worth cos(e) of a certain one.
        weight = math.cos(min(motion.heading_error, math.pi / 2))
        return TeacherEvidence(scores_from_azimuth(azimuth, weight))

    def _loom(self, samples: list[Sample]) -> TeacherEvidence | None:
        """Evidence from box growth and sideways motion of a standing camera."""
        config = self._config
        rates = _rates(samples, config)
        if rates is None:
            return None
        growth, growth_error, lateral, lateral_error = rates
        # Both rates in the object's own measure: dv/v * depth is unknown, so compare motion across in
        # box heights with motion along the sight line, growth * depth, for a camera of usual focal
        # length (depth of about `width / height of the box` metres is not known): only near-pure
        # motions are named.
        looms = abs(growth) >= max(config.loom_rate, config.min_sigmas * growth_error)
        slides = abs(lateral) >= max(config.lateral_rate, config.min_sigmas * lateral_error)
        if slides and abs(growth) < 0.25 * abs(lateral):
            return TeacherEvidence(scores_from_azimuth(-math.copysign(math.pi / 2, lateral), 0.8))
        if looms and abs(lateral) < 1.0 * abs(growth):
            return TeacherEvidence(scores_from_azimuth(0.0 if growth > 0 else math.pi, 0.8))
        return None

    def _outrun(self, samples: list[Sample]) -> TeacherEvidence | None:
        """Evidence from a box that changes its size against what a moving camera does to everything that stands."""
        known = [s.spreads for s in samples if s.spreads is not None]
        if len(known) < 0.6 * len(samples) or len(set(known)) > 1:
            return None
        rates = _rates(samples, self._config)
        if rates is None:
            return None
        growth, growth_error, lateral, _ = rates
        clear = abs(growth) >= max(self._config.loom_rate, self._config.min_sigmas * growth_error)
        # Columns move with the camera's turning too: only what goes straight along the sight line is named.
        if not clear or abs(lateral) >= abs(growth) or (growth > 0) == known[0]:
            return None
        return TeacherEvidence(scores_from_azimuth(0.0 if growth > 0 else math.pi, 0.6))


def _rates(samples: list[Sample], config: TeacherConfig) -> tuple[float, float, float, float] | None:
    """Growth of the logarithm of the height and motion across in heights, 1/s, with errors; None if too short."""
    times = np.array([s.time for s in samples])
    if times[-1] - times[0] < 0.4 * config.window_s:
        return None
    centred = times - times.mean()
    spread = float((centred**2).sum())
    heights = np.array([s.box.h for s in samples])
    columns = np.array([s.box.centre[0] for s in samples])
    growth = _slope(centred, np.log(heights), spread, config.pixel_noise * 1.4 / heights.mean())
    lateral = _slope(centred, columns / heights.mean(), spread, config.pixel_noise * 0.7 / heights.mean())
    return (*growth, *lateral)


def _slope(centred: np.ndarray, values: np.ndarray, spread: float, floor: float) -> tuple[float, float]:
    """Slope of a line fit and its standard error, given the least jitter of a value."""
    values = values - values.mean()
    slope = float((centred * values).sum() / spread)
    residual = values - slope * centred
    count = len(values)
    sigma = math.hypot(float(np.sqrt((residual**2).sum() / max(1, count - 2))), floor)
    return slope, sigma / math.sqrt(spread * independent(count))


def _cut_off(box: Box, camera: CameraModel) -> bool:
    """Whether the image border cuts the box."""
    return (
        box.x <= _BORDER
        or box.y <= _BORDER
        or box.x + box.w >= camera.width - _BORDER
        or box.bottom >= camera.height - _BORDER
    )
