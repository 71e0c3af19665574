"""From where a trajectory's camera looks: azimuths, elevations and rolls of its views.

Azimuth is that of `pose_ssl_ros.viewpoint`.  Elevation is the angle above the ground under which the camera is
seen from where the object stands, so a camera of fixed height that comes nearer rises.  Roll is the camera's turn
about its viewing direction, positive if the camera turns clockwise and so the picture counter-clockwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from pose_ssl_sim.dataset.profiles import VIEWS

#: Azimuths never trained on, radians; lower and upper end.
GAPS = ((math.radians(40), math.radians(60)), (math.radians(-140), math.radians(-120)))
#: Elevations of training, and those never trained on.
ELEVATION = (math.radians(2), math.radians(22))
UNSEEN_ELEVATION = (math.radians(28), math.radians(45))
#: Change of azimuth from view to view, and by which share it varies on the way.
STEP = (math.radians(8), math.radians(22))
JITTER = 0.2
MAX_ROLL = math.radians(5)
_SECTORS = ((GAPS[0][1], GAPS[1][0] + 2 * math.pi), (GAPS[1][1], GAPS[0][0]))
_GAP_STEP = (math.radians(2.4), math.radians(3.1))
_FROM_END, _END = 0.9, 0.12  # share of paths that begin or end in the outermost part of a sector, and that part
_MAX_APPROACH = 0.25  # share of its distance by which a camera comes nearer or goes away


class Path(NamedTuple):
    """The views of a trajectory, in order; each (VIEWS,) float64 radians."""

    azimuth: np.ndarray
    elevation: np.ndarray
    roll: np.ndarray


def wrap_all(angles: np.ndarray) -> np.ndarray:
    """Angles wrapped to [-pi, pi)."""
    return (np.asarray(angles) + math.pi) % (2 * math.pi) - math.pi


def seen_path(rng: np.random.Generator) -> Path:
    """A path among the poses of training: outside the gaps, low."""
    return Path(_within(rng, _SECTORS[int(rng.integers(2))], STEP), _rise(rng, ELEVATION), _rolls(rng))


def gap_path(rng: np.random.Generator) -> Path:
    """A path inside a gap: low, with azimuths never trained on."""
    return Path(_within(rng, GAPS[int(rng.integers(2))], _GAP_STEP), _rise(rng, ELEVATION), _rolls(rng))


def high_path(rng: np.random.Generator) -> Path:
    """A path at elevations never trained on, from anywhere."""
    start, turn = rng.uniform(-math.pi, math.pi), float(rng.choice([-1, 1]))
    azimuth = wrap_all(start + turn * _way(rng, float(rng.uniform(*STEP))))
    return Path(azimuth, _rise(rng, UNSEEN_ELEVATION), _rolls(rng))


def _way(rng: np.random.Generator, step: float) -> np.ndarray:
    """How far each view is from the first, (VIEWS,) radians."""
    steps = step * (1 + rng.uniform(-JITTER, JITTER, VIEWS - 1))
    return np.concatenate([[0.0], np.cumsum(steps)])


def _within(rng: np.random.Generator, sector: tuple[float, float], step: tuple[float, float]) -> np.ndarray:
    """Azimuths (VIEWS,) of a path that stays inside a sector.

    The least step fits from wherever the path starts, to one side at least.
    """
    low, high = sector
    longest = (VIEWS - 1) * (1 + JITTER)
    if longest * step[0] > high - low:
        msg = f"a path of steps of {step[0]:.3f} does not fit into a sector of {high - low:.3f}"
        raise ValueError(msg)
    # Every long path passes the sector's middle: most begin near an end, so that views spread evenly.
    start = float(rng.uniform(0, _END)) if rng.random() < _FROM_END else float(rng.random())
    turn = 1.0
    if rng.random() < 0.5:
        start, turn = 1.0 - start, -1.0
    room = (1.0 - start if turn > 0 else start) * (high - low)
    if room < longest * step[0]:
        turn, room = -turn, (high - low) - room
    if room < longest * step[0]:  # a narrow sector: from one end to the other
        start, room = (0.0, high - low) if turn > 0 else (1.0, high - low)
    way = _way(rng, float(rng.uniform(step[0], min(step[1], room / longest))))
    azimuth = wrap_all(low + start * (high - low) + turn * way)
    return azimuth[::-1] if rng.random() < 0.5 else azimuth


def _rise(rng: np.random.Generator, allowed: tuple[float, float]) -> np.ndarray:
    """Elevations (VIEWS,) of a camera of fixed height whose distance changes evenly; inside the range."""
    first = rng.uniform(*allowed)
    change = rng.uniform(-_MAX_APPROACH, _MAX_APPROACH)
    if not allowed[0] <= math.atan(math.tan(first) / (1 + change)) <= allowed[1]:
        change = -change
    away = 1 + change * np.linspace(0, 1, VIEWS)
    return np.clip(np.arctan(math.tan(first) / away), *allowed)


def _rolls(rng: np.random.Generator) -> np.ndarray:
    lean = rng.uniform(-0.8, 0.8) * MAX_ROLL
    return np.clip(lean + rng.normal(0, 0.12 * MAX_ROLL, VIEWS), -MAX_ROLL, MAX_ROLL)
