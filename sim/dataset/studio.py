"""Draws trajectories: an object, what stands around it, ground and sky, as a passing camera sees them."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import cv2
import numpy as np
from pose_ssl_sim import catalogue, clutter
from pose_ssl_sim.camera import projection_matrix
from pose_ssl_sim.dataset import photo, scene
from pose_ssl_sim.dataset.plan import Plan, Trajectory
from pose_ssl_sim.dataset.scene import Placed, Scene, View
from pose_ssl_sim.ground import Ground
from pose_ssl_sim.light import Light
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.renderer import Renderer

from pose_ssl_ros.interfaces import CameraModel

#: What stands about: clutter, objects of categories to train on (never of the others), buildings.
_CLUTTER, _OBJECTS, _BUILDINGS = 7, 3, 3
_AWAY = -900.0  # metres up: out of every view
#: Trajectories in which things are put before the object, how many at most, and how many are tried.
_OCCLUDED, _HIDERS, _TRIED = 0.75, 2, 5


class Neighbour(NamedTuple):
    """Something that stands about."""

    body: int
    points: np.ndarray  # (n, 3) its corners
    half: tuple[float, float]
    height: float

    @property
    def radius(self) -> float:
        """Metres from its middle to its corners."""
        return math.hypot(*self.half)


class Subject(NamedTuple):
    """The object that is photographed."""

    body: int
    spec: catalogue.ObjectSpec
    points: np.ndarray  # (n, 3) its corners


class Studio:
    """One renderer; what it draws depends on the plan and the shard's number alone."""

    def __init__(self, plan: Plan, shard: int) -> None:
        """Set up what stands about.

        Raises:
            SimError: If the renderer does not work.
        """
        self._plan = plan
        self._rng = np.random.default_rng([plan.seed, 930, shard])
        self._renderer = Renderer("tiny")
        self._neighbours = [self._build(i) for i in range(_CLUTTER + _OBJECTS + _BUILDINGS)]

    def close(self) -> None:
        """Let go of the renderer."""
        self._renderer.close()

    def enter(self, trajectory: Trajectory) -> Subject:
        """Build a trajectory's object; one neighbour goes and another comes."""
        changed = int(self._rng.integers(len(self._neighbours)))
        self._renderer.remove(self._neighbours[changed].body)
        self._neighbours[changed] = self._build(changed)
        spec = self.shape(trajectory)
        return Subject(self._renderer.add(spec.mesh), spec, _corners(spec.mesh))

    def shape(self, trajectory: Trajectory) -> catalogue.ObjectSpec:
        """What is photographed: here from the parametric catalogue."""
        subject = trajectory.subject
        return catalogue.sample(subject.category, subject.generator(self._plan.seed), crewed=subject.crewed)

    def leave(self, subject: Subject) -> None:
        """Take an object away."""
        self._renderer.remove(subject.body)

    def shoot(self, subject: Subject, trajectory: Trajectory) -> tuple[np.ndarray, np.ndarray]:
        """Photograph a trajectory.

        Returns:
            Crops (views, size, size, 3) uint8 RGB and the object's box in each, (views, 4) float: x, y, w, h.
        """
        rng = trajectory.generator(self._plan.seed)
        radius = math.hypot(*subject.spec.footprint)
        clean = self._plan.profile.clean
        stage = scene.make_scene(subject.points, radius, trajectory.path, rng, exact=clean)
        # No place of training is met in a test.
        pool = 0 if trajectory.subject.split == "train" else 1
        places = self._plan.profile.places
        ground = _ground(self._plan.seed, pool, int(rng.integers(places)))
        light = _light(self._plan.seed, pool, int(rng.integers(2 * places)))
        time = float(rng.uniform(0, 300))
        solids = self._arrange(stage, subject, rng)
        camera = photo.Camera.sample(rng)
        camera = camera.faultless() if clean else camera
        size = self._plan.size
        crops, boxes = [], []
        for view in stage.views:
            kept, own = camera.pixels(view.square.side, size)
            picture = self._draw(view, kept, ground, light, time, solids)
            crops.append(photo.take(picture, camera, own, size, rng))
            x, y, w, h = view.box
            # Pixel centres lie at whole numbers.
            boxes.append((x * size - 0.5, y * size - 0.5, w * size, h * size))
        return np.stack(crops), np.array(boxes)

    def _arrange(self, stage: Scene, subject: Subject, rng: np.random.Generator) -> list[tuple[np.ndarray, float]]:
        """Place the object and everything around it; returns what throws shadows."""
        self._renderer.place(subject.body, *stage.place)
        stand = [(stage.place, subject.spec.footprint, subject.spec.size[2])]
        hiders: set[int] = set()
        if rng.random() < _OCCLUDED and not self._plan.profile.clean:
            covered = np.zeros(len(stage.views))
            for candidate in rng.permutation(_CLUTTER + _OBJECTS)[:_TRIED].tolist():
                found = scene.before(stage, self._neighbours[candidate].points, covered, rng)
                if found:
                    hiders.add(candidate)
                    covered += found[1]
                    self._put(candidate, found[0], stand)
                    if len(hiders) == _HIDERS:
                        break
        for i in range(len(self._neighbours)):
            if i in hiders:
                continue
            far = i >= _CLUTTER + _OBJECTS
            radius = self._neighbours[i].radius
            place = scene.behind(stage, radius, 7.0 if far else 0.3, 18.0 if far else 9.0, rng)
            self._put(i, place, stand)
        return scene.footprints(stand)

    def _put(self, index: int, place: Placed | None, stand: list[tuple[Placed, tuple[float, float], float]]) -> None:
        neighbour = self._neighbours[index]
        if place is None:
            self._renderer.place(neighbour.body, 0.0, 0.0, 0.0, _AWAY)
            return
        self._renderer.place(neighbour.body, *place)
        stand.append((place, neighbour.half, neighbour.height))

    def _draw(
        self, view: View, kept: int, ground: Ground, light: Light, time: float, solids: list[tuple[np.ndarray, float]]
    ) -> np.ndarray:
        """The crop's square, (kept, kept, 3) uint8.

        A rolled camera sees the picture of an upright one, turned: so an upright square that holds the turned
        one is drawn and turned.
        """
        c, s = math.cos(view.roll), math.sin(view.roll)
        back = np.array([[c, -s], [s, c]])  # from rolled to upright coordinates
        x, y = back @ (view.square.x, view.square.y)
        around = abs(c) + abs(s)
        pixels = math.ceil(kept * photo.OVERSAMPLING * around) + 2
        focal = kept * photo.OVERSAMPLING / view.square.side
        model = CameraModel(pixels, pixels, focal, focal, (pixels - 1) / 2 - focal * x, (pixels - 1) / 2 - focal * y)
        raw = self._renderer.draw(
            view.pose.view_matrix(), projection_matrix(model), pixels, pixels, light.lighting(time)
        )
        image = np.empty((pixels, pixels, 3), np.uint8)
        light.draw_sky(image, view.pose, model, time)
        ground.draw(image, view.pose, model, light, time, solids)
        cv2.copyTo(raw.rgb, (raw.bodies >= 0).view(np.uint8), image)
        image = cv2.GaussianBlur(image, (0, 0), 0.4 * photo.OVERSAMPLING)
        turn = back * photo.OVERSAMPLING
        shift = np.full(2, (pixels - 1) / 2) - turn @ np.full(2, (kept - 1) / 2)
        matrix = np.concatenate([turn, shift[:, None]], axis=1)
        return cv2.warpAffine(
            image, matrix, (kept, kept), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )

    def _build(self, index: int) -> Neighbour:
        rng = self._rng
        if index < _CLUTTER:
            kinds = clutter.SMALL_CLUTTER
            mesh = clutter.small(kinds[int(rng.integers(len(kinds)))], rng)
        elif index < _CLUTTER + _OBJECTS:
            kinds = self._plan.profile.in_domain
            mesh = catalogue.sample(kinds[int(rng.integers(len(kinds)))], rng, crewed=bool(rng.random() < 0.5)).mesh
        else:
            mesh = clutter.building(rng)
        low, high = mesh.bounds()
        half = (float(max(-low[0], high[0])), float(max(-low[1], high[1])))
        return Neighbour(self._renderer.add(mesh), _corners(mesh), half, float(high[2]))


def _corners(mesh: Mesh) -> np.ndarray:
    """A mesh's corners, each once; float64 (n, 3)."""
    return np.unique(np.round(mesh.vertices(), 4), axis=0)


@functools.lru_cache(maxsize=64)
def _ground(seed: int, pool: int, index: int) -> Ground:
    return Ground(int(np.random.default_rng([seed, 940, pool, index]).integers(1 << 31)), street=index % 2 == 0)


@functools.lru_cache(maxsize=64)
def _light(seed: int, pool: int, index: int) -> Light:
    return Light(int(np.random.default_rng([seed, 941, pool, index]).integers(1 << 31)), 1.0)
