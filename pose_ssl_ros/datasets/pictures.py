"""Image files of any kind to RGB of 8 bits."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pose_ssl_ros.datasets.dataset import DatasetError

#: Grey that shows through where a picture is transparent.
BACKDROP = 128
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_TAIL = 1024  # encoders may pad behind the end marker


def read_picture(path: Path) -> np.ndarray:
    """Decode an image file.

    Grey becomes RGB; transparency is laid over grey; 16 bits are scaled to 8 by their full range (257 to 1);
    a photograph's EXIF rotation is applied, as picture viewers do.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        DatasetError: If the file is missing, truncated or not an image that we read; the text says why.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"the image {path} cannot be read: {error.strerror or error}"
        raise DatasetError(msg) from error
    tail = data[-_TAIL:]
    if not data:
        msg = f"the image {path} is empty"
        raise DatasetError(msg)
    if (data.startswith(_PNG) and b"IEND" not in tail) or (data.startswith(_JPEG) and b"\xff\xd9" not in tail):
        msg = f"the image {path} is truncated ({len(data)} bytes without an end marker)"
        raise DatasetError(msg)
    # UNCHANGED alone keeps alpha, and it alone ignores EXIF; JPEG, where photographs are rotated, has no alpha.
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR if data.startswith(_JPEG) else cv2.IMREAD_UNCHANGED
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        msg = f"the image {path} cannot be decoded: {error.err if hasattr(error, 'err') else error}"
        raise DatasetError(msg) from error
    if pixels is None or pixels.size == 0:
        msg = f"the image {path} is no picture that can be decoded"
        raise DatasetError(msg)
    return to_rgb(pixels, f"the image {path}")


def to_rgb(pixels: np.ndarray, name: str = "image") -> np.ndarray:
    """8-bit RGB of what OpenCV decodes.

    Args:
        pixels: (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA; uint8 or uint16.
        name: For the error.

    Raises:
        DatasetError: If the depth or the number of channels is another.
    """
    if pixels.dtype == np.uint16:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if pixels.dtype != np.uint8:
        msg = f"{name} has {pixels.dtype} channels; 8 and 16 bits are accepted"
        raise DatasetError(msg)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return cv2.cvtColor(pixels.reshape(pixels.shape[:2]), cv2.COLOR_GRAY2RGB)
    if pixels.shape[2] == 3:
        return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    if pixels.shape[2] == 4:
        alpha = pixels[:, :, 3:].astype(np.uint32)
        mixed = (pixels[:, :, 2::-1] * alpha + BACKDROP * (255 - alpha) + 127) // 255
        return mixed.astype(np.uint8)
    msg = f"{name} has {pixels.shape[2]} channels; 1, 3 and 4 are accepted"
    raise DatasetError(msg)
