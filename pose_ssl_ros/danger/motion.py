"""Velocity of tracks on the ground, the robot's own motion taken out.

One Kalman filter per track with constant velocity.  The measurement noise is the
ranging's own: long along the ray, short across it.  With odometry the state lives
in the odometry frame, where parked things stand still; without it the state lives
in base_link and only the relative velocity is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pose_ssl_ros.danger.config import MotionConfig
from pose_ssl_ros.danger.ranging import GroundPoint
from pose_ssl_ros.interfaces import EgoState

# Squared Mahalanobis distance (2 degrees of freedom) beyond which a measurement
# is a jump of the tracker and not motion: p = 3e-6.
_GATE = 25.0


class Motion(NamedTuple):
    """Filtered motion of one track, in base_link axes at the frame's time."""

    position: tuple[float, float]
    velocity: tuple[float, float] | None  # over ground; None without odometry or not known yet
    relative: tuple[float, float] | None  # against the robot; None when not known yet
    sigma: float  # of the velocity, m/s
    closing_speed: float | None  # m/s, positive when the gap shrinks
    travel: tuple[float, float] | None = None  # velocity over ground however uncertain, to be weighed by `sigma`


@dataclass
class _State:
    mean: np.ndarray  # (4,) x, y, vx, vy
    covariance: np.ndarray  # (4, 4)
    stamp_ns: int
    jumps: int = 0


class MotionEstimator:
    """Filters the ground positions of all tracks.

    Example:
        >>> estimator = MotionEstimator(MotionConfig())
        >>> point = GroundPoint(10.0, 0.0, 10.0, 0.5, 0.3, 0.1)
        >>> estimator.update("1", point, 0, None).closing_speed is None
        True
    """

    def __init__(self, config: MotionConfig) -> None:
        """Start without tracks."""
        self.config = config
        self._states: dict[str, _State] = {}
        self._with_ego: bool | None = None

    def __len__(self) -> int:
        """Number of tracks remembered."""
        return len(self._states)

    def update(self, track_id: str, point: GroundPoint, stamp_ns: int, ego: EgoState | None) -> Motion:
        """Take one measurement of a track and return its motion."""
        if self._with_ego is not (ego is not None):
            # The two frames do not mix: odometry came or went.
            self._states.clear()
            self._with_ego = ego is not None
        turn = _turn(ego.yaw if ego else 0.0)
        measured = turn @ np.array([point.x, point.y])
        if ego is not None:
            measured = measured + (ego.x, ego.y)
        noise = turn @ _noise(point) @ turn.T
        state = self._states.get(track_id)
        if state is None or stamp_ns < state.stamp_ns:
            state = self._states[track_id] = self._born(measured, noise, stamp_ns)
        elif stamp_ns > state.stamp_ns:
            state = self._states[track_id] = self._step(state, measured, noise, stamp_ns)
        return self._read(state, ego, turn)

    def forget(self, stamp_ns: int, alive: Iterable[str] = ()) -> None:
        """Drop tracks that were not seen for `forget_s` and are not in `alive`."""
        keep, limit = set(alive), int(self.config.forget_s * 1e9)
        self._states = {k: s for k, s in self._states.items() if k in keep or abs(stamp_ns - s.stamp_ns) <= limit}

    def reset(self) -> None:
        """Forget everything."""
        self._states.clear()

    def _born(self, measured: np.ndarray, noise: np.ndarray, stamp_ns: int) -> _State:
        covariance = np.diag([0.0, 0.0, self.config.speed_sigma**2, self.config.speed_sigma**2])
        covariance[:2, :2] = noise
        return _State(np.array([measured[0], measured[1], 0.0, 0.0]), covariance, stamp_ns)

    def _step(self, state: _State, measured: np.ndarray, noise: np.ndarray, stamp_ns: int) -> _State:
        dt = (stamp_ns - state.stamp_ns) * 1e-9
        move = np.eye(4)
        move[0, 2] = move[1, 3] = dt
        gain_in = np.array([[dt * dt / 2, 0], [0, dt * dt / 2], [dt, 0], [0, dt]])
        mean = move @ state.mean
        covariance = move @ state.covariance @ move.T + gain_in @ gain_in.T * self.config.acceleration_sigma**2
        surprise = measured - mean[:2]
        spread = covariance[:2, :2] + noise
        weight = np.linalg.inv(spread)
        if float(surprise @ weight @ surprise) > _GATE:
            # One outlier is left out; a second in a row means that the track moved for good.
            if state.jumps:
                return self._born(measured, noise, stamp_ns)
            return _State(mean, covariance, stamp_ns, jumps=1)
        gain = covariance[:, :2] @ weight
        covariance = covariance - gain @ covariance[:2, :]
        return _State(mean + gain @ surprise, (covariance + covariance.T) / 2, stamp_ns)

    def _read(self, state: _State, ego: EgoState | None, turn: np.ndarray) -> Motion:
        position, velocity = state.mean[:2], state.mean[2:]
        sigma = math.sqrt(max(0.0, float(np.linalg.eigvalsh(state.covariance[2:, 2:])[-1])))
        if ego is not None:
            position = turn.T @ (position - (ego.x, ego.y))
            velocity = turn.T @ velocity
        x, y = float(position[0]), float(position[1])
        vx, vy = float(velocity[0]), float(velocity[1])
        travel = (vx, vy) if ego is not None else None
        if sigma > self.config.known_sigma:
            return Motion((x, y), None, None, sigma, None, travel)
        relative = (vx - ego.speed, vy) if ego is not None else (vx, vy)
        # The robot's turning moves the object across the line of sight only: it closes no gap.
        distance = math.hypot(x, y)
        closing = -(x * relative[0] + y * relative[1]) / distance if distance > 1e-6 else 0.0
        return Motion((x, y), travel, relative, sigma, closing, travel)


def _turn(yaw: float) -> np.ndarray:
    return np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])


def _noise(point: GroundPoint) -> np.ndarray:
    """Covariance (2, 2) of a ground point: an ellipse along the ray."""
    length = math.hypot(point.x, point.y)
    along = np.array([point.x, point.y]) / length if length > 1e-6 else np.array([1.0, 0.0])
    outer = np.outer(along, along)
    noise: np.ndarray = point.sigma_range**2 * outer + point.sigma_lateral**2 * (np.eye(2) - outer)
    return noise
