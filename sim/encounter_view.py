"""What the robot's camera sees of an encounter's object: the square around it, in the pixels of the whole image."""

from __future__ import annotations

import math

import cv2
import numpy as np
from pose_ssl_sim import clutter
from pose_ssl_sim.camera import projection_matrix
from pose_ssl_sim.encounters import GOAL_M, Scene, box_at, camera_pose
from pose_ssl_sim.ground import PAVEMENT_EDGE, Ground
from pose_ssl_sim.light import Light
from pose_ssl_sim.renderer import Renderer
from pose_ssl_sim.stage import corners

from pose_ssl_ros.interfaces import Box, CameraModel
from pose_ssl_ros.perception.crops import CropError, cut

#: A square larger than this is drawn smaller, pixels: the crop is smaller still.
_LARGEST = 96
_BACKDROP = 9
#: Grid of places in metres, each time doubled beyond these distances; of angles in radians.
_GRID_M, _GRID_RAD = 0.1, 0.04
_COARSER_M = (6.0, 12.0, 20.0)


class EncounterView:
    """Draws one encounter at a time; use it on one thread and close it.

    Args:
        size: Side of a crop in pixels.
        renderer: `tiny` is the faster one for crops.
    """

    def __init__(self, size: int = 64, renderer: str = "tiny") -> None:
        """Connect to the renderer."""
        self._size = size
        self._renderer = Renderer(renderer)
        self._bodies: list[int] = []
        self._grounds: dict[int, Ground] = {}

    def show(self, scene: Scene) -> None:
        """Build what can be seen of an encounter: its object, the ground, things behind it."""
        for body in self._bodies:
            self._renderer.remove(body)
        actor = scene.actor
        assert actor is not None
        e = scene.encounter
        rng = np.random.default_rng([e.seed, 1214, e.number])
        self._bodies = [self._renderer.add(actor.prop.spec.mesh)]
        self._spec, self._points = actor.prop.spec, scene.points
        # Painting a street takes a second: four of them are enough.
        place = int(rng.integers(4))
        if place not in self._grounds:
            self._grounds[place] = Ground(e.seed * 4 + place, street=place % 2 == 0)
        self._ground = self._grounds[place]
        self._light, self._time = Light(e.seed * 7 + int(rng.integers(8)), 1.0), float(rng.uniform(0, 300))
        self._noise = float(rng.uniform(1.0, 5.0))
        self._grain = rng.normal(0, 1, (self._size, self._size, 3)).astype(np.float32)
        kinds = clutter.SMALL_CLUTTER
        for i in range(_BACKDROP):
            high = i % 3 == 0
            mesh = clutter.building(rng) if high else clutter.small(kinds[int(rng.integers(len(kinds)))], rng)
            side = 1.0 if rng.random() < 0.5 else -1.0
            y = side * (PAVEMENT_EDGE + (rng.uniform(2.0, 6.0) if high else rng.uniform(-2.0, 2.0)))
            body = self._renderer.add(mesh)
            yaw = (0.0 if side > 0 else math.pi) if high else rng.uniform(-3, 3)
            self._renderer.place(body, rng.uniform(2.0, GOAL_M + 20.0), y, yaw)
            self._bodies.append(body)

    def key(self, scene: Scene) -> tuple[int, ...]:
        """Equal for poses that are drawn alike: the nearer the object, the finer places are told apart."""
        pose = scene.pose()
        away = math.hypot(pose[3] - pose[0], pose[4] - pose[1])
        level = sum(away > limit for limit in _COARSER_M)
        return (level, *(round(v / g) for v, g in zip(pose, _grid(level), strict=True)))

    def crop(self, key: tuple[int, ...], camera: CameraModel) -> np.ndarray | None:
        """The crop (S, S, 3) uint8 that `perception.crops.cut` would take from the whole image; None: not in view."""
        pose = tuple(k * g for k, g in zip(key[1:], _grid(key[0]), strict=True))
        box = box_at(self._points, pose, camera)
        if box is None:
            return None
        part, shifted = _window(box, camera)
        camera_at = camera_pose(*pose[:3])
        x, y, yaw = pose[3:]
        self._renderer.place(self._bodies[0], x, y, yaw)
        raw = self._renderer.draw(
            camera_at.view_matrix(), projection_matrix(part), part.width, part.height, self._light.lighting(self._time)
        )
        image = np.empty((part.height, part.width, 3), np.uint8)
        self._light.draw_sky(image, camera_at, part, self._time)
        solid = (corners(x, y, yaw, *self._spec.footprint), self._spec.size[2])
        self._ground.draw(image, camera_at, part, self._light, self._time, [solid])
        cv2.copyTo(raw.rgb, (raw.bodies >= 0).view(np.uint8), image)
        try:
            crop = cut(cv2.GaussianBlur(image, (3, 3), 0.55), shifted, self._size)
        except CropError:
            return None
        return np.clip(crop + self._noise * self._grain, 0, 255).astype(np.uint8)

    def close(self) -> None:
        """Let go of the renderer; may be called twice."""
        self._renderer.close()


def _window(box: Box, camera: CameraModel) -> tuple[CameraModel, Box]:
    """The part of the image that a crop needs, as a camera of its own, and the box in it."""
    side = 1.2 * max(box.w, box.h) + 2
    cx, cy = box.centre
    x0, y0 = max(0, math.floor(cx - side / 2)), max(0, math.floor(cy - side / 2))
    x1, y1 = min(camera.width, math.ceil(cx + side / 2)), min(camera.height, math.ceil(cy + side / 2))
    scale = min(1.0, _LARGEST / max(x1 - x0, y1 - y0))
    width, height = max(2, round((x1 - x0) * scale)), max(2, round((y1 - y0) * scale))
    sx, sy = width / (x1 - x0), height / (y1 - y0)
    # Pixel centres lie at whole numbers: half a pixel before and after the change of scale.
    part = CameraModel(
        width,
        height,
        camera.fx * sx,
        camera.fy * sy,
        (camera.cx + 0.5 - x0) * sx - 0.5,
        (camera.cy + 0.5 - y0) * sy - 0.5,
    )
    return part, Box((box.x - x0) * sx, (box.y - y0) * sy, box.w * sx, box.h * sy)


def _grid(level: int) -> tuple[float, ...]:
    step = _GRID_M * 2**level
    return (step, step, _GRID_RAD) * 2
