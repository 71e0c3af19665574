"""Encodings, row padding and broken data."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest

from pose_ssl_ros.perception.images import ImageError, decode_compressed, decode_raw

RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


def _padded(pixels: np.ndarray, extra: int) -> tuple[bytes, int]:
    rows = pixels.reshape(pixels.shape[0], -1)
    out = np.full((rows.shape[0], rows.shape[1] + extra), 255, np.uint8)
    out[:, : rows.shape[1]] = rows
    return out.tobytes(), out.shape[1]


@pytest.mark.parametrize("extra", [0, 3])
@pytest.mark.parametrize("kind", [bytes, lambda b: array.array("B", b), lambda b: np.frombuffer(b, np.uint8)])
def test_colour_encodings_give_rgb(extra, kind):
    alpha = np.full((4, 5, 1), 9, np.uint8)
    for encoding, pixels in {
        "rgb8": RGB,
        "bgr8": RGB[..., ::-1],
        "rgba8": np.concatenate([RGB, alpha], -1),
        "bgra8": np.concatenate([RGB[..., ::-1], alpha], -1),
        "RGB8": RGB,
    }.items():
        data, step = _padded(np.ascontiguousarray(pixels), extra)
        assert np.array_equal(decode_raw(encoding, 5, 4, step, kind(data)), RGB), encoding


def test_mono_is_repeated_in_all_channels():
    grey = RGB[..., 0]
    data, step = _padded(np.ascontiguousarray(grey), 2)
    assert np.array_equal(decode_raw("mono8", 5, 4, step, data), np.repeat(grey[..., None], 3, -1))


def test_padding_of_the_last_row_may_be_missing():
    data, step = _padded(RGB, 7)
    assert np.array_equal(decode_raw("rgb8", 5, 4, step, data[:-7]), RGB)


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("16UC1", "16 bits"),
        ("mono16", "16 bits"),
        ("rgb16", "16 bits"),
        ("32FC1", "float"),
        ("bayer_rggb8", "debayer"),
        ("yuv422_yuy2", "YUV"),
        ("8UC3", "channels mean"),
        ("", "empty"),
        ("jpeg", "not known"),
    ],
)
def test_other_encodings_are_refused_with_a_reason(encoding, word):
    with pytest.raises(ImageError, match=word) as caught:
        decode_raw(encoding, 5, 4, 15, bytes(60))
    assert "accepted are rgb8" in str(caught.value)


@pytest.mark.parametrize(
    ("width", "height", "step", "size", "word"),
    [
        (0, 4, 0, 0, "empty"),
        (5, 0, 15, 0, "empty"),
        (5, 4, 14, 60, "step is 14"),
        (5, 4, 15, 59, "truncated"),
        (5, 4, 15, 0, "truncated"),
        (5, 4, 4000000000, 60, "truncated"),
        (1 << 20, 1 << 20, 3 << 20, 60, "larger"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(width, height, step, size, word):
    with pytest.raises(ImageError, match=word):
        decode_raw("rgb8", width, height, step, bytes(size))


def test_png_is_exact_and_jpeg_is_close():
    picture = np.zeros((24, 32, 3), np.uint8)
    picture[:, :16] = (200, 30, 60)
    bgr = np.ascontiguousarray(picture[..., ::-1])
    png = cv2.imencode(".png", bgr)[1].tobytes()
    jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    assert np.array_equal(decode_compressed(png, "rgb8; png compressed bgr8"), picture)
    # Padding behind the end marker is what some drivers send.
    difference = decode_compressed(jpeg + bytes(16), "jpeg").astype(int) - picture
    assert abs(difference[:, :8]).mean() < 4


def test_broken_compressed_images_are_refused():
    bgr = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", bgr)[1].tobytes()
    png = cv2.imencode(".png", bgr)[1].tobytes()
    deep = cv2.imencode(".png", np.zeros((8, 8), np.uint16))[1].tobytes()
    for data, fmt, word in [
        (b"", "jpeg", "empty"),
        (jpeg[: len(jpeg) // 2], "jpeg", "truncated"),
        (png[: len(png) // 2], "png", "truncated"),
        (b"hello world, this is text", "jpeg", "neither"),
        (b"\xff\xd8" + bytes(100) + b"\xff\xd9", "jpeg", "cannot be decoded"),
        (deep, "png", "16 bits"),
        (png, "16UC1; compressedDepth png", "depth"),
    ]:
        with pytest.raises(ImageError, match=word):
            decode_compressed(data, fmt)
