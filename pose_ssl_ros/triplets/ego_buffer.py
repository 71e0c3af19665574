"""Odometry at the time of an image."""

from __future__ import annotations

import bisect
import math
import threading

from pose_ssl_ros.interfaces import EgoState
from pose_ssl_ros.viewpoint import wrap

_KEEP_NS = 5_000_000_000


class EgoBuffer:
    """Keeps the last seconds of odometry and interpolates; safe between threads."""

    def __init__(self, max_gap_s: float = 0.25) -> None:
        """Start empty.

        Args:
            max_gap_s: Odometry farther than this from the asked time is not used.
        """
        self.max_gap_s = max_gap_s
        self._states: list[EgoState] = []
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget all odometry."""
        with self._lock:
            self._states.clear()

    def add(self, state: EgoState) -> None:
        """Take a state; one from before the last clears the buffer (the clock went back)."""
        with self._lock:
            if self._states and state.stamp_ns < self._states[-1].stamp_ns:
                self._states.clear()
            elif self._states and state.stamp_ns == self._states[-1].stamp_ns:
                self._states.pop()
            self._states.append(state)
            while self._states[0].stamp_ns < state.stamp_ns - _KEEP_NS:
                del self._states[0]

    def at(self, stamp_ns: int) -> EgoState | None:
        """State at a time, interpolated or at most `max_gap_s` old or young; None without one."""
        with self._lock:
            index = bisect.bisect_left(self._states, stamp_ns, key=lambda s: s.stamp_ns)
            before = self._states[index - 1] if index else None
            after = self._states[index] if index < len(self._states) else None
        gap = self.max_gap_s * 1e9
        if before is not None and stamp_ns - before.stamp_ns > gap:
            before = None
        if after is not None and after.stamp_ns - stamp_ns > gap:
            after = None
        if before is None or after is None:
            nearest = before or after
            return None if nearest is None else _advance(nearest, stamp_ns)
        share = (stamp_ns - before.stamp_ns) / (after.stamp_ns - before.stamp_ns)
        return EgoState(
            stamp_ns,
            before.x + share * (after.x - before.x),
            before.y + share * (after.y - before.y),
            wrap(before.yaw + share * wrap(after.yaw - before.yaw)),
            before.speed + share * (after.speed - before.speed),
            before.yaw_rate + share * (after.yaw_rate - before.yaw_rate),
        )


def _advance(state: EgoState, stamp_ns: int) -> EgoState:
    """Move a state to a near time by its own velocity."""
    dt = (stamp_ns - state.stamp_ns) * 1e-9
    middle = state.yaw + 0.5 * dt * state.yaw_rate
    return EgoState(
        stamp_ns,
        state.x + dt * state.speed * math.cos(middle),
        state.y + dt * state.speed * math.sin(middle),
        wrap(state.yaw + dt * state.yaw_rate),
        state.speed,
        state.yaw_rate,
    )
