"""Where camera, object and neighbours stand in one trajectory: geometry alone, nothing is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.dataset.poses import Path

from pose_ssl_ros.interfaces import CameraModel

#: Normalised image coordinates: one unit is one focal length.
RAYS = CameraModel(0, 0, 1.0, 1.0, 0.0, 0.0)
#: An occluder hides at most this share of the object in any view.
MOST_HIDDEN = 0.4
_FARTHEST = 32.0  # metres
_HALVINGS = 5  # of the way aside on which an occluder finds its place
_LEAST_HIDDEN = 0.08


class Placed(NamedTuple):
    """A body on the ground: metres and radians in the world."""

    x: float
    y: float
    yaw: float


class Square(NamedTuple):
    """The crop in the rolled camera's normalised image coordinates."""

    x: float  # centre
    y: float
    side: float


@dataclass(frozen=True)
class View:
    """One view of the object."""

    pose: CameraPose  # not rolled
    roll: float
    outline: np.ndarray  # (m, 2) convex hull of the object in rolled normalised coordinates
    square: Square
    box: tuple[float, float, float, float]  # x, y, w, h as shares of the square's side


@dataclass(frozen=True)
class Scene:
    """A standing object, the cameras on their way round it, and where they are."""

    place: Placed
    radius: float  # metres from the object's middle to its corners
    distance: np.ndarray  # (VIEWS,) metres on the ground from the object to the camera
    directions: np.ndarray  # (VIEWS,) radians in the world, from the object to the camera, not wrapped
    views: list[View]


def make_scene(points: np.ndarray, radius: float, path: Path, rng: np.random.Generator, exact: bool = False) -> Scene:
    """Stand an object somewhere and the cameras where the path wants them.

    Args:
        points: (n, 3) corners of the object, standing around the origin and facing +x, metres.
        radius: Half the diagonal of its footprint.
        path: Azimuth, elevation and roll of the views.
        rng: Where chance comes from.
        exact: Whether boxes are without error.
    """
    x, y = rng.uniform(-10, 10, 2)
    place = Placed(float(x), float(y), float(rng.uniform(-math.pi, math.pi)))
    # Robots' cameras are low: what is seen from low is far away, unless that is too far or too near.
    first = rng.uniform(0.4, 1.6) / math.tan(path.elevation[0])
    first = float(np.clip(first, radius + rng.uniform(1.8, 6.0), max(_FARTHEST, radius + 8.0)))
    height = first * math.tan(path.elevation[0])
    distance = height / np.tan(path.elevation)
    directions = place.yaw + np.unwrap(path.azimuth)
    c, s = math.cos(place.yaw), math.sin(place.yaw)
    world = points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + [place.x, place.y, 0.0]
    middle = float(points[:, 2].max()) / 2
    aside, nod, aim = rng.uniform(-0.3, 0.3), rng.uniform(-0.06, 0.06), rng.uniform(0.5, 1.0)
    margin, shift, stretch = rng.uniform(0.05, 0.15), rng.uniform(0.0, 0.03), rng.uniform(0.0, 0.04)
    if exact:
        margin, shift, stretch = 0.1, 0.0, 0.0
    views = []
    for d, direction, roll in zip(distance, directions, path.roll, strict=True):
        look = direction + math.pi + aside + rng.normal(0, 0.03)
        pitch = aim * math.atan2(height - middle, d) + nod + rng.normal(0, 0.01)
        at = (place.x + d * math.cos(direction), place.y + d * math.sin(direction))
        pose = CameraPose(float(at[0]), float(at[1]), height, float(look), float(pitch))
        rays = seen(pose, float(roll), world)
        low, high = rays.min(axis=0), rays.max(axis=0)
        # A tracker's box is a little off.
        side = float((high - low).max()) * (1 + 2 * margin) * math.exp(rng.normal(0, stretch))
        centre = (low + high) / 2 + rng.normal(0, shift, 2) * (high - low)
        corner = centre - side / 2
        box = (*((low - corner) / side), *((high - low) / side))
        square = Square(float(centre[0]), float(centre[1]), side)
        views.append(View(pose, float(roll), hull(rays), square, tuple(float(v) for v in box)))  # type: ignore[arg-type]
    return Scene(place, radius, distance, directions, views)


def seen(pose: CameraPose, roll: float, points: np.ndarray) -> np.ndarray:
    """World points (n, 3) in normalised image coordinates (n, 2) of the camera turned clockwise by roll."""
    rays, _ = pose.project(points, RAYS)
    c, s = math.cos(roll), math.sin(roll)
    return rays @ np.array([[c, -s], [s, c]])


def hull(rays: np.ndarray) -> np.ndarray:
    """Convex hull (m, 2) float32 of points in an image."""
    return cv2.convexHull(rays.astype(np.float32))[:, 0]


def behind(scene: Scene, radius: float, near: float, far: float, rng: np.random.Generator) -> Placed | None:
    """A place for a neighbour that never comes between a camera and the object.

    Args:
        scene: The scene.
        radius: Of the neighbour, metres.
        near: Least gap between it and the object.
        far: Greatest gap.
        rng: Where chance comes from.

    Returns:
        Where, turned so that its -y side faces the object; None if there is no room.
    """
    gap = scene.radius + radius + rng.uniform(near, far)
    least, most = float(scene.directions.min()), float(scene.directions.max())
    # Neither it nor the object may reach into the other's line of sight.
    margin = math.asin(min(1.0, (radius + scene.radius) / gap)) + 0.1
    free = math.pi - (most - least) / 2 - margin
    if free < 0.1:
        return None
    spread = min(free, (most - least) / 2 + 0.9)  # further round it would be in no view
    aside = (least + most) / 2 + math.pi + rng.uniform(-spread, spread)
    x, y = scene.place.x + gap * math.cos(aside), scene.place.y + gap * math.sin(aside)
    return Placed(float(x), float(y), float(aside - math.pi / 2))


def before(
    scene: Scene, points: np.ndarray, covered: np.ndarray, rng: np.random.Generator
) -> tuple[Placed, np.ndarray] | None:
    """A place for something that hides a part of the object in some views, and never more than `MOST_HIDDEN`.

    It stands still while the camera goes round, so from elsewhere it hides another part or nothing.

    Args:
        scene: The scene.
        points: (n, 3) corners of what stands before the object, around the origin.
        covered: (VIEWS,) share of the object that is hidden already in each view.
        rng: Where chance comes from.

    Returns:
        Where, and the share that it hides in each view; None if nothing fits or too little would be hidden.
    """
    radius = float(np.hypot(points[:, 0], points[:, 1]).max())
    near = scene.radius + radius + 0.15
    far = float(scene.distance.min()) - radius - 0.8
    if far <= near:
        return None
    wanted = rng.uniform(0.5, 1.0) * MOST_HIDDEN
    gap = near + (far - near) * rng.random() ** 2  # near the object it stays before it for more views
    ahead = float(scene.directions[int(rng.integers(len(scene.views)))])
    yaw, side = float(rng.uniform(-math.pi, math.pi)), float(rng.choice([-1, 1]))
    c, s = math.cos(yaw), math.sin(yaw)
    turned = points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])

    def at(lateral: float) -> tuple[Placed, np.ndarray]:
        x = scene.place.x + gap * math.cos(ahead) - lateral * math.sin(ahead)
        y = scene.place.y + gap * math.sin(ahead) + lateral * math.cos(ahead)
        shares = [hidden(view, turned + [x, y, 0.0]) for view in scene.views]
        return Placed(float(x), float(y), yaw), np.array(shares)

    # From the middle aside until it hides little enough.
    inner, outer = 0.0, scene.radius + radius
    best = at(side * rng.uniform(0, 0.5) * scene.radius)
    if (covered + best[1]).max() > wanted:
        for _ in range(_HALVINGS):
            middle = (inner + outer) / 2
            tried = at(side * middle)
            if (covered + tried[1]).max() > wanted:
                inner = middle
            else:
                outer, best = middle, tried
    if (covered + best[1]).max() > wanted or best[1].max() < _LEAST_HIDDEN:
        return None
    return best


def hidden(view: View, points: np.ndarray) -> float:
    """Share of the object's outline that another thing's outline covers (both convex, so at most that much)."""
    depth = view.pose.to_camera(points)[:, 2]
    if depth.min() < 0.2:  # beside or behind the camera
        return 1.0 if depth.max() > 0.2 else 0.0
    share, _ = cv2.intersectConvexConvex(view.outline, hull(seen(view.pose, view.roll, points)))
    return float(share) / max(1e-12, cv2.contourArea(view.outline))


def footprints(places: Sequence[tuple[Placed, tuple[float, float], float]]) -> list[tuple[np.ndarray, float]]:
    """What throws shadows: footprint (4, 2) and height of (place, half length and half width, height)."""
    found = []
    for place, (a, b), height in places:
        c, s = math.cos(place.yaw), math.sin(place.yaw)
        ring = np.array([(a, b), (-a, b), (-a, -b), (a, -b)])
        found.append((ring @ np.array([[c, s], [-s, c]]) + [place.x, place.y], height))
    return found
