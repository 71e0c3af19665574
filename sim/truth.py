"""What is really in the picture: boxes from the segmentation, headings from the poses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.stage import Actor, Prop

from pose_ssl_ros.interfaces import Box, CameraModel
from pose_ssl_ros.viewpoint import azimuth_from_yaw, wrap

_BINS = 24
_RASTER = 96


@dataclass(frozen=True)
class TruthObject:
    """One object as it really is; angles in radians, see `pose_ssl_ros.viewpoint`."""

    id: str
    category: str
    box: Box  # of the visible pixels
    azimuth: float
    bearing: float  # of the object's middle, positive to the right
    range_m: float  # on the ground, camera to the object's middle
    position: tuple[float, float, float]  # the object's middle in the camera optical frame, metres
    visible_fraction: float  # visible pixels against what nothing would hide


class Solidity:
    """How much of the convex hull of a silhouette the silhouette fills, by shape and view; computed once each."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int, int], float] = {}

    def of(self, prop: Prop, azimuth: float) -> float:
        """The share, 0..1, of a shape seen level from an azimuth in radians."""
        step = round(azimuth / (2 * math.pi) * _BINS) % _BINS
        key = (prop.kind, prop.number, step)
        if key not in self._known:
            self._known[key] = self._measure(prop.spec.mesh.triangles(), 2 * math.pi * step / _BINS)
        return self._known[key]

    @staticmethod
    def _measure(triangles: np.ndarray, azimuth: float) -> float:
        # Seen from the azimuth, "right" is the direction a quarter turn further on.
        right = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0])
        flat = np.stack([triangles @ right, triangles[:, :, 2]], axis=-1)
        low = flat.reshape(-1, 2).min(axis=0)
        scale = (_RASTER - 1) / max(1e-6, float((flat.reshape(-1, 2).max(axis=0) - low).max()))
        points = np.round((flat - low) * scale).astype(np.int32)
        canvas = np.zeros((_RASTER, _RASTER), np.uint8)
        for triangle in points:
            cv2.fillConvexPoly(canvas, triangle, 1)
        hull = np.zeros_like(canvas)
        cv2.fillConvexPoly(hull, cv2.convexHull(points.reshape(-1, 2)), 1)
        return float(canvas.sum()) / max(1.0, float(hull.sum()))


class TruthReader:
    """Turns actors and a segmentation into `TruthObject`s."""

    def __init__(self, model: CameraModel, min_pixels: int, min_visible: float, max_range: float) -> None:
        """Remember the camera and what is too small or too far."""
        self._model = model
        self._min_pixels = min_pixels
        self._min_visible = min_visible
        self._max_range = max_range
        self._solidity = Solidity()
        self._points: dict[tuple[str, int], np.ndarray] = {}

    def read(self, actors: Iterable[Actor], pose: CameraPose, bodies: np.ndarray) -> list[TruthObject]:
        """All objects of a category with enough visible pixels, nearest first.

        Args:
            actors: Who is on stage.
            pose: The camera.
            bodies: Number of the body at each pixel (h, w), -1 where there is none.
        """
        found = []
        for actor in actors:
            if not actor.category:
                continue
            offset = (actor.x - pose.position[0], actor.y - pose.position[1])
            range_m = math.hypot(*offset)
            bearing = wrap(pose.yaw - math.atan2(offset[1], offset[0]))
            if range_m > self._max_range or abs(bearing) > 2.4:
                continue
            seen = self._look(actor, pose, bodies, bearing, range_m)
            if seen is not None:
                found.append(seen)
        return sorted(found, key=lambda t: t.range_m)

    def _look(
        self, actor: Actor, pose: CameraPose, bodies: np.ndarray, bearing: float, range_m: float
    ) -> TruthObject | None:
        model = self._model
        points = self._world_points(actor)
        pixels, depth = pose.project(points, model)
        ahead = depth > 0.15
        if not ahead.any():
            return None
        pixels = pixels[ahead]
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        # A shape that reaches behind the lens may show anywhere.
        if not ahead.all():
            low, high = np.zeros(2), np.array([model.width, model.height], float)
        x0, y0 = max(0, math.floor(low[0]) - 1), max(0, math.floor(low[1]) - 1)
        x1, y1 = min(model.width, math.ceil(high[0]) + 2), min(model.height, math.ceil(high[1]) + 2)
        if x1 <= x0 or y1 <= y0:
            return None
        mask = bodies[y0:y1, x0:x1] == actor.prop.body
        count = int(np.count_nonzero(mask))
        if count < self._min_pixels:
            return None
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        box = Box(
            float(x0 + columns[0]),
            float(y0 + rows[0]),
            float(columns[-1] - columns[0] + 1),
            float(rows[-1] - rows[0] + 1),
        )
        azimuth = azimuth_from_yaw(actor.yaw, (actor.x, actor.y), pose.position[:2].tolist())
        hull = float(cv2.contourArea(cv2.convexHull(pixels.astype(np.float32))))
        visible = min(1.0, count / max(1.0, hull * self._solidity.of(actor.prop, azimuth)))
        if visible < self._min_visible:
            return None
        middle = pose.to_camera(np.array([[actor.x, actor.y, actor.prop.spec.size[2] / 2]]))[0]
        return TruthObject(
            actor.id,
            actor.category,
            box,
            azimuth,
            bearing,
            range_m,
            (float(middle[0]), float(middle[1]), float(middle[2])),
            visible,
        )

    def _world_points(self, actor: Actor) -> np.ndarray:
        key = (actor.prop.kind, actor.prop.number)
        local = self._points.get(key)
        if local is None:
            local = np.unique(np.round(actor.prop.spec.mesh.vertices(), 3), axis=0)
            self._points[key] = local
        c, s = math.cos(actor.yaw), math.sin(actor.yaw)
        turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])
        return local @ turn + np.array([actor.x, actor.y, 0.0])
