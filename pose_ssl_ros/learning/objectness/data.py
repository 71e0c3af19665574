"""Pictures with boxes, and how they are made unlike the simulation they came from."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pose_ssl_ros.learning.objectness.net import MULTIPLE

#: What pads a picture to a multiple of `MULTIPLE`: what the net sees as nought.
GREY = 128


class ObjectnessDataError(ValueError):
    """The folder holds no pictures to learn from; the text says what to do."""


@dataclass
class Pictures:
    """Pictures (n, h, w, 3) uint8 and for each its boxes (m, 5): x, y, w, h, wanted or ignored."""

    images: np.ndarray
    boxes: list[np.ndarray]
    seeds: tuple[int, ...] = ()


def load(folder: Path, limit: int = 0) -> Pictures:
    """Read the shards that `pose_ssl_sim.objectness_data` wrote.

    Raises:
        ObjectnessDataError: If there are none or one is damaged.
    """
    images, boxes, seeds = [], [], []
    count = 0
    for path in sorted(folder.glob("seed_*.npz")):
        if limit and count >= limit:
            break
        if path.name.endswith(".part.npz"):
            continue
        try:
            with np.load(path) as shard:
                images.append(shard["images"])
                owner, rows = shard["owner"], shard["boxes"]
                seeds.append(int(shard["seed"]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            msg = f"{path} cannot be read ({error}); delete it and run pose_ssl_sim.objectness_data again"
            raise ObjectnessDataError(msg) from error
        boxes += [rows[owner == i] for i in range(len(images[-1]))]
        count += len(images[-1])
    if not images:
        msg = f"{folder} holds no seed_*.npz; write them with python -m pose_ssl_sim.objectness_data --out {folder}"
        raise ObjectnessDataError(msg)
    return Pictures(np.concatenate(images), boxes, tuple(seeds))


def pad(image: np.ndarray) -> np.ndarray:
    """Picture with grey to the right and below, sides multiples of `MULTIPLE`."""
    bottom, right = -image.shape[0] % MULTIPLE, -image.shape[1] % MULTIPLE
    return cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=(GREY,) * 3)


def augment(pictures: Pictures, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A changed picture (h, w, 3) with its boxes."""
    image, boxes = _move(pictures.images[index], pictures.boxes[index], rng)
    if rng.random() < 0.25:
        image = _veil(image, pictures.images[int(rng.integers(len(pictures.images)))], rng)
    image = _recolour(image, rng)
    if rng.random() < 0.3:
        image = _erase(image, rng)
    return _degrade(image, rng), boxes


def _move(image: np.ndarray, boxes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Flip, zoom and shift; what leaves the picture by more than half is ignored."""
    height, width = image.shape[:2]
    zoom = float(np.exp(rng.uniform(np.log(0.75), np.log(1.7))))
    stretch = float(np.exp(rng.normal(0, 0.07)))
    zx, zy = zoom * stretch, zoom / stretch
    # Anchor a random point, so that a zoomed picture still shows a part of the old one.
    dx, dy = rng.uniform(0, 1) * width * (1 - zx), rng.uniform(0, 1) * height * (1 - zy)
    flip = rng.random() < 0.5
    matrix = np.array([[zx, 0, dx], [0, zy, dy]], np.float64)
    if flip:
        matrix = np.array([[-zx, 0, width - dx], [0, zy, dy]], np.float64)
    edge = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    fill = tuple(int(v) for v in rng.integers(0, 255, 3))
    # Warp with pixel centres at half: a box edge lies between pixels.
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    flags = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    moved = cv2.warpAffine(image, shifted, (width, height), flags=flags, borderMode=edge, borderValue=fill)
    if not len(boxes):
        return moved, boxes
    x0, x1 = boxes[:, 0] * zx, (boxes[:, 0] + boxes[:, 2]) * zx
    x0, x1 = (width - dx - x1, width - dx - x0) if flip else (x0 + dx, x1 + dx)
    y0, y1 = boxes[:, 1] * zy + dy, (boxes[:, 1] + boxes[:, 3]) * zy + dy
    cx0, cx1, cy0, cy1 = x0.clip(0, width), x1.clip(0, width), y0.clip(0, height), y1.clip(0, height)
    area = (x1 - x0) * (y1 - y0)
    left = (cx1 - cx0) * (cy1 - cy0) / np.maximum(area, 1e-6)
    wanted = boxes[:, 4] * (left >= 0.35) * (cy1 - cy0 >= 9) * (cx1 - cx0 >= 4)
    found = np.stack([cx0, cy0, cx1 - cx0, cy1 - cy0, wanted], axis=1).astype(np.float32)
    return moved, found[(found[:, 2] >= 1) & (found[:, 3] >= 1)]


def _veil(image: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blend with clouds of noise or faintly with another picture: surfaces get textures not in the simulation."""
    height, width = image.shape[:2]
    if rng.random() < 0.25:
        return cv2.addWeighted(image, 0.85, np.ascontiguousarray(other[:, ::-1]), 0.15, 0)
    cells = int(rng.integers(3, 60))
    noise = rng.integers(0, 256, (max(2, cells * 3 // 4), cells, 3 if rng.random() < 0.5 else 1), dtype=np.uint8)
    cloud = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    if cloud.ndim == 2:
        cloud = cv2.cvtColor(cloud, cv2.COLOR_GRAY2RGB)
    share = float(rng.uniform(0.05, 0.3))
    return cv2.addWeighted(image, 1 - share, cloud, share, 0)


def _recolour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hue, saturation, channels, contrast, gamma."""
    kind = rng.random()
    if kind < 0.15:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    elif kind < 0.65:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        turn = int(rng.normal(0, 25))
        hues = ((np.arange(256) + turn) % 180).astype(np.uint8)
        strengths = np.clip(np.arange(256) * rng.uniform(0.3, 1.7), 0, 255).astype(np.uint8)
        hsv = cv2.merge([cv2.LUT(hsv[..., 0], hues), cv2.LUT(hsv[..., 1], strengths), hsv[..., 2]])
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    elif kind < 0.75:
        image = np.ascontiguousarray(image[..., rng.permutation(3)])
    level = np.arange(256) / 255.0
    tables = []
    gamma, contrast, shift = np.exp(rng.normal(0, 0.3)), np.exp(rng.normal(0, 0.25)), rng.normal(0, 0.1)
    for _ in range(3):
        curve = (level**gamma - 0.5) * contrast * np.exp(rng.normal(0, 0.08)) + 0.5 + shift + rng.normal(0, 0.03)
        tables.append(np.clip(curve * 255, 0, 255).astype(np.uint8))
    return cv2.LUT(image, np.stack(tables, axis=1)[None])


def _erase(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Small patches of one colour: no single part must be there."""
    image = image.copy()
    height, width = image.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        w, h = int(rng.uniform(4, 36)), int(rng.uniform(4, 30))
        x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        image[y : y + h, x : x + w] = rng.integers(0, 255, 3)
    return image


def _degrade(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, noise and JPEG."""
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.2)))
    elif rng.random() < 0.2:
        sharp = cv2.GaussianBlur(image, (0, 0), 1.0)
        image = cv2.addWeighted(image, 1.8, sharp, -0.8, 0)
    if rng.random() < 0.35:
        grain = np.empty(image.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(1 << 30)))
        cv2.randn(grain, (0, 0, 0), (float(rng.uniform(2, 14)),) * 3)  # type: ignore[call-overload]
        image = cv2.add(image, grain, dtype=cv2.CV_8U)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR))
    return image
