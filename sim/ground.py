"""The ground: a street that repeats or a paved square, seen through a homography, with shadows."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.light import Light

from pose_ssl_ros.interfaces import CameraModel

_SCALE = 24.0  # texture pixels per metre
_COARSE = 5  # the far texture is this much coarser
_FAR = 11.0  # metres from which the coarse texture is used
_SHADOW_SCALE = 10.0
_SHADOW_SIDE = 44.0  # metres
#: The street's measures in metres, shared with the traffic.
BLOCK = 32.0  # from one crossing to the next
CROSSING = 4.0  # half width of the crossing road
LANE_EDGE, PARKING_EDGE, PAVEMENT_EDGE = 4.1, 6.4, 9.6


class Ground:
    """Texture of the ground and how it looks from a camera."""

    def __init__(self, seed: int, street: bool, hall: bool = False) -> None:
        """Paint it.

        Args:
            seed: Seed of its colours and marks.
            street: A street along x with crossings, or a paved square.
            hall: The street is of concrete with yellow marks.
        """
        rng = np.random.default_rng([seed, 202])
        self._period = 2 * BLOCK
        fine = self._street(rng, hall) if street else self._square(rng)
        self._fine = fine
        size = (fine.shape[1] // _COARSE, fine.shape[0] // _COARSE)
        self._coarse = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
        self._half = fine.shape[0] / _SCALE / 2

    def _noise(self, rng: np.random.Generator, shape: tuple[int, int], amount: float) -> np.ndarray:
        """Speckle at several grains, (rows, columns, 1)."""
        rows, columns = shape
        total = rng.normal(0, amount, shape).astype(np.float32)
        for cells in (8, 40, 160):
            small = rng.normal(0, amount, (max(2, rows * cells // columns), cells)).astype(np.float32)
            small[:, -1] = small[:, 0]
            total += cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR)
        return total[:, :, None]

    def _street(self, rng: np.random.Generator, hall: bool) -> np.ndarray:
        half = 24.0
        columns, rows = int(self._period * _SCALE), int(2 * half * _SCALE)
        y = (np.arange(rows) + 0.5) / _SCALE - half
        x = (np.arange(columns) + 0.5) / _SCALE
        asphalt = np.full(3, rng.uniform(78, 120)) + rng.uniform(-5, 5, 3)
        paving = np.array([rng.uniform(135, 180)] * 3) + rng.uniform(-12, 12, 3)
        grass = np.array([rng.uniform(85, 125), rng.uniform(115, 150), rng.uniform(60, 90)])
        kerbstone, paint = np.array([196.0, 194.0, 188.0]), np.array([215.0, 215.0, 210.0])
        if hall:
            asphalt, grass = asphalt + 55.0, paving * 0.9
            kerbstone, paint = np.array([225.0, 185.0, 40.0]), np.array([225.0, 190.0, 60.0])
        image = np.empty((rows, columns, 3), np.float32)
        image[:] = asphalt
        side = np.abs(y)
        off_crossing = np.abs((x + BLOCK / 2) % BLOCK - BLOCK / 2) > CROSSING
        paved = (side > PARKING_EDGE)[:, None] & off_crossing[None, :]
        image[paved] = paving
        image[(side > PAVEMENT_EDGE)[:, None] & off_crossing[None, :]] = grass
        joints = (np.mod(y, 0.8) < 0.05)[:, None] | (np.mod(x, 0.8) < 0.05)[None, :]
        image[paved & joints & (side < PAVEMENT_EDGE)[:, None]] *= 0.86
        kerb = (np.abs(side - PARKING_EDGE) < 0.09)[:, None] & off_crossing[None, :]
        image[kerb] = kerbstone
        dashes = ((np.mod(x, 4.0) < 2.0) & off_crossing)[None, :]
        for offset in (-1.15, 1.15):
            image[(np.abs(y - offset) < 0.06)[:, None] & dashes] = paint
        image[(np.abs(side - LANE_EDGE) < 0.05)[:, None] & (off_crossing & (np.mod(x, 1.0) < 0.5))[None, :]] = (
            paint * 0.9
        )
        zebra = np.abs(np.abs((x + BLOCK / 2) % BLOCK - BLOCK / 2) - CROSSING - 1.6) < 1.1
        image[((np.mod(y, 1.0) < 0.5) & (side < PARKING_EDGE))[:, None] & zebra[None, :]] = paint
        self._patches(rng, image, 50, asphalt)
        return np.clip(image + self._noise(rng, (rows, columns), 5.0), 0, 255).astype(np.uint8)

    def _square(self, rng: np.random.Generator) -> np.ndarray:
        side = int(48 * _SCALE)
        self._period = 48.0
        base = np.array([rng.uniform(110, 175)] * 3) + rng.uniform(-20, 20, 3)
        image = np.empty((side, side, 3), np.float32)
        image[:] = base
        at = (np.arange(side) + 0.5) / _SCALE
        step = float(rng.choice([1.0, 1.5, 2.0]))
        checks = (np.floor(at / step)[:, None] + np.floor(at / step)[None, :]) % 2 == 0
        image[checks] *= rng.uniform(0.86, 0.97)
        lines = (np.mod(at, step) < 0.06)[:, None] | (np.mod(at, step) < 0.06)[None, :]
        image[lines] *= 0.82
        self._patches(rng, image, 40, base)
        return np.clip(image + self._noise(rng, (side, side), 5.0), 0, 255).astype(np.uint8)

    def _patches(self, rng: np.random.Generator, image: np.ndarray, count: int, base: np.ndarray) -> None:
        """Repairs, stains and manhole covers."""
        rows, columns = image.shape[:2]
        for _ in range(count):
            at = (int(rng.integers(columns)), int(rng.integers(rows)))
            colour = tuple(float(c) for c in base * rng.uniform(0.7, 1.15))
            if rng.random() < 0.5:
                axes = (int(rng.integers(6, 40)), int(rng.integers(6, 30)))
                cv2.ellipse(image, at, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
            else:
                end = (at[0] + int(rng.integers(10, 90)), at[1] + int(rng.integers(8, 50)))
                cv2.rectangle(image, at, end, colour, -1)

    def draw(
        self,
        out: np.ndarray,
        pose: CameraPose,
        model: CameraModel,
        light: Light,
        time: float,
        solids: Iterable[tuple[np.ndarray, float]],
    ) -> None:
        """Paint the rows below the horizon of an image in place.

        Args:
            out: Image (h, w, 3) uint8.
            pose: The camera.
            model: Its intrinsics.
            light: The light.
            time: Now, in seconds.
            solids: Footprint (4, 2) in the world and height of what throws a shadow.
        """
        first = pose.horizon_row(model)
        rows = model.height - first
        if rows <= 0:
            return
        homography = pose.ground_homography(model) @ np.array([[1, 0, 0], [0, 1, first], [0, 0, 1.0]])
        near = self._warp(homography, pose, rows, model.width, self._fine, _SCALE)
        # A ground row lies at distance f * height / (v - horizon): rows above this one use the coarse texture.
        horizon = model.cy - model.fy * math.tan(pose.pitch)
        split = int(np.clip(horizon + model.fy * pose.position[2] / _FAR - first, 0, rows))
        if split:
            near[:split] = self._warp(homography, pose, split, model.width, self._coarse, _SCALE / _COARSE)
        shade = self._shadow(homography, pose, rows, model.width, light, time, solids)
        gain = light.ground_tint * light.strength(time) * 0.95
        v = np.arange(rows) + first - horizon
        distance = model.fy * pose.position[2] / np.maximum(v, 0.5)
        haze = np.clip(1 - np.exp(-distance / 90.0), 0, 1).astype(np.float32)[:, None]
        scaled = near.astype(np.float32)
        weight = shade * (1 - haze)
        for channel in range(3):
            scaled[:, :, channel] *= weight * np.float32(gain[channel])
            scaled[:, :, channel] += haze * np.float32(light.haze(time)[channel])
        np.clip(scaled, 0, 255, out=scaled)
        out[first:] = scaled

    def _warp(
        self, homography: np.ndarray, pose: CameraPose, rows: int, columns: int, texture: np.ndarray, scale: float
    ) -> np.ndarray:
        # Numbers stay small however far the robot has come: the texture repeats.
        shift = math.floor(pose.position[0] / self._period) * self._period
        to_texture = np.array([[scale, 0, -shift * scale - 0.5], [0, scale, self._half * scale - 0.5], [0, 0, 1.0]])
        return cv2.warpPerspective(
            texture,
            to_texture @ homography,
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_WRAP,
        )

    def _shadow(
        self,
        homography: np.ndarray,
        pose: CameraPose,
        rows: int,
        columns: int,
        light: Light,
        time: float,
        solids: Iterable[tuple[np.ndarray, float]],
    ) -> np.ndarray:
        """Brightness factor (rows, columns) float32."""
        side = int(_SHADOW_SIDE * _SHADOW_SCALE)
        centre = pose.position[:2] + np.array([math.cos(pose.yaw), math.sin(pose.yaw)]) * _SHADOW_SIDE * 0.42
        canvas = np.zeros((side, side), np.uint8)
        sx, sy, sz = light.direction(time)
        reach = -np.array([sx, sy]) / max(0.25, sz)
        depth = light.shadow_depth(time)
        for footprint, height in solids:
            if np.abs(footprint - centre).max() > _SHADOW_SIDE * 0.6 + 5:
                continue
            both = np.concatenate([footprint, footprint * 0.95 + footprint.mean(axis=0) * 0.05 + reach * height * 0.9])
            hull = cv2.convexHull(((both - centre + _SHADOW_SIDE / 2) * _SHADOW_SCALE).astype(np.float32))
            cv2.fillConvexPoly(canvas, hull.astype(np.int32), int(255 * depth))
        for footprint, _ in solids:
            if np.abs(footprint - centre).max() <= _SHADOW_SIDE * 0.6 + 5:
                corners = ((footprint - centre + _SHADOW_SIDE / 2) * _SHADOW_SCALE).astype(np.int32)
                cv2.fillConvexPoly(canvas, corners, int(255 * min(0.8, depth + 0.3)))
        soft = cv2.blur(canvas, (3, 3))
        to_canvas = np.array(
            [
                [_SHADOW_SCALE, 0, (_SHADOW_SIDE / 2 - centre[0]) * _SHADOW_SCALE],
                [0, _SHADOW_SCALE, (_SHADOW_SIDE / 2 - centre[1]) * _SHADOW_SCALE],
                [0, 0, 1.0],
            ]
        )
        seen = cv2.warpPerspective(
            soft, to_canvas @ homography, (columns, rows), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        return 1 - seen.astype(np.float32) / 255
