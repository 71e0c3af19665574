"""Where a track goes on the ground: a straight line through its positions in the odometry frame.

Each box gives a sight line and a distance.  The distance comes from the ground plane under the box's bottom edge,
smoothed by the box height: bottom edges fix the object's true height once per window, and changes of distance follow
the box height, whose relative error is far smaller than that of a bottom edge near the horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting
from pose_ssl_ros.probing.ground_plane import camera_position, ground_range, sight_yaw
from pose_ssl_ros.probing.teacher_config import TeacherConfig
from pose_ssl_ros.viewpoint import wrap


@dataclass(frozen=True)
class Motion:
    """Ground motion of a track in the odometry frame, measured over the window."""

    position: tuple[float, float]  # metres, newest
    velocity: tuple[float, float]  # m/s
    speed_error: float  # standard error of the speed along the motion, m/s
    heading_error: float  # standard error of the direction of motion, radians
    straight: bool  # the path is a line, not a turn


@dataclass(frozen=True)
class Sample:
    """One box of a track, with what geometry tells about it."""

    time: float  # seconds since the track's first sample
    box: Box
    yaw: float | None = None  # sight line in the odometry frame
    distance: float | None = None  # along the ground, by the ground plane
    camera: tuple[float, float] = (0.0, 0.0)
    cosine: float = 1.0  # of the bearing: box heights scale with depth, not with distance
    heading: float = 0.0  # of the robot in the odometry frame
    still: bool | None = None  # whether the camera stood
    spreads: bool | None = None  # whether the background flowed outwards


def observe(
    time: float,
    box: Box,
    camera: CameraModel | None,
    mounting: Mounting,
    ego: EgoState | None,
    still: bool | None = None,
    spreads: bool | None = None,
) -> Sample:
    """A sample with what geometry tells about it."""
    if camera is None or ego is None:
        return Sample(time, box, still=still, spreads=spreads)
    column = box.centre[0]
    bearing = camera.bearing(column)
    depth = ground_range(camera, mounting, box.bottom)
    return Sample(
        time,
        box,
        sight_yaw(camera, mounting, ego, column),
        None if depth is None else depth / math.cos(bearing),
        camera_position(mounting, ego),
        math.cos(bearing),
        ego.yaw,
        still,
        spreads,
    )


def measure(samples: list[Sample], config: TeacherConfig) -> Motion | None:
    """Fit a line through the ground positions of the window."""
    times = np.array([s.time for s in samples])
    span = float(times[-1] - times[0])
    if span < 0.4 * config.window_s:
        return None
    heights = np.array([s.box.h for s in samples])
    products = [s.distance * s.cosine * s.box.h for s in samples if s.distance is not None]
    if len(products) < len(samples) // 2 + 1:
        return None
    factor = float(np.median(products))  # focal length times object height
    if not _rigid(np.array(products), np.array([s.box.w / s.box.h for s in samples]), config):
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
    pixel = config.pixel_noise
    distance = float(ranges.mean())
    floor_along = distance * pixel * 1.4 / float(heights.mean())
    floor_across = floor_along * 0.5
    free = max(1, count - 2)
    sigma_along = math.hypot(float(np.sqrt(((residual @ sight) ** 2).sum() / free)), floor_along)
    sigma_across = math.hypot(float(np.sqrt(((residual @ across) ** 2).sum() / free)), floor_across)
    worth = math.sqrt(spread * independent(count))
    error_along = sigma_along / worth
    error_across = math.hypot(sigma_across / worth, distance * _swing(samples) * config.sync_error_s / span)
    speed = float(np.linalg.norm(velocity))
    direction = velocity / speed if speed > 1e-6 else sight
    part = abs(float(direction @ sight))
    rest = math.sqrt(max(0.0, 1 - part**2))
    speed_error = math.hypot(part * error_along, rest * error_across)
    turn_error = math.hypot(rest * error_along, part * error_across)
    heading_error = math.atan2(turn_error, speed) if speed > 1e-6 else math.pi
    straight = _straight(centred, points, direction, speed, max(sigma_along, sigma_across))
    if not _steady(points @ direction, centred, floor_along):
        return None
    if not _feet_agree(samples, centred, velocity, config):
        return None
    return Motion(
        (float(points[-1, 0]), float(points[-1, 1])),
        (float(velocity[0]), float(velocity[1])),
        speed_error,
        heading_error,
        straight,
    )


def _rigid(products: np.ndarray, aspects: np.ndarray, config: TeacherConfig) -> bool:
    """Whether boxes keep to one object: foot and height tell one story, and the outline is steady.

    Boxes that slide along a wall or take in a neighbour fail here, though they seem to move.
    """
    limit = config.max_inconsistency
    return float(np.log(products).std()) <= limit and float(np.log(aspects).std()) <= limit


def _swing(samples: list[Sample]) -> float:
    """By how much the robot's turning rate changed over the window, rad/s.

    Image and odometry are some milliseconds apart.  On a robot that turns evenly that shifts everything by the same
    angle; where the turning changes, what stands seems to move across.
    """
    rates = [
        wrap(b.heading - a.heading) / max(1e-3, b.time - a.time) for a, b in zip(samples, samples[1:], strict=False)
    ]
    return max(rates) - min(rates) if rates else 0.0


def _steady(along: np.ndarray, centred: np.ndarray, floor: float) -> bool:
    """Whether the way is made all the time, not at once.

    A track that changes over from one object to another, or two that melt into one, moves far between two images
    and not before or after; a line through that is a fast and well-fitting motion.

    Args:
        along: (n,) positions along the motion, metres.
        centred: (n,) times, seconds.
        floor: Jitter of a position that is always assumed, metres.
    """
    way, gaps = float(along[-1] - along[0]), np.diff(centred)
    # Second differences hardly feel a single jump, nor the motion itself.
    jitter = max(1.48 * float(np.median(np.abs(np.diff(along, 2)))) / math.sqrt(6), floor / 3)
    # What starts from rest is in the end twice as fast as on the whole; nothing is three times as fast for a moment.
    fair = 2.5 * way * gaps / float(gaps.sum())
    if bool((np.diff(along) > fair + 4 * jitter).any()):
        return False
    if len(along) < 8:
        return True
    blocks = np.array([part.mean() for part in np.array_split(along, 4)])
    middles = np.array([part.mean() for part in np.array_split(centred, 4)])
    way, noise = float(blocks[-1] - blocks[0]), 1.2 * jitter * math.sqrt(8 / len(along))
    # In steps of equal time; what stands still for a third of the way, or makes nearly all of it then, does not drive.
    steps = np.diff(blocks) / np.diff(middles) * (middles[-1] - middles[0]) / 3
    return bool(steps.min() > 0.08 * way - noise and steps.max() < 0.8 * way + noise)


def _feet_agree(samples: list[Sample], centred: np.ndarray, velocity: np.ndarray, config: TeacherConfig) -> bool:
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
    return abs(between) <= config.max_disagreement


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


def independent(count: int) -> float:
    """Share of samples that count as independent: the tracker smooths, so a third of them."""
    return min(1.0, max(3.0, count / 3.0) / count)
