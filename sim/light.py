"""Light and sky: chosen by the seed, drifting with time."""

from __future__ import annotations

import math

import cv2
import numpy as np
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.renderer import Lighting

from pose_ssl_ros.interfaces import CameraModel

_SKY_WIDTH, _SKY_HEIGHT = 1024, 192
_SKY_TOP = math.radians(55)  # the elevation of the panorama's first row


class Light:
    """Sun, sky and their slow change."""

    def __init__(self, seed: int, drift: float) -> None:
        """Choose a day.

        Args:
            seed: Seed of the day.
            drift: How fast it changes, 0 not at all.
        """
        rng = np.random.default_rng([seed, 101])
        self._drift = drift
        self._azimuth = rng.uniform(-math.pi, math.pi)
        self._elevation = rng.uniform(math.radians(22), math.radians(65))
        self._turn = rng.choice([-1, 1]) * rng.uniform(0.004, 0.01)
        self._phases = rng.uniform(0, 2 * math.pi, 4)
        self._periods = rng.uniform(35, 120, 4)
        self._warmth = rng.uniform(-0.04, 0.12)
        self._overcast = rng.uniform(0.0, 0.6)
        zenith = np.array([rng.uniform(70, 130), rng.uniform(120, 165), rng.uniform(180, 235)])
        horizon = np.array([rng.uniform(180, 225), rng.uniform(190, 225), rng.uniform(200, 235)])
        grey = np.full(3, rng.uniform(150, 200))
        self._zenith = zenith + self._overcast * (grey - zenith)
        self._horizon = horizon + self._overcast * (grey - horizon)
        self.ground_tint = rng.uniform(0.85, 1.12, 3)
        self._panorama = self._paint(rng)

    def _wave(self, index: int, time: float) -> float:
        return math.sin(self._phases[index] + 2 * math.pi * time * self._drift / self._periods[index])

    def _paint(self, rng: np.random.Generator) -> np.ndarray:
        """A full turn of sky with clouds and a skyline, (rows, columns + wrap, 3) uint8."""
        t = np.linspace(0, 1, _SKY_HEIGHT)[:, None, None] ** 1.5
        sky = np.broadcast_to(self._zenith * (1 - t) + self._horizon * t, (_SKY_HEIGHT, _SKY_WIDTH, 3)).copy()
        clouds = np.zeros((_SKY_HEIGHT, _SKY_WIDTH), np.float32)
        for cells, weight in ((8, 0.5), (20, 0.3), (50, 0.2)):
            noise = rng.random((max(2, cells // 3), cells)).astype(np.float32)
            noise[:, -1] = noise[:, 0]  # close the turn
            clouds += weight * cv2.resize(noise, (_SKY_WIDTH, _SKY_HEIGHT), interpolation=cv2.INTER_CUBIC)
        cover = np.clip((clouds - (0.62 - 0.25 * self._overcast)) * 4, 0, 0.85)[:, :, None]
        sky = sky * (1 - cover) + np.array([236.0, 238.0, 240.0]) * (1 - 0.25 * self._overcast) * cover
        # A far skyline: hills, then houses, so that the horizon is nowhere bare.
        x = np.arange(_SKY_WIDTH)
        hills = np.full(_SKY_WIDTH, 9.0)
        for k in (2, 3, 5, 9):
            hills += rng.uniform(1, 4) * np.sin(k * 2 * math.pi * x / _SKY_WIDTH + rng.uniform(0, 6))
        rows = np.arange(_SKY_HEIGHT)[:, None]
        sky[rows >= _SKY_HEIGHT - hills[None, :]] = self._horizon * 0.55 + np.array([60, 85, 70]) * 0.4
        at = 0
        while at < _SKY_WIDTH:
            wide, tall = int(rng.integers(8, 34)), int(rng.integers(3, 26))
            if rng.random() < 0.6:
                sky[_SKY_HEIGHT - tall :, at : at + wide] = self._horizon * 0.45 + rng.uniform(30, 110, 3) * 0.5
            at += wide
        return np.clip(sky, 0, 255).astype(np.uint8)

    def sun(self, time: float) -> tuple[float, float]:
        """Azimuth and elevation of the sun in radians at a time in seconds."""
        azimuth = self._azimuth + self._turn * self._drift * time
        return azimuth, self._elevation + math.radians(8) * self._wave(0, time)

    def direction(self, time: float) -> tuple[float, float, float]:
        """Unit vector towards the sun."""
        azimuth, elevation = self.sun(time)
        flat = math.cos(elevation)
        return flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)

    def strength(self, time: float) -> float:
        """Brightness of the whole scene, about 1."""
        return 0.95 + 0.14 * self._wave(1, time) + 0.06 * self._wave(2, time)

    def shadow_depth(self, time: float) -> float:
        """How much a shadow takes away, 0..1."""
        return (0.5 - 0.4 * self._overcast) * (0.85 + 0.15 * self._wave(3, time))

    def lighting(self, time: float) -> Lighting:
        """The light for the renderer."""
        strength = self.strength(time)
        warm = self._warmth + 0.03 * self._wave(2, time)
        colour = (strength * (1 + warm), strength, strength * (1 - warm))
        return Lighting(self.direction(time), colour, 0.5 + 0.2 * self._overcast, 0.62 - 0.3 * self._overcast)

    def haze(self, time: float) -> np.ndarray:
        """Colour of the far distance, (3,) float."""
        return np.clip(self._horizon * 0.9 * self.strength(time), 0, 255)

    def draw_sky(self, out: np.ndarray, pose: CameraPose, model: CameraModel, time: float) -> None:
        """Paint the rows above the horizon of an image (h, w, 3) in place."""
        rows = pose.horizon_row(model)
        if rows <= 0:
            return
        columns = np.arctan2(np.arange(model.width) - model.cx, model.fx)
        drift = 0.002 * self._drift * time
        turn = (pose.yaw - columns + drift) / (2 * math.pi) * _SKY_WIDTH
        xs = np.floor(turn).astype(int) % _SKY_WIDTH
        height = np.arctan2(model.cy - np.arange(rows), model.fy) - pose.pitch
        ys = np.clip((1 - height / _SKY_TOP) * (_SKY_HEIGHT - 1), 0, _SKY_HEIGHT - 1).astype(int)
        sky = self._panorama[ys][:, xs]
        gain = np.clip(self.strength(time), 0, 1.2)
        out[:rows] = cv2.convertScaleAbs(sky, alpha=float(gain))
