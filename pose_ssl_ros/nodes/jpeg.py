"""Raw image messages as compressed ones."""

from __future__ import annotations

import cv2
from sensor_msgs.msg import CompressedImage, Image

from pose_ssl_ros.nodes.convert import image_to_rgb, to_bytes_field


def to_jpeg(image: Image, quality: int = 90) -> CompressedImage:
    """The picture as JPEG, as image_transport would compress it.

    Args:
        image: Raw picture.
        quality: 1 to 100.

    Raises:
        ImageError: If the picture cannot be read.
    """
    rgb = image_to_rgb(image)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    words = f"{image.encoding}; jpeg compressed bgr8"
    return CompressedImage(header=image.header, format=words, data=to_bytes_field(data))
