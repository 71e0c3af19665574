"""Labelled crops of single objects, as a tracker would cut them: data to learn from or to test on, offline.

Example:
    >>> for shot in render_crops(["sedan"], 100, seed=0, views=3, step=0.35):
    ...     shot.rgb.shape, shot.azimuths
    ((3, 64, 64, 3), array([...]))
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from pose_ssl_sim import catalogue, clutter
from pose_ssl_sim.camera import CameraPose, projection_matrix
from pose_ssl_sim.ground import Ground
from pose_ssl_sim.light import Light
from pose_ssl_sim.renderer import Renderer
from pose_ssl_sim.stage import Actor, Prop, corners

from pose_ssl_ros.interfaces import CameraModel
from pose_ssl_ros.viewpoint import wrap

_PLACES = 4  # grounds and days, painted once
_BACKDROP = 10  # pieces of clutter that stand behind


@dataclass(frozen=True)
class Shot:
    """Views of one instance, in the order in which the camera passes round it."""

    rgb: np.ndarray  # (views, size, size, 3) uint8
    azimuths: np.ndarray  # (views,) radians
    category: str
    instance: int


class _Studio:
    """A renderer with backdrops; one object at a time."""

    def __init__(self, seed: int, renderer: str) -> None:
        self._renderer = Renderer(renderer)
        rng = np.random.default_rng([seed, 909])
        self._grounds = [Ground(seed + i, street=i % 2 == 0) for i in range(_PLACES)]
        self._lights = [Light(seed + i, 1.0) for i in range(2 * _PLACES)]
        kinds = clutter.SMALL_CLUTTER
        meshes = [clutter.small(kinds[i % len(kinds)], rng) for i in range(_BACKDROP - 3)]
        meshes += [clutter.building(rng) for _ in range(3)]
        self._backdrop = [self._renderer.add(mesh) for mesh in meshes]

    def shoot(
        self, spec: catalogue.ObjectSpec, body: int, azimuths: Sequence[float], size: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Views (n, size, size, 3) of a body from each azimuth, same place, day and distance."""
        ground = self._grounds[int(rng.integers(len(self._grounds)))]
        light = self._lights[int(rng.integers(len(self._lights)))]
        time, heading = rng.uniform(0, 300), rng.uniform(-math.pi, math.pi)
        here = rng.uniform(-10, 10, 2)
        distance = spec.size[0] / 2 + rng.uniform(3.0, 12.0)
        height, margin = rng.uniform(0.7, 1.4), rng.uniform(0.05, 0.15)
        for i, other in enumerate(self._backdrop):
            aside = heading + rng.uniform(-1.3, 1.3)
            far = rng.uniform(14.0, 24.0) if i >= _BACKDROP - 3 else rng.uniform(4.0, 12.0)
            self._renderer.place(
                other, here[0] + far * math.cos(aside), here[1] + far * math.sin(aside), aside - math.pi / 2
            )
        noise = rng.uniform(0.0, 6.0)
        shots = []
        for azimuth in azimuths:
            # The camera stays behind `here`, looking along `heading`; the object turns.
            pose = CameraPose(
                here[0] - distance * math.cos(heading), here[1] - distance * math.sin(heading), height, heading, 0.0
            )
            yaw = wrap(heading + math.pi - azimuth)
            actor = Actor("", Prop("", 0, spec, body=body), float(here[0]), float(here[1]), yaw)
            image = self._draw(actor, pose, size, margin, ground, light, time)
            grain = rng.normal(0, noise, image.shape)
            shots.append(np.clip(image + grain, 0, 255).astype(np.uint8))
        return np.stack(shots)

    def _draw(
        self, actor: Actor, pose: CameraPose, size: int, margin: float, ground: Ground, light: Light, time: float
    ) -> np.ndarray:
        """The square around the object, drawn at the wanted size at once by shifting the intrinsics."""
        spec = actor.prop.spec
        c, s = math.cos(actor.yaw), math.sin(actor.yaw)
        points = spec.mesh.vertices() @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + [actor.x, actor.y, 0.0]
        rays, _ = pose.project(points, CameraModel(0, 0, 1.0, 1.0, 0.0, 0.0))
        low, high = rays.min(axis=0), rays.max(axis=0)
        focal = size / (float((high - low).max()) * (1 + 2 * margin))
        middle = (low + high) / 2 * focal
        model = CameraModel(size, size, focal, focal, (size - 1) / 2 - middle[0], (size - 1) / 2 - middle[1])
        self._renderer.place(actor.prop.body, actor.x, actor.y, actor.yaw)
        raw = self._renderer.draw(pose.view_matrix(), projection_matrix(model), size, size, light.lighting(time))
        image = np.empty((size, size, 3), np.uint8)
        light.draw_sky(image, pose, model, time)
        footprint = corners(actor.x, actor.y, actor.yaw, *spec.footprint)
        ground.draw(image, pose, model, light, time, [(footprint, spec.size[2])])
        cv2.copyTo(raw.rgb, (raw.bodies >= 0).view(np.uint8), image)
        return cv2.GaussianBlur(image, (3, 3), 0.5)

    def add(self, spec: catalogue.ObjectSpec) -> int:
        return self._renderer.add(spec.mesh)

    def remove(self, body: int) -> None:
        self._renderer.remove(body)

    def close(self) -> None:
        self._renderer.close()


def render_crops(
    categories: Sequence[str],
    count: int,
    seed: int = 0,
    size: int = 64,
    views: int = 1,
    step: float = 0.35,
    shots_per_instance: int = 4,
    renderer: str = "tiny",
) -> Iterator[Shot]:
    """Render crops with their azimuths; same arguments, same crops.

    Args:
        categories: Drawn from in turn.
        count: Number of shots.
        seed: Seed of shapes, colours, places and views; another seed gives other instances.
        size: Side of a crop in pixels.
        views: Views per shot; 3 makes a triplet.
        step: Change of azimuth from view to view in radians, its sign drawn per shot.
        shots_per_instance: Shots of an instance before a new one is built.
        renderer: `tiny` is the faster one for crops.

    Raises:
        SimError: If a category does not exist or the renderer does not work.
    """
    studio = _Studio(seed, renderer)
    try:
        for instance in range(math.ceil(count / shots_per_instance)):
            rng = np.random.default_rng([seed, 910, instance])
            category = categories[instance % len(categories)]
            spec = catalogue.sample(category, rng, crewed=bool(rng.random() < 0.5))
            body = studio.add(spec)
            for _ in range(min(shots_per_instance, count - instance * shots_per_instance)):
                turn = step * (1 if rng.random() < 0.5 else -1)
                begin = rng.uniform(-math.pi, math.pi)
                azimuths = np.array([wrap(begin + turn * k) for k in range(views)])
                yield Shot(studio.shoot(spec, body, azimuths.tolist(), size, rng), azimuths, category, instance)
            studio.remove(body)
    finally:
        studio.close()
