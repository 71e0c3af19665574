"""The danger that a perception without error would have told: the same formula, fed with the truth.

Comparing with it keeps the danger formula's own opinion (how near is near) out of the judgement of headings
and places.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

from pose_ssl_ros.danger.assess import assess
from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Mounting
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, heading_of

#: Velocities are taken over at most this long and at least this long, seconds.
_LONGEST, _SHORTEST = 0.6, 0.15
#: Half the width of an object whose width nobody measured, metres.
HALF_WIDTH = 0.5
#: Objects that are remembered.
_MOST = 1000


class ReferenceDanger:
    """Follows true objects in the robot's frame.

    Args:
        toward_width: Full width of the true toward class in radians.
        config: Weights of the formula.
    """

    def __init__(self, toward_width: float, config: DangerConfig | None = None) -> None:
        self._width = toward_width
        self._config = config or DangerConfig()
        self._paths: dict[str, deque[tuple[float, float, float]]] = {}

    def reset(self) -> None:
        """Forget everything (time jumped, another recording)."""
        self._paths.clear()

    def update(
        self,
        time: float,
        objects: Sequence[TruthObject],
        mounting: Mounting,
        half_widths: Mapping[int, float],
    ) -> list[float | None]:
        """Danger of each object of a frame.

        Args:
            time: Robot seconds.
            objects: The truth.
            mounting: Where the camera sits.
            half_widths: Metres by index of the object, where the answer measured one.

        Returns:
            By object in 0..1; None where the truth tells no place or azimuth.
        """
        if len(self._paths) > _MOST:
            self._paths = {key: p for key, p in self._paths.items() if p and time - p[-1][0] <= _LONGEST}
        return [self._one(time, item, mounting, half_widths.get(i, HALF_WIDTH)) for i, item in enumerate(objects)]

    def _one(self, time: float, item: TruthObject, mounting: Mounting, half_width: float) -> float | None:
        if item.position is None or not math.isfinite(item.azimuth):
            return None
        x, y = on_robot(item.position, mounting)
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        vx, vy = self._velocity(item.id, time, x, y)
        distance = math.hypot(x, y)
        closing = None if vx is None or vy is None or distance < 1e-6 else -(x * vx + y * vy) / distance
        side = abs(y) - half_width
        corridor = self._config.corridor_half_width_m
        now = max(0.0, side - corridor)
        inward = 0.0 if vy is None else max(0.0, -math.copysign(1.0, y) * vy)
        least = max(0.0, min(side, side - inward * self._config.horizon_s) - corridor)
        if x < 0:  # beside or behind the robot, as in danger.assess
            now = max(now, -x)
        name = heading_of(item.azimuth, self._width)
        heading = [float(name == each) for each in HEADINGS_AND_UNKNOWN]
        return assess(heading, distance, closing, now, least, y, self._config)

    def _velocity(self, name: str, time: float, x: float, y: float) -> tuple[float | None, float | None]:
        """Velocity in the robot's frame, the robot's own motion included; None before it can be told."""
        if not name:
            return None, None
        path = self._paths.setdefault(name, deque(maxlen=64))
        if path and not 0 <= time - path[-1][0] <= _LONGEST:
            path.clear()
        path.append((time, x, y))
        while time - path[0][0] > _LONGEST:
            path.popleft()
        since = time - path[0][0]
        if since < _SHORTEST:
            return None, None
        return (x - path[0][1]) / since, (y - path[0][2]) / since


def on_robot(position: tuple[float, float, float], mounting: Mounting) -> tuple[float, float]:
    """A point of the camera's optical frame seen from above in base_link: metres (forward, left)."""
    right, down, ahead = position
    # The pitch tilts the optical axis down; undo it, then drop the height.
    ahead = ahead * math.cos(mounting.pitch) - down * math.sin(mounting.pitch)
    cos, sin = math.cos(mounting.yaw), math.sin(mounting.yaw)
    return mounting.x + ahead * cos + right * sin, ahead * sin - right * cos
