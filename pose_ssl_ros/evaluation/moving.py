"""Which true objects move: parked ones can only be answered from appearance."""

from __future__ import annotations

import math
from collections import deque

from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import EgoState, Mounting

MOVING, PARKED, NOT_KNOWN = 1, 0, -1
#: Speed is taken over at least and at most this long, seconds.
SHORTEST, LONGEST = 0.4, 1.2
#: Poses of the robot this far apart in time do not tell where it was, seconds.
EGO_REACH = 0.25


class MovingTruth:
    """Speed of each true object over the ground of the odometry frame.

    Args:
        threshold: Speed in m/s from which an object counts as moving.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._ego: deque[EgoState] = deque(maxlen=400)
        self._seen: dict[str, deque[tuple[float, float, float]]] = {}
        self.mounting = Mounting()

    def reset(self) -> None:
        """Forget everything (time went back)."""
        self._ego.clear()
        self._seen.clear()

    def odometry(self, ego: EgoState) -> None:
        """Remember a pose of the robot."""
        self._ego.append(ego)

    def ego_at(self, stamp_ns: int) -> EgoState | None:
        """The robot's nearest known pose, None if none is near."""
        ego = min(self._ego, key=lambda e: abs(e.stamp_ns - stamp_ns), default=None)
        return None if ego is None or abs(ego.stamp_ns - stamp_ns) > EGO_REACH * 1e9 else ego

    def update(self, stamp_ns: int, truth: list[TruthObject]) -> dict[str, int]:
        """MOVING, PARKED or NOT_KNOWN for each object of a frame, by id."""
        ego = self.ego_at(stamp_ns)
        if ego is None:
            return {t.id: NOT_KNOWN for t in truth}
        now = stamp_ns / 1e9
        states = {}
        for item in truth:
            path = self._seen.setdefault(item.id, deque(maxlen=64))
            if path and now - path[-1][0] > LONGEST:
                path.clear()
            if item.position is not None:
                path.append((now, *self._on_ground(item.position, ego)))
            while path and now - path[0][0] > LONGEST:
                path.popleft()
            states[item.id] = self._judge(path)
        if len(self._seen) > 1000:
            self._seen = {k: p for k, p in self._seen.items() if p and now - p[-1][0] <= LONGEST}
        return states

    def _judge(self, path: deque[tuple[float, float, float]]) -> int:
        if len(path) < 2 or path[-1][0] - path[0][0] < SHORTEST:
            return NOT_KNOWN
        (t0, x0, y0), (t1, x1, y1) = path[0], path[-1]
        return MOVING if math.hypot(x1 - x0, y1 - y0) / (t1 - t0) >= self._threshold else PARKED

    def _on_ground(self, position: tuple[float, float, float], ego: EgoState) -> tuple[float, float]:
        """A point of the camera optical frame in the odometry frame, seen from above."""
        mount = self.mounting
        right, down, ahead = position
        # The pitch tilts the optical axis down; undo it, then drop the height.
        ahead = ahead * math.cos(mount.pitch) - down * math.sin(mount.pitch)
        forward = mount.x + ahead * math.cos(mount.yaw) + right * math.sin(mount.yaw)
        left = ahead * math.sin(mount.yaw) - right * math.cos(mount.yaw)
        cos, sin = math.cos(ego.yaw), math.sin(ego.yaw)
        return ego.x + forward * cos - left * sin, ego.y + forward * sin + left * cos
