"""Image bytes to RGB arrays, with a reason whenever that is not possible."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

#: Bytes per pixel of the raw encodings that we read.
CHANNELS = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1}
#: Larger than any camera; stops a corrupt header from allocating the machine's memory.
MAX_SIDE = 16384
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_TAIL = 1024  # encoders may pad behind the end marker


class ImageError(ValueError):
    """An image cannot be decoded; the text says why and what would be accepted."""


def refusal(encoding: str) -> str:
    """Say why a raw encoding is not read."""
    accepted = "accepted are " + ", ".join(CHANNELS)
    name = encoding.lower()
    if not encoding:
        why = "the encoding is empty"
    elif name in {"16uc1", "mono16", "rgb16", "bgr16", "rgba16", "bgra16"} or name.startswith(("16uc", "16sc")):
        why = f"encoding '{encoding}' has 16 bits per channel (a depth or raw sensor image?)"
    elif name.startswith(("32fc", "64fc", "32sc")):
        why = f"encoding '{encoding}' has float or 32-bit channels (a depth image?)"
    elif name.startswith("bayer"):
        why = f"encoding '{encoding}' is a raw Bayer mosaic; run image_proc's debayer node before this one"
    elif name.startswith(("yuv", "uyvy", "yuyv", "nv12", "nv21", "nv24")):
        why = f"encoding '{encoding}' is YUV; let the camera driver convert it to rgb8"
    elif name.startswith("8uc") or name.startswith("8sc"):
        why = f"encoding '{encoding}' does not say what its channels mean"
    else:
        why = f"encoding '{encoding}' is not known"
    return f"{why}; {accepted}"


def decode_raw(
    encoding: str, width: int, height: int, step: int, data: Any, is_bigendian: bool | int = False
) -> np.ndarray:
    """Decode the fields of a sensor_msgs/Image.

    Args:
        encoding: One of `CHANNELS`.
        width: Pixels per row.
        height: Rows.
        step: Bytes per row, padding included.
        data: Anything with the buffer interface (bytes, array.array, uint8 array).
        is_bigendian: Ignored, because all encodings read here have one byte per channel.

    Returns:
        (height, width, 3) uint8 RGB.  It may be a read-only view of `data`.

    Raises:
        ImageError: If the encoding is not supported, or sizes and data disagree.
    """
    channels = CHANNELS.get(encoding.lower() if isinstance(encoding, str) else "")
    if channels is None:
        raise ImageError(refusal(str(encoding)))
    if width <= 0 or height <= 0:
        msg = f"the image is empty ({width}x{height})"
        raise ImageError(msg)
    if width > MAX_SIDE or height > MAX_SIDE:
        msg = f"the image is {width}x{height}, larger than {MAX_SIDE} on a side"
        raise ImageError(msg)
    row = width * channels
    if step < row:
        msg = f"step is {step} bytes but a row of {width} {encoding} pixels needs {row}"
        raise ImageError(msg)
    buffer = _bytes(data)
    # The last row's padding may be missing: some drivers crop it, and no pixel is lost.
    needed = step * (height - 1) + row
    if buffer.size < needed:
        msg = f"the data are truncated: {buffer.size} bytes, but {height} rows of step {step} need {needed}"
        raise ImageError(msg)
    rows = np.lib.stride_tricks.as_strided(buffer, (height, row), (step, 1), writeable=False)
    pixels = (
        rows.reshape(height, width, channels)
        if step == row
        else np.ascontiguousarray(rows).reshape(height, width, channels)
    )
    return _to_rgb(pixels, encoding.lower())


def decode_compressed(data: Any, fmt: str = "") -> np.ndarray:
    """Decode the fields of a sensor_msgs/CompressedImage (JPEG or PNG, told by their bytes).

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        ImageError: If the data are empty, truncated, of 16 bits or of another format.
    """
    buffer = _bytes(data)
    if buffer.size == 0:
        msg = "the compressed image is empty"
        raise ImageError(msg)
    if "compresseddepth" in fmt.lower().replace(" ", ""):
        msg = f"format '{fmt}' is a depth image; jpeg or png pictures are accepted"
        raise ImageError(msg)
    head, tail = buffer[:32].tobytes(), buffer[-_TAIL:].tobytes()
    if head.startswith(_PNG):
        if len(head) > 24 and head[24] == 16:
            msg = "the png has 16 bits per channel (a depth image?); 8 bits are accepted"
            raise ImageError(msg)
        complete = b"IEND" in tail
    elif head.startswith(_JPEG):
        complete = b"\xff\xd9" in tail
    else:
        msg = f"the compressed image (format '{fmt}') is neither jpeg nor png"
        raise ImageError(msg)
    if not complete:
        msg = f"the compressed image is truncated ({buffer.size} bytes without an end marker)"
        raise ImageError(msg)
    try:
        bgr = cv2.imdecode(buffer, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        msg = f"the compressed image cannot be decoded: {error}"
        raise ImageError(msg) from error
    if bgr is None:
        msg = f"the compressed image (format '{fmt}', {buffer.size} bytes) cannot be decoded"
        raise ImageError(msg)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _bytes(data: Any) -> np.ndarray:
    """One-dimensional uint8 view of a buffer."""
    try:
        return np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
    except (TypeError, ValueError, BufferError):
        return np.ascontiguousarray(data, np.uint8).reshape(-1)


def _to_rgb(pixels: np.ndarray, encoding: str) -> np.ndarray:
    """Reorder the channels of (H, W, C) uint8 pixels."""
    if encoding == "rgb8":
        return pixels
    code = {
        "bgr8": cv2.COLOR_BGR2RGB,
        "rgba8": cv2.COLOR_RGBA2RGB,
        "bgra8": cv2.COLOR_BGRA2RGB,
        "mono8": cv2.COLOR_GRAY2RGB,
    }[encoding]
    return cv2.cvtColor(np.ascontiguousarray(pixels), code)
