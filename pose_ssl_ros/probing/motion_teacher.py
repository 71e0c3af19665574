"""Motion as teacher: what moves, moves forward, so clear motion of a track tells its heading.

With odometry and camera_info each box gives a sight line and a distance, and the robot's own motion is
taken out by placing both in the odometry frame.  The distance comes from the ground plane under the
box's bottom edge, smoothed by the box height: bottom edges fix the object's true height once per
window, and changes of distance follow the box height, whose relative error is far smaller than that of
a bottom edge near the horizon.  A straight line fitted through the positions gives velocity and its
error.  Without them, looming and sideways motion of the box are used, but only while the camera stands.

Objects that drive backwards are taught the wrong way round; there is no cue against it in motion.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting, TeacherEvidence, Track
from pose_ssl_ros.probing.ground_plane import camera_position, ground_range, sight_yaw
from pose_ssl_ros.probing.teacher_config import TeacherConfig
from pose_ssl_ros.viewpoint import scores_from_azimuth, wrap

_BORDER = 2.0  # pixels
#: Most samples kept per track, whatever the frame rate.
_MOST = 90


@dataclass(frozen=True)
class Motion:
    """Ground motion of a track in the odometry frame, measured over the window."""

    position: tuple[float, float]  # metres, newest
    velocity: tuple[float, float]  # m/s
    speed_error: float  # standard error of the speed along the motion, m/s
    heading_error: float  # standard error of the direction of motion, radians
    straight: bool  # the path is a line, not a turn


@dataclass(frozen=True)
class _Sample:
    time: float  # seconds since the track's first sample
    box: Box
    yaw: float | None = None  # sight line in the odometry frame
    distance: float | None = None  # along the ground, by the ground plane
    camera: tuple[float, float] = (0.0, 0.0)
    cosine: float = 1.0  # of the bearing: box heights scale with depth, not with distance


class MotionTeacher:
    """Watches tracks and says where they head when their motion is clear."""

    def __init__(self, config: TeacherConfig | None = None) -> None:
        """Start knowing nothing."""
        self._config = config or TeacherConfig()
        self._samples: dict[str, deque[_Sample]] = {}
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
    ) -> TeacherEvidence | None:
        """Take one observation of a track in.

        Args:
            track: The track; coasting ones (`missed` > 0) and boxes at the border add nothing.
            stamp_ns: Time of the image.
            camera: Intrinsics, for the ground plane.
            mounting: Height and pitch of the camera.
            ego: Pose of the robot at that time.
            camera_still: Without odometry, whether the picture's background stands.  None: not known.

        Returns:
            Evidence for the view at `stamp_ns`, or None when motion says nothing.
        """
        samples = self._take(track, stamp_ns, camera, mounting, ego)
        if samples is None or len(samples) < self._config.min_samples:
            self._motion[track.id] = None
            return None
        if track.missed:
            return None
        if camera is not None and ego is not None and all(s.yaw is not None for s in samples):
            motion = self._measure(samples)
            self._motion[track.id] = motion
            return self._judge(motion, samples) if motion is not None else None
        self._motion[track.id] = None
        if ego is not None:
            camera_still = (
                abs(ego.speed) <= self._config.still_speed and abs(ego.yaw_rate) <= self._config.still_yaw_rate
            )
        return self._loom(samples) if camera_still else None

    def _take(
        self,
        track: Track,
        stamp_ns: int,
        camera: CameraModel | None,
        mounting: Mounting,
        ego: EgoState | None,
    ) -> list[_Sample] | None:
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
            samples.append(_observe(time, box, camera, mounting, ego))
        while samples and time - samples[0].time > self._config.window_s:
            samples.popleft()
        return list(samples)

    def _measure(self, samples: list[_Sample]) -> Motion | None:
        """Fit a line through the ground positions of the window."""
        times = np.array([s.time for s in samples])
        span = float(times[-1] - times[0])
        if span < 0.4 * self._config.window_s:
            return None
        heights = np.array([s.box.h for s in samples])
        products = [s.distance * s.cosine * s.box.h for s in samples if s.distance is not None]
        if len(products) < len(samples) // 2 + 1:
            return None
        factor = float(np.median(products))  # focal length times object height
        if not self._rigid(np.array(products), np.array([s.box.w / s.box.h for s in samples])):
            return None
        cosines = np.array([s.cosine for s in samples])
        ranges = factor / (heights * cosines)
        yaws = np.array([s.yaw for s in samples], dtype=float)
        cameras = np.array([s.camera for s in samples])
        points = cameras + ranges[:, None] * np.stack([np.cos(yaws), np.sin(yaws)], axis=1)
        centred = times - times.mean()
        spread = float((centred**2).sum())
        velocity = (centred[:, None] * (points - points.mean(axis=0))).sum(axis=0) / spread
        residual = points - points.mean(axis=0) - centred[:, None] * velocity
        # Errors along and across the sight line: height jitter drives the first, column jitter the other.
        sight = np.array([math.cos(float(yaws[-1])), math.sin(float(yaws[-1]))])
        across = np.array([-sight[1], sight[0]])
        count = len(samples)
        pixel = self._config.pixel_noise
        distance = float(ranges.mean())
        floor_along = distance * pixel * 1.4 / float(heights.mean())
        floor_across = floor_along * 0.5
        free = max(1, count - 2)
        sigma_along = math.hypot(float(np.sqrt(((residual @ sight) ** 2).sum() / free)), floor_along)
        sigma_across = math.hypot(float(np.sqrt(((residual @ across) ** 2).sum() / free)), floor_across)
        worth = math.sqrt(spread * _independent(count))
        error_along, error_across = sigma_along / worth, sigma_across / worth
        speed = float(np.linalg.norm(velocity))
        direction = velocity / speed if speed > 1e-6 else sight
        part = abs(float(direction @ sight))
        rest = math.sqrt(max(0.0, 1 - part**2))
        speed_error = math.hypot(part * error_along, rest * error_across)
        turn_error = math.hypot(rest * error_along, part * error_across)
        heading_error = math.atan2(turn_error, speed) if speed > 1e-6 else math.pi
        straight = self._straight(centred, points, direction, speed, max(sigma_along, sigma_across))
        if not self._feet_agree(samples, centred, velocity):
            return None
        return Motion(
            (float(points[-1, 0]), float(points[-1, 1])),
            (float(velocity[0]), float(velocity[1])),
            speed_error,
            heading_error,
            straight,
        )

    def _rigid(self, products: np.ndarray, aspects: np.ndarray) -> bool:
        """Whether boxes keep to one object: foot and height tell one story, and the outline is steady.

        Boxes that slide along a wall or take in a neighbour fail here, though they seem to move.
        """
        limit = self._config.max_inconsistency
        return float(np.log(products).std()) <= limit and float(np.log(aspects).std()) <= limit

    def _feet_agree(self, samples: list[_Sample], centred: np.ndarray, velocity: np.ndarray) -> bool:
        """Whether the feet alone, without the heights, move in the same direction.

        A top edge that jumps between a head and the wall behind it makes a walker seem to come nearer.
        """
        known = np.array([s.distance is not None for s in samples])
        if known.sum() < 3:
            return False
        points = np.array(
            [
                (s.camera[0] + s.distance * math.cos(s.yaw), s.camera[1] + s.distance * math.sin(s.yaw))
                for s in samples
                if s.distance is not None and s.yaw is not None
            ]
        )
        times = centred[known] - centred[known].mean()
        other = (times[:, None] * (points - points.mean(axis=0))).sum(axis=0)
        between = math.atan2(float(velocity[0] * other[1] - velocity[1] * other[0]), float(velocity @ other))
        return abs(between) <= self._config.max_disagreement

    @staticmethod
    def _straight(centred: np.ndarray, points: np.ndarray, direction: np.ndarray, speed: float, noise: float) -> bool:
        """Whether the two halves of the path agree in direction, as far as the noise allows to say."""
        half = len(centred) // 2
        if half < 2:
            return True
        normal = np.array([-direction[1], direction[0]])
        offset = (points - points.mean(axis=0)) @ normal
        middle = float(offset[half // 2 : half // 2 + max(1, half)].mean())
        ends = float(np.concatenate([offset[: max(1, half // 2)], offset[-max(1, half // 2) :]]).mean())
        path = speed * float(centred[-1] - centred[0])
        return abs(middle - ends) < max(0.12 * path, 2.0 * noise / math.sqrt(max(1, half)))

    def _judge(self, motion: Motion, samples: list[_Sample]) -> TeacherEvidence | None:
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

    def _loom(self, samples: list[_Sample]) -> TeacherEvidence | None:
        """Evidence from box growth and sideways motion of a standing camera."""
        config = self._config
        times = np.array([s.time for s in samples])
        if times[-1] - times[0] < 0.4 * config.window_s:
            return None
        centred = times - times.mean()
        spread = float((centred**2).sum())
        heights = np.array([s.box.h for s in samples])
        columns = np.array([s.box.centre[0] for s in samples])
        growth, growth_error = _slope(centred, np.log(heights), spread, config.pixel_noise * 1.4 / heights.mean())
        lateral, lateral_error = _slope(
            centred, columns / heights.mean(), spread, config.pixel_noise * 0.7 / heights.mean()
        )
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


def _observe(time: float, box: Box, camera: CameraModel | None, mounting: Mounting, ego: EgoState | None) -> _Sample:
    """A sample with what geometry tells about it."""
    if camera is None or ego is None:
        return _Sample(time, box)
    column = box.centre[0]
    bearing = camera.bearing(column)
    depth = ground_range(camera, mounting, box.bottom)
    return _Sample(
        time,
        box,
        sight_yaw(camera, mounting, ego, column),
        None if depth is None else depth / math.cos(bearing),
        camera_position(mounting, ego),
        math.cos(bearing),
    )


def _independent(count: int) -> float:
    """Share of samples that count as independent: the tracker smooths, so a third of them."""
    return min(1.0, max(3.0, count / 3.0) / count)


def _slope(centred: np.ndarray, values: np.ndarray, spread: float, floor: float) -> tuple[float, float]:
    """Slope of a line fit and its standard error, given the least jitter of a value."""
    values = values - values.mean()
    slope = float((centred * values).sum() / spread)
    residual = values - slope * centred
    count = len(values)
    sigma = math.hypot(float(np.sqrt((residual**2).sum() / max(1, count - 2))), floor)
    return slope, sigma / math.sqrt(spread * _independent(count))


def _cut_off(box: Box, camera: CameraModel) -> bool:
    """Whether the image border cuts the box."""
    return (
        box.x <= _BORDER
        or box.y <= _BORDER
        or box.x + box.w >= camera.width - _BORDER
        or box.bottom >= camera.height - _BORDER
    )
