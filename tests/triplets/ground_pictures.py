"""Pictures of a textured ground from a camera at a known pose, without a renderer."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting

CAMERA = CameraModel(320, 240, 210.0, 210.0, 160.0, 120.0)
MOUNT = Mounting(x=0.2, height=1.0, pitch=0.0)
_CELL = 0.02  # metres per texel
_TILE = 2048


def texture(seed: int = 0) -> np.ndarray:
    """Patches and grains of several sizes, one tile of some 40 metres."""
    random = np.random.default_rng(seed)
    found = np.zeros((_TILE, _TILE), np.float32)
    for cells, strength in ((64, 30.0), (256, 25.0), (512, 15.0)):
        rough = random.normal(0, strength, (cells, cells)).astype(np.float32)
        found += cv2.resize(rough, (_TILE, _TILE), interpolation=cv2.INTER_CUBIC)
    return found


def picture(ground: np.ndarray, ego: EgoState, mount: Mounting = MOUNT) -> np.ndarray:
    """(240, 320, 3) uint8: ground below the horizon, plain sky above it."""
    v, u = np.mgrid[0 : CAMERA.height, 0 : CAMERA.width].astype(np.float64)
    across, down = (u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy
    fall = down * math.cos(mount.pitch) + math.sin(mount.pitch)
    level = math.cos(mount.pitch) - down * math.sin(mount.pitch)
    shown = fall > 0.02
    reach = mount.height / np.where(shown, fall, 1.0)
    ahead, left, yaw = reach * level, -reach * across, ego.yaw + mount.yaw
    x = ego.x + mount.x * math.cos(ego.yaw) + ahead * math.cos(yaw) - left * math.sin(yaw)
    y = ego.y + mount.x * math.sin(ego.yaw) + ahead * math.sin(yaw) + left * math.cos(yaw)
    # Far texels shimmer; a real lens blurs them.
    fade = np.clip(8.0 / reach, 0.0, 1.0) ** 2
    seen = cv2.remap(
        ground,
        ((x / _CELL) % (_TILE - 1)).astype(np.float32),
        ((y / _CELL) % (_TILE - 1)).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    grey = np.where(shown, 110 + seen * fade, 180.0)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def route(speed: float, turn: float, images: int, dt: float = 0.1) -> list[EgoState]:
    """Poses of a robot that drives evenly."""
    found, x, y, yaw = [], 0.0, 0.0, 0.0
    for index in range(images):
        found.append(EgoState(int(1e9 + index * dt * 1e9), x, y, yaw, speed, turn))
        middle = yaw + turn * dt / 2
        x, y, yaw = x + speed * dt * math.cos(middle), y + speed * dt * math.sin(middle), yaw + turn * dt
    return found
