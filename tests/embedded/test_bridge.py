"""cv_bridge: equal pixels there and back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import CompressedImage, Image

BRIDGE = CvBridge()


def picture(dtype: type = np.uint8, channels: int = 3) -> np.ndarray:
    shape = (5, 7) if channels == 1 else (5, 7, channels)
    return np.random.default_rng(3).integers(0, np.iinfo(dtype).max, shape).astype(dtype)


@pytest.mark.parametrize(
    ("encoding", "dtype", "channels"),
    [("rgb8", np.uint8, 3), ("bgr8", np.uint8, 3), ("rgba8", np.uint8, 4), ("bgra8", np.uint8, 4),
     ("mono8", np.uint8, 1), ("mono16", np.uint16, 1), ("16UC1", np.uint16, 1), ("8UC3", np.uint8, 3)],
)  # fmt: skip
def test_round_trip(encoding: str, dtype: type, channels: int) -> None:
    image = picture(dtype, channels)
    message = BRIDGE.cv2_to_imgmsg(image, encoding)
    assert (message.height, message.width, message.encoding) == (5, 7, encoding)
    assert message.step == 7 * channels * np.dtype(dtype).itemsize
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message), image)


def test_floats() -> None:
    image = np.linspace(0, 1, 35, dtype=np.float32).reshape(5, 7)
    message = BRIDGE.cv2_to_imgmsg(image)
    assert message.encoding == "32FC1"
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message, "passthrough"), image)


def test_colours_are_swapped_on_wish() -> None:
    image = picture()
    message = BRIDGE.cv2_to_imgmsg(image, "rgb8")
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message, "bgr8"), image[..., ::-1])
    grey = BRIDGE.imgmsg_to_cv2(message, "mono8")
    np.testing.assert_array_equal(grey, cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    rgba = BRIDGE.imgmsg_to_cv2(message, "rgba8")
    np.testing.assert_array_equal(rgba[..., :3], image)
    assert (rgba[..., 3] == 255).all()


def test_rows_may_be_padded() -> None:
    image = picture()
    padded = np.zeros((5, 32), np.uint8)
    padded[:, :21] = image.reshape(5, 21)
    message = Image(height=5, width=7, encoding="bgr8", step=32, data=padded.tobytes())
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message), image)


def test_big_endian_pixels() -> None:
    image = picture(np.uint16, 1)
    message = Image(height=5, width=7, encoding="mono16", step=14, is_bigendian=1, data=image.byteswap().tobytes())
    np.testing.assert_array_equal(BRIDGE.imgmsg_to_cv2(message), image)


def test_result_can_be_written_to() -> None:
    message = BRIDGE.cv2_to_imgmsg(picture(), "bgr8")
    for data in (message.data, bytes(message.data)):
        image = BRIDGE.imgmsg_to_cv2(Image(height=5, width=7, encoding="bgr8", step=21, data=data))
        image[0, 0] = 9
        assert image[0, 0].tolist() == [9, 9, 9]


@pytest.mark.parametrize(("height", "step", "size"), [(5, 21, 104), (5, 20, 105), (6, 21, 105)])
def test_sizes_that_do_not_fit_are_refused(height: int, step: int, size: int) -> None:
    message = Image(height=height, width=7, encoding="bgr8", step=step, data=bytes(size))
    with pytest.raises(CvBridgeError, match="bytes"):
        BRIDGE.imgmsg_to_cv2(message)


def test_unknown_or_wrong_encodings_are_refused() -> None:
    with pytest.raises(CvBridgeError, match="yuv9"):
        BRIDGE.imgmsg_to_cv2(Image(encoding="yuv9"))
    with pytest.raises(CvBridgeError, match="mono8"):
        BRIDGE.cv2_to_imgmsg(picture(), "mono8")
    with pytest.raises(TypeError):
        BRIDGE.cv2_to_imgmsg([[1, 2]])


def test_compressed() -> None:
    image = picture()
    message = BRIDGE.cv2_to_compressed_imgmsg(image, "png")
    assert message.format == "png"
    np.testing.assert_array_equal(BRIDGE.compressed_imgmsg_to_cv2(message), image)
    np.testing.assert_array_equal(BRIDGE.compressed_imgmsg_to_cv2(message, "rgb8"), image[..., ::-1])
    for data in (b"", b"no picture"):
        with pytest.raises(CvBridgeError, match="decoded"):
            BRIDGE.compressed_imgmsg_to_cv2(CompressedImage(format="jpeg", data=data))
