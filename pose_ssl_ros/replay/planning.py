"""The planner node's speed policy on recorded time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose_ssl_ros.danger.config import PlannerConfig
from pose_ssl_ros.danger.policy import SpeedPolicy
from pose_ssl_ros.interfaces import ObjectState

_LONGEST_GAP_NS = 60_000_000_000


class Planning:
    """Feeds `SpeedPolicy` what the planner node would hear and asks it as often as the node's timer does.

    Args:
        config: Parameters of the planner node.
    """

    def __init__(self, config: PlannerConfig) -> None:
        """Start stopped, as the node does."""
        self.policy = SpeedPolicy(config.policy)
        self._period = round(1e9 / config.rate_hz)
        self._due: int | None = None
        self._last = 0

    def advance(self, now_ns: int) -> None:
        """Let the timer fire up to a recorded time; a clock that went back starts it anew."""
        if self._due is None or now_ns < self._last:
            self._due = now_ns
        self._last = now_ns
        while self._due <= now_ns:
            self.policy.decide(self._due * 1e-9)
            self._due += self._period
            # Nothing changes during a long silence: its beginning and its end tell the policy all.
            if now_ns - self._due > 2 * _LONGEST_GAP_NS:
                self._due = now_ns - _LONGEST_GAP_NS

    def odom(self, now_ns: int) -> None:
        """Odometry was heard."""
        self.policy.on_odom(now_ns * 1e-9)

    def answer(self, danger: float, objects: Sequence[ObjectState], now_ns: int) -> float:
        """Take the answer to one frame and decide.

        Args:
            danger: Greatest danger in view.
            objects: All objects in view.
            now_ns: Recorded time.

        Returns:
            The speed limit in percent as the node publishes it: 1 is a stop, for Nav2 reads 0 as 'no limit'.
        """
        now = now_ns * 1e-9
        # The topic carries float32, and the four headings say what is left to unknown.
        self.policy.on_danger(float(np.float32(danger)), now)
        self.policy.on_headings([[*o.heading[:4], 1.0 - sum(o.heading[:4])] for o in objects], now)
        return max(1.0, 100.0 * self.policy.decide(now).scale)
