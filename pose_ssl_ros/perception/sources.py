"""Recorded and live footage as a stream of pictures: video file, folder of images, webcam.

Rosbags are such a stream, too: `bags.source`.  Nothing here knows rclpy.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff"})
FOLDER_RATE = 10.0  # Hz
# Containers round the number of frames; fewer than this share of it means that the file was cut.
WHOLE = 0.9


class SourceError(ValueError):
    """The input is missing, not readable or cut short; the text names it."""


@dataclass(frozen=True)
class Picture:
    """One image of the input."""

    time_ns: int  # when to publish it, in the input's own time
    rgb: np.ndarray  # (height, width, 3) uint8
    stamp_ns: int | None = None  # as recorded; None: the input has no absolute time
    frame_id: str = ""


@dataclass(frozen=True)
class Recorded:
    """A message of a bag that is passed on as it is."""

    time_ns: int
    topic: str  # where to publish it: camera_info, odom, ground_truth, /tf or /tf_static
    kind: str  # such as nav_msgs/msg/Odometry
    cdr: bytes


class Source(Protocol):
    """An opened input; iterating it again starts from its beginning."""

    live: bool  # True: pictures come when they come
    absolute: bool  # True: times are those of the recording, else they start at 0
    skipped: int  # pictures that could not be decoded
    brings: tuple[str, ...]  # `Recorded.topic` of what comes beside the pictures

    def describe(self) -> str:
        """The input in words."""

    def __iter__(self) -> Iterator[Picture | Recorded]:
        """Pictures and messages by rising time.

        Raises:
            SourceError: If the input turns out to be cut short.
        """

    def close(self) -> None:
        """Let go of files and devices."""


def open_source(name: str, rate: float = 0.0) -> Source:
    """Open an input by what its name says it is.

    Args:
        name: Path, or a number for a webcam.
        rate: Pictures per second for a video or folder; 0 keeps its own.

    Raises:
        SourceError: If there is no such input or it cannot be read.
    """
    if not name:
        msg = "no input is given: set 'input' to a video file, a folder of images, a webcam number or a rosbag"
        raise SourceError(msg)
    if name.isdecimal() and not Path(name).exists():
        return Webcam(int(name))
    path = Path(name).expanduser()
    if not path.exists():
        msg = f"input '{path}' does not exist"
        raise SourceError(msg)
    if path.suffix == ".bag":
        msg = f"'{path}' is a ROS 1 bag; convert it first: rosbags-convert --src {path} --dst {path.stem}"
        raise SourceError(msg)
    if path.is_dir():
        return Folder(path, rate)
    return Video(path, rate)


class Video:
    """A video file, read by OpenCV's FFmpeg."""

    live = False
    absolute = False
    brings: tuple[str, ...] = ()

    def __init__(self, path: Path, rate: float) -> None:
        """Open and look at the first frame.

        Raises:
            SourceError: If it is no readable video.
        """
        self._path = path
        self.skipped = 0
        capture = self._open()
        own = capture.get(cv2.CAP_PROP_FPS)
        self._count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        readable, _ = capture.read()
        capture.release()
        if not readable:
            msg = f"'{path}' holds no picture that can be decoded (is the file cut or empty?)"
            raise SourceError(msg)
        self.rate = rate or (own if np.isfinite(own) and 0.1 <= own <= 1000 else 30.0)

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            msg = f"'{self._path}' cannot be opened as a video (is the file cut, or of a format FFmpeg cannot read?)"
            raise SourceError(msg)
        return capture

    def describe(self) -> str:
        """The input in words."""
        return f"video {self._path.name}, about {max(self._count, 0)} frames at {self.rate:.4g} Hz"

    def __iter__(self) -> Iterator[Picture]:
        """Frames at the file's rate."""
        capture = self._open()
        number = 0
        try:
            while True:
                readable, bgr = capture.read()
                if not readable:
                    break
                yield Picture(round(number / self.rate * 1e9), cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
                number += 1
        finally:
            capture.release()
        if self._count > 0 and number < self._count * WHOLE:
            msg = f"'{self._path}' ends after {number} of {self._count} frames: the file is cut"
            raise SourceError(msg)

    def close(self) -> None:
        """Nothing stays open between passes."""


class Folder:
    """A folder of images, by the numbers in their names."""

    live = False
    absolute = False
    brings: tuple[str, ...] = ()

    def __init__(self, path: Path, rate: float) -> None:
        """List the images.

        Raises:
            SourceError: If there is none.
        """
        self._path = path
        self.skipped = 0
        self.rate = rate or FOLDER_RATE
        self._files = sorted((p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES), key=natural_key)
        if not self._files:
            msg = f"folder '{path}' holds no image ({', '.join(sorted(IMAGE_SUFFIXES))})"
            raise SourceError(msg)

    def describe(self) -> str:
        """The input in words."""
        return f"folder {self._path.name}, {len(self._files)} images at {self.rate:.4g} Hz"

    def __iter__(self) -> Iterator[Picture]:
        """Images at the given rate; what cannot be decoded is counted and leaves a gap."""
        good = 0
        for number, file in enumerate(self._files):
            bgr = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR) if file.stat().st_size else None
            if bgr is None:
                self.skipped += 1
                continue
            good += 1
            yield Picture(round(number / self.rate * 1e9), cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        if not good:
            msg = f"none of the {len(self._files)} images in '{self._path}' can be decoded"
            raise SourceError(msg)

    def close(self) -> None:
        """Nothing stays open."""


class Webcam:
    """A camera of this machine."""

    live = True
    absolute = True
    brings: tuple[str, ...] = ()

    def __init__(self, number: int) -> None:
        """Open the camera.

        Raises:
            SourceError: If there is none of that number.
        """
        self._number = number
        self.skipped = 0
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            msg = f"there is no camera number {number} on this machine (or another program holds it)"
            raise SourceError(msg)

    def describe(self) -> str:
        """The input in words."""
        return f"camera {self._number}"

    def __iter__(self) -> Iterator[Picture]:
        """Pictures as they come."""
        while True:
            readable, bgr = self._capture.read()
            if not readable:
                msg = f"camera {self._number} gives no more pictures (was it unplugged?)"
                raise SourceError(msg)
            now = time.time_ns()
            yield Picture(now, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), stamp_ns=now)

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sort key that puts image_9 before image_10."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
