"""The robot's own motion at every image: odometry where it can be believed, the picture's background where not.

Odometry goes wrong in ways that teach systematically: a pose that jumps makes parked cars move, one that stands still
while the robot drives (a slipping wheel, a dead counter) makes them all come towards us.  So odometry that contradicts
what the ground says is left out, and after a jump nothing from before is compared with what comes after.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting
from pose_ssl_ros.triplets.ground_flow import Flow, GroundFlow, Moved
from pose_ssl_ros.viewpoint import wrap

#: Names of what is counted.
OWN_COUNTS = ("odometry_jumps", "odometry_contradicted", "images_by_ground")
#: Slack of the pose between two images, metres and radians, and accelerations that no robot has.
_SLACK, _SLACK_YAW = 0.05, 0.03
_ACCELERATION, _YAW_ACCELERATION = 10.0, 12.0
#: A robot slower than this may stand, m/s and rad/s.
_CREEPS, _CREEPS_YAW = 0.05, 0.03
#: With odometry that says we drive, one image in so many is held against the ground.
_EVERY = 5
#: Images for which odometry that was contradicted is not believed.
_DOUBT = 20
#: Images without an answer from the ground that are bridged by going on as before.
_BRIDGE = 2
#: The picture says how far between two images; over longer pauses corners are lost.
_LONGEST_S = 0.5


@dataclass(frozen=True)
class OwnMotion:
    """What is known of the robot at an image.

    Attributes:
        ego: Pose to use, or None where neither odometry nor the ground tells.
        broken: Poses before this image cannot be compared with this one.
        still: Whether the picture's background stands; None if not known.
        spreads: Whether it flows outwards, as when the camera goes ahead; None if not known.
    """

    ego: EgoState | None = None
    broken: bool = False
    still: bool | None = None
    spreads: bool | None = None


class OwnMotionWatch:
    """Checks odometry against itself and the picture, and stands in for it."""

    def __init__(self) -> None:
        """Start without an image."""
        #: How often odometry jumped, was contradicted by the picture, or was replaced by it.
        self.counts: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget the past; the counts stay."""
        self._flow = GroundFlow()
        self._recent: deque[EgoState] = deque(maxlen=3)
        self._stamp: int | None = None
        self._kept = False
        self._images = 0
        self._doubt = 0
        self._seen: EgoState | None = None  # pose by the picture, in a frame of its own
        self._moved = Moved(0.0, 0.0, 0.0)
        self._bridged = 0
        self._stretch = self._anchor = 0
        self._frame: tuple[bool, int] | None = None

    def update(
        self,
        image: np.ndarray,
        stamp_ns: int,
        ego: EgoState | None,
        camera: CameraModel | None,
        mounting: Mounting,
        boxes: Sequence[Box],
    ) -> OwnMotion:
        """Take an image in.

        Args:
            image: (H, W, 3) uint8.
            stamp_ns: Its time; a step back is the caller's to reset.
            ego: Odometry at that time, or None.
            camera: Intrinsics, or None.
            mounting: Where the camera sits.
            boxes: Of objects, which are no background.
        """
        jumped = ego is not None and self._jumps(ego)
        if jumped:
            self.counts["odometry_jumps"] += 1
            self._recent.clear()
        if ego is not None:
            self._recent.append(ego)
        pause = math.inf if self._stamp is None else (stamp_ns - self._stamp) * 1e-9
        flow = self._flow.look(image, camera, mounting) if self._kept and pause <= _LONGEST_S else Flow()
        if ego is not None and self._contradicts(ego, flow, pause):
            self.counts["odometry_contradicted"] += 1
            self._doubt = _DOUBT
        elif ego is not None and self._doubt and flow.moved is not None:
            self._doubt -= 1
        believed = ego is not None and self._doubt == 0
        self._keep(image, ego, believed, boxes)
        self._stamp = stamp_ns
        seen = None
        if believed:
            self._seen = None
        else:
            seen = self._by_ground(flow, stamp_ns, pause, mounting)
        used = ego if believed else seen
        self._anchor += jumped
        # Which frame of reference the pose is in: odometry up to a jump, or a stretch followed by the picture.
        frame = (believed, self._anchor if believed else self._stretch)
        broken = used is not None and self._frame is not None and frame != self._frame
        if used is not None:
            self._frame = frame
            self.counts["images_by_ground"] += not believed
        return OwnMotion(used, broken, flow.still, flow.spreads)

    def _keep(self, image: np.ndarray, ego: EgoState | None, believed: bool, boxes: Sequence[Box]) -> None:
        """Keep the image for the next one, as often as it is worth its time."""
        self._images += 1
        drives = ego is not None and (abs(ego.speed) > _CREEPS or abs(ego.yaw_rate) > _CREEPS_YAW)
        self._kept = not (believed and drives) or self._images % _EVERY == 0
        if self._kept:
            self._flow.keep(image, boxes)

    def _jumps(self, ego: EgoState) -> bool:
        """Whether the pose moved as neither its own speed nor any acceleration explains."""
        if len(self._recent) < 2:
            return False
        before, last = self._recent[-2], self._recent[-1]
        dt, dt_before = (ego.stamp_ns - last.stamp_ns) * 1e-9, (last.stamp_ns - before.stamp_ns) * 1e-9
        if dt <= 0 or dt_before <= 0 or max(dt, dt_before) > 1.0:
            return False
        way = math.dist((ego.x, ego.y), (last.x, last.y))
        turn = wrap(ego.yaw - last.yaw)
        # By the speeds that odometry itself tells ...
        told = max(abs(ego.speed), abs(last.speed)) * dt
        least, most = sorted((ego.yaw_rate * dt, last.yaw_rate * dt))
        by_speed = way <= told * 1.5 + _SLACK and least - _SLACK_YAW <= turn <= most + _SLACK_YAW
        # ... or, where it tells none, by going on as before.
        share = dt / dt_before
        gap = math.hypot(
            ego.x - last.x - share * (last.x - before.x),
            ego.y - last.y - share * (last.y - before.y),
        )
        change = abs(turn - share * wrap(last.yaw - before.yaw))
        by_course = gap <= _SLACK + _ACCELERATION * dt * dt and change <= _SLACK_YAW + _YAW_ACCELERATION * dt * dt
        return not (by_speed or by_course)

    def _contradicts(self, ego: EgoState, flow: Flow, pause: float) -> bool:
        """Whether the picture clearly says otherwise than odometry since the last image."""
        if len(self._recent) < 2 or flow.moved is None:
            return False
        last = self._recent[-2]
        if (ego.stamp_ns - last.stamp_ns) * 1e-9 > 1.5 * pause:
            return False
        way, turn = math.dist((ego.x, ego.y), (last.x, last.y)), wrap(ego.yaw - last.yaw)
        seen = math.hypot(flow.moved.ahead, flow.moved.left)
        # Metres by the picture are as good as the camera's height is known; only standing against driving counts.
        clear = 0.01 + 0.3 * pause
        stands = max(way, seen) > clear + 0.3 * abs(turn) and min(way, seen) < 0.2 * max(way, seen)
        return stands or abs(wrap(flow.moved.turn - turn)) > 0.03 + 0.4 * abs(turn)

    def _by_ground(self, flow: Flow, stamp_ns: int, pause: float, mounting: Mounting) -> EgoState | None:
        """The pose that follows from the last one by what the ground says, in a frame of its own."""
        moved = flow.moved
        if self._seen is None:
            if moved is None:
                return None
            self._stretch += 1
            self._seen = EgoState(stamp_ns, 0.0, 0.0, 0.0)
            moved = Moved(0.0, 0.0, 0.0)
        if moved is None:
            self._bridged += 1
            if self._bridged > _BRIDGE or pause > _LONGEST_S:
                self._seen = None
                return None
            moved = self._moved
        else:
            self._bridged = 0
        self._moved = moved
        last = self._seen
        # Moved is the lens's motion in its own axes; poses are those of the axle.
        lens = last.yaw + mounting.yaw
        x = last.x + mounting.x * math.cos(last.yaw) + moved.ahead * math.cos(lens) - moved.left * math.sin(lens)
        y = last.y + mounting.x * math.sin(last.yaw) + moved.ahead * math.sin(lens) + moved.left * math.cos(lens)
        yaw = wrap(last.yaw + moved.turn)
        speed = math.hypot(moved.ahead, moved.left) / max(pause, 1e-3)
        self._seen = EgoState(
            stamp_ns,
            x - mounting.x * math.cos(yaw),
            y - mounting.x * math.sin(yaw),
            yaw,
            speed,
            moved.turn / max(pause, 1e-3),
        )
        return self._seen
