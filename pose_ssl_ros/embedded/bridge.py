"""`cv_bridge`: sensor_msgs images to and from numpy arrays."""

from __future__ import annotations

import array
import re
import sys
from typing import Any

import numpy as np

from pose_ssl_ros.embedded.errors import not_covered
from pose_ssl_ros.embedded.types import message_class

_DEPTHS = {
    "8U": np.uint8, "8S": np.int8, "16U": np.uint16, "16S": np.int16, "32S": np.int32, "32F": np.float32,
    "64F": np.float64,
}  # fmt: skip
_COLOURS: dict[str, tuple[Any, int]] = {
    f"{name}{bits}": (kind, channels)
    for bits, kind in ((8, np.uint8), (16, np.uint16))
    for name, channels in (("bgr", 3), ("rgb", 3), ("bgra", 4), ("rgba", 4), ("mono", 1))
} | {
    f"bayer_{order}{bits}": (kind, 1)
    for bits, kind in ((8, np.uint8), (16, np.uint16))
    for order in ("rggb", "bggr", "gbrg", "grbg")
}
_GENERIC = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)(?:C(\d+))?")
_JPEG = {"jpg": ".jpg", "jpeg": ".jpg", "jpe": ".jpg", "png": ".png", "bmp": ".bmp", "tif": ".tiff", "tiff": ".tiff"}


class CvBridgeError(TypeError):
    """An image can't be converted; the text says why."""


def layout(encoding: str) -> tuple[Any, int]:
    """Numpy type and number of channels of an encoding.

    Raises:
        CvBridgeError: If it is not known.
    """
    if encoding in _COLOURS:
        return _COLOURS[encoding]
    match = _GENERIC.fullmatch(encoding)
    if match is None:
        msg = f"Unrecognized image encoding [{encoding}]"
        raise CvBridgeError(msg)
    return _DEPTHS[match[1]], int(match[2] or 1)


def _convert(image: Any, source: str, wanted: str) -> Any:
    """Pixels of one encoding in another, by OpenCV's colour conversions."""
    if wanted == source or wanted == "passthrough":
        return image
    source_type, source_channels = layout(source)
    wanted_type, wanted_channels = layout(wanted)
    if wanted not in _COLOURS or source not in _COLOURS:
        if (source_type, source_channels) == (wanted_type, wanted_channels):
            return image  # only the name differs, such as 8UC3 for bgr8
        msg = f"[{source}] can't be converted to [{wanted}]"
        raise CvBridgeError(msg)
    import cv2

    names = {"mono": "GRAY", "bgr": "BGR", "rgb": "RGB", "bgra": "BGRA", "rgba": "RGBA"}
    first, last = source.rstrip("0123456789"), wanted.rstrip("0123456789")
    if last not in names:
        msg = f"[{source}] can't be converted to [{wanted}]"
        raise CvBridgeError(msg)
    if first.startswith("bayer_"):
        # OpenCV names a pattern by its second row, ROS by its first.
        pattern = {"rggb": "BG", "bggr": "RG", "gbrg": "GR", "grbg": "GB"}[first[6:]]
        image = cv2.cvtColor(image, getattr(cv2, f"COLOR_Bayer{pattern}2BGR"))
        first = "bgr"
    if first != last:
        image = cv2.cvtColor(image, getattr(cv2, f"COLOR_{names[first]}2{names[last]}"))
    if source_type != wanted_type:
        image = (
            (image.astype(np.uint16) * 257) if wanted_type == np.uint16 else np.round(image / 257.0).astype(np.uint8)
        )
    return image


class CvBridge:
    """Converts between sensor_msgs images and numpy arrays."""

    def imgmsg_to_cv2(self, img_msg: Any, desired_encoding: str = "passthrough") -> Any:
        """Pixels (height, width[, channels]) of a sensor_msgs/Image.

        Raises:
            CvBridgeError: If encoding, size and data do not fit.
        """
        kind, channels = layout(img_msg.encoding)
        dtype = np.dtype(kind)
        height, width, step = img_msg.height, img_msg.width, img_msg.step
        row = width * channels * dtype.itemsize
        raw = np.frombuffer(img_msg.data, np.uint8)
        if step < row or raw.size < height * step:
            msg = f"{raw.size} bytes with a step of {step} are no {width}x{height} image of encoding {img_msg.encoding}"
            raise CvBridgeError(msg)
        pixels = np.ascontiguousarray(raw[: height * step].reshape(height, step)[:, :row]).view(dtype)
        if bool(img_msg.is_bigendian) != (sys.byteorder == "big") and dtype.itemsize > 1:
            pixels = pixels.byteswap()
        shape = (height, width) if channels == 1 else (height, width, channels)
        image = pixels.reshape(shape)
        if not image.flags.writeable:
            image = image.copy()
        return _convert(image, img_msg.encoding, desired_encoding)

    def cv2_to_imgmsg(self, cvim: Any, encoding: str = "passthrough", header: Any = None) -> Any:
        """sensor_msgs/Image of pixels; `encoding` names what they are.

        Raises:
            CvBridgeError: If the encoding does not fit the array.
            TypeError: If it is no array.
        """
        if not isinstance(cvim, np.ndarray):
            msg = "Your input type is not a numpy array"
            raise TypeError(msg)
        channels = 1 if cvim.ndim < 3 else cvim.shape[2]
        codes = {np.dtype(kind): name for name, kind in _DEPTHS.items()}
        if cvim.dtype.newbyteorder("=") not in codes:
            msg = f"an array of {cvim.dtype} is no image"
            raise CvBridgeError(msg)
        own = f"{codes[cvim.dtype.newbyteorder('=')]}C{channels}"
        if encoding != "passthrough":
            kind, wanted = layout(encoding)
            if (np.dtype(kind), wanted) != (cvim.dtype.newbyteorder("="), channels):
                msg = f"encoding specified as {encoding}, but image has incompatible type {own}"
                raise CvBridgeError(msg)
        message = message_class("sensor_msgs/msg/Image")(
            height=int(cvim.shape[0]),
            width=int(cvim.shape[1]),
            encoding=own if encoding == "passthrough" else encoding,
            is_bigendian=int(cvim.dtype.byteorder == ">" or (cvim.dtype.byteorder == "=" and sys.byteorder == "big")),
            step=int(cvim.shape[1]) * channels * cvim.dtype.itemsize,
            data=array.array("B", np.ascontiguousarray(cvim).tobytes()),
        )
        if header is not None:
            message.header = header
        return message

    def compressed_imgmsg_to_cv2(self, cmprs_img_msg: Any, desired_encoding: str = "passthrough") -> Any:
        """Pixels of a sensor_msgs/CompressedImage; BGR unless asked otherwise.

        Raises:
            CvBridgeError: If it can't be decoded.
        """
        import cv2

        raw = np.frombuffer(cmprs_img_msg.data, np.uint8)
        image = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) if raw.size else None
        if image is None:
            msg = f"{raw.size} bytes of format '{cmprs_img_msg.format}' can't be decoded"
            raise CvBridgeError(msg)
        if desired_encoding == "passthrough":
            return image
        kinds = {1: "mono", 3: "bgr", 4: "bgra"}
        channels = 1 if image.ndim < 3 else image.shape[2]
        return _convert(image, kinds[channels] + ("16" if image.dtype == np.uint16 else "8"), desired_encoding)

    def cv2_to_compressed_imgmsg(self, cvim: Any, dst_format: str = "jpg") -> Any:
        """sensor_msgs/CompressedImage of BGR or mono pixels.

        Raises:
            CvBridgeError: If the format is not known or the pixels can't be encoded.
            TypeError: If it is no array.
        """
        import cv2

        if not isinstance(cvim, np.ndarray):
            msg = "Your input type is not a numpy array"
            raise TypeError(msg)
        if dst_format not in _JPEG:
            msg = f"format '{dst_format}' is not one of {', '.join(_JPEG)}"
            raise CvBridgeError(msg)
        done, data = cv2.imencode(_JPEG[dst_format], cvim)
        if not done:
            msg = f"pixels of shape {cvim.shape} can't be written as {dst_format}"
            raise CvBridgeError(msg)
        return message_class("sensor_msgs/msg/CompressedImage")(
            format=dst_format, data=array.array("B", data.tobytes())
        )

    def encoding_to_dtype_with_channels(self, encoding: str) -> tuple[str, int]:
        """Name of the numpy type, and channels."""
        kind, channels = layout(encoding)
        return np.dtype(kind).name, channels

    def __getattr__(self, name: str) -> Any:
        """Name what is left out."""
        if name in ("cvtype_to_name", "numpy_type_to_cvtype", "dtype_with_channels_to_cvtype2", "encoding_to_cvtype2"):
            raise not_covered(f"CvBridge.{name}")
        raise AttributeError(name)
