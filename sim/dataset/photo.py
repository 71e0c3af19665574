"""What a camera makes of a picture: blur, exposure, white balance, noise, few pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

#: A crop is drawn with this many pixels for each that is kept, across.
OVERSAMPLING = 1.5
#: Fewest pixels across what is left of a far object.
FEWEST = 24


@dataclass(frozen=True)
class Camera:
    """A camera on one of its days."""

    focal: float  # pixels
    defocus: float  # radius in pixels of the camera
    drag: float  # motion blur, pixels of the camera
    drag_angle: float
    gain: tuple[float, float, float]
    gamma: float
    noise: float  # deviation in grey levels at mid grey
    flicker: float  # deviation of the exposure from view to view

    @staticmethod
    def sample(rng: np.random.Generator) -> Camera:
        """Draw one."""
        exposure = 2 ** float(np.clip(rng.normal(0.1, 0.3), -0.6, 0.6))
        balance = exposure * (1 + rng.uniform(-0.08, 0.08, 3))
        return Camera(
            focal=math.exp(rng.uniform(math.log(200), math.log(800))),
            defocus=float(rng.uniform(0.3, 1.3)) if rng.random() < 0.25 else 0.0,
            drag=float(rng.uniform(2.0, 6.0)) if rng.random() < 0.2 else 0.0,
            drag_angle=float(rng.normal(0.0, 0.35)),
            gain=(float(balance[0]), float(balance[1]), float(balance[2])),
            gamma=float(rng.uniform(0.85, 1.2)),
            noise=float(8.0 * rng.random() ** 1.5),
            flicker=float(rng.uniform(0.0, 0.05)),
        )

    def faultless(self) -> Camera:
        """The same camera in focus, at rest and without noise."""
        return replace(self, defocus=0.0, drag=0.0, noise=0.0, flicker=0.0)

    def pixels(self, side: float, size: int) -> tuple[int, float]:
        """Pixels that are kept across a square of a width in focal lengths, and pixels that the camera has there."""
        own = self.focal * side
        return int(np.clip(round(own), FEWEST, size)), max(own, float(FEWEST))


def take(picture: np.ndarray, camera: Camera, own: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """Photograph a picture.

    Args:
        picture: (k, k, 3) uint8 RGB, k the pixels that are kept.
        camera: The camera.
        own: Pixels that the camera has across it; above k they were averaged.
        size: Side of the result.
        rng: Of exposure and noise.

    Returns:
        (size, size, 3) uint8.
    """
    kept = picture.shape[0]
    scale = kept / own
    image: np.ndarray = picture.astype(np.float32)
    # Of few pixels not much may be lost, or nobody could tell what it is.
    defocus, drag = min(camera.defocus * scale, kept / 48), min(camera.drag * scale, kept / 14)
    if defocus > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), defocus)
    if drag > 1.0:
        image = cv2.filter2D(image, -1, _streak(drag, camera.drag_angle))
    gain = np.array(camera.gain, np.float32) * np.float32(math.exp(rng.normal(0, camera.flicker)))
    image = 255 * np.power(np.clip(image * gain / 255, 0, 1), np.float32(camera.gamma))
    if camera.noise:
        # Part of it is shot noise; averaging takes it down, though not all of it.
        grain = rng.standard_normal(image.shape, dtype=np.float32) * np.float32(camera.noise * max(0.4, scale))
        image = image + grain * np.sqrt(np.float32(0.5) + image / 255)
    developed = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    if kept == size:
        return developed
    return cv2.resize(developed, (size, size), interpolation=cv2.INTER_LINEAR)


def _streak(length: float, angle: float) -> np.ndarray:
    """Kernel of an even motion along a line."""
    half = math.ceil(length / 2)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for at in np.linspace(-length / 2, length / 2, 4 * half + 3):
        x, y = half + at * math.cos(angle), half + at * math.sin(angle)
        kernel[round(y), round(x)] += 1
    return kernel / kernel.sum()
