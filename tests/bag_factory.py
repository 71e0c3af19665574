"""Tiny bags in each format and with each damage, written by rosbags and by hand; nothing of ours writes here.

>>> make(folder / "drive", Drive(frames=20))                       # MCAP, raw rgb8 64x48, 10 Hz, all topics
>>> make(folder / "drive", Drive(pictures="jpeg"), storage="sqlite3", compression="message")
>>> cut(make(folder / "drive"), 0.6); without_metadata(bag); lying_index(bag); lying_metadata(bag)
"""

from __future__ import annotations

import math
import shutil
import sqlite3
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from pose_ssl_ros.embedded.definitions import MESSAGES

START_NS = 1_760_000_000_000_000_000
FRAME_ID = "camera_optical_frame"
IMAGE, JPEG = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
_STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
_COMPRESSIONS = {
    "none": CompressionMode.NONE,
    "file": CompressionMode.FILE,
    "message": CompressionMode.MESSAGE,
    "chunk": CompressionMode.STORAGE,
}
_CODES = {"bgr8": cv2.COLOR_RGB2BGR, "rgba8": cv2.COLOR_RGB2RGBA, "mono8": cv2.COLOR_RGB2GRAY}


@dataclass(frozen=True)
class Drive:
    """What is recorded. `*_of` maps the number of a frame to what is special about it."""

    frames: int = 20
    rate: float = 10.0  # Hz
    width: int = 64
    height: int = 48
    pictures: str = "raw"  # raw, jpeg or png
    image_topic: str = "/camera/image_raw"  # jpeg and png: with /compressed behind it
    start_ns: int = START_NS
    camera_info: bool = True
    odom: bool = True
    tf_static: bool = True
    truth: bool = True
    detections: bool = False
    objects: int = 1
    seed: int = 0
    encoding_of: Mapping[int, str] = field(default_factory=dict)  # rgb8 unless said
    size_of: Mapping[int, tuple[int, int]] = field(default_factory=dict)  # (width, height)
    stamp_of: Mapping[int, int] = field(default_factory=dict)  # nanoseconds in the header
    shift_of: Mapping[int, float] = field(default_factory=dict)  # seconds: clock of this and later frames jumps
    spoiled: frozenset[int] = frozenset()  # pictures that cannot be decoded
    garbled: frozenset[int] = frozenset()  # pictures whose CDR is cut


def store() -> Typestore:
    """Jazzy's messages with vision_msgs."""
    found = get_typestore(Stores.ROS2_JAZZY)
    for name, text in MESSAGES.items():
        if name not in found.fielddefs:
            found.register(get_types_from_msg(text, name))
    return found


STORE = store()


def message(name: str, **fields: Any) -> Any:
    """A message by its short name such as `sensor_msgs/Image`; what is not given is zero."""
    package, kind = name.split("/")[0], name.split("/")[-1]
    return STORE.types[f"{package}/msg/{kind}"](**fields)


def header(stamp_ns: int, frame_id: str = FRAME_ID) -> Any:
    stamp = message("builtin_interfaces/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return message("std_msgs/Header", stamp=stamp, frame_id=frame_id)


def scene(number: int, width: int, height: int) -> np.ndarray:
    """A grey scene with a red block that moves to the right: (height, width, 3) uint8 RGB."""
    image = np.full((height, width, 3), 90, np.uint8)
    image[height // 2 :] = 120
    x, y, w, h = box(number, width, height)
    image[y : y + h, x : x + w] = (200, 30, 30)
    image[y : y + h // 3, x : x + w // 2] = (240, 240, 40)
    return image


def box(number: int, width: int, height: int, which: int = 0) -> tuple[int, int, int, int]:
    """Box (x, y, w, h) of the block in a frame."""
    w, h = width // 4, height // 3
    return ((number + 7 * which) * 2 % max(1, width - w), height // 2 - h // 4, w, h)


def shot(drive: Drive, number: int) -> np.ndarray:
    """The picture of a frame, as it was before encoding."""
    return scene(number, *drive.size_of.get(number, (drive.width, drive.height)))


def picture(drive: Drive, number: int, stamp_ns: int) -> tuple[str, Any]:
    """Type and message of a frame's picture."""
    rgb = shot(drive, number)
    spoiled = number in drive.spoiled
    if drive.pictures == "raw":
        encoding = drive.encoding_of.get(number, "rgb8")
        pixels = cv2.cvtColor(rgb, _CODES[encoding]) if encoding in _CODES else rgb
        data = np.ascontiguousarray(pixels).reshape(-1)
        height, width = rgb.shape[:2]
        return IMAGE, message(
            "sensor_msgs/Image", header=header(stamp_ns), height=height, width=width, encoding=encoding,
            is_bigendian=0, step=data.size // height, data=data[: data.size // 2] if spoiled else data,
        )  # fmt: skip
    kind = drive.encoding_of.get(number, drive.pictures)
    done, data = cv2.imencode(f".{kind}", rgb[:, :, ::-1])
    assert done
    data = data.reshape(-1)[: len(data) // 2] if spoiled else data.reshape(-1)
    return JPEG, message("sensor_msgs/CompressedImage", header=header(stamp_ns), format=kind, data=data)


def camera_info(drive: Drive, stamp_ns: int) -> Any:
    f, w, h = drive.width * 1.0, drive.width, drive.height
    roi = message("sensor_msgs/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    return message(
        "sensor_msgs/CameraInfo", header=header(stamp_ns), height=h, width=w, distortion_model="plumb_bob",
        d=np.zeros(5), k=np.array([f, 0, w / 2, 0, f, h / 2, 0, 0, 1.0]), r=np.eye(3).reshape(-1),
        p=np.array([f, 0, w / 2, 0, 0, f, h / 2, 0, 0, 0, 1.0, 0]), binning_x=0, binning_y=0, roi=roi,
    )  # fmt: skip


def _point(x: float = 0.0, y: float = 0.0, z: float = 0.0, kind: str = "Point") -> Any:
    return message(f"geometry_msgs/{kind}", x=x, y=y, z=z)


def _turn(x: float = 0.0, y: float = 0.0, z: float = 0.0, w: float = 1.0) -> Any:
    return message("geometry_msgs/Quaternion", x=x, y=y, z=z, w=w)


def odometry(number: int, drive: Drive, stamp_ns: int) -> Any:
    """Straight ahead at 0.5 m/s."""
    pose = message("geometry_msgs/Pose", position=_point(0.5 * number / drive.rate), orientation=_turn())
    twist = message("geometry_msgs/Twist", linear=_point(0.5, kind="Vector3"), angular=_point(kind="Vector3"))
    return message(
        "nav_msgs/Odometry", header=header(stamp_ns, "odom"), child_frame_id="base_link",
        pose=message("geometry_msgs/PoseWithCovariance", pose=pose, covariance=np.zeros(36)),
        twist=message("geometry_msgs/TwistWithCovariance", twist=twist, covariance=np.zeros(36)),
    )  # fmt: skip


def transforms(stamp_ns: int) -> Any:
    """The camera 0.7 m high and 0.3 m ahead of base_link, level."""
    place = message(
        "geometry_msgs/Transform", translation=_point(0.3, 0.0, 0.7, "Vector3"),
        rotation=_turn(-0.5, 0.5, -0.5, 0.5),  # optical frame: z ahead, x right
    )  # fmt: skip
    item = message(
        "geometry_msgs/TransformStamped", header=header(stamp_ns, "base_link"), child_frame_id=FRAME_ID, transform=place
    )
    return message("tf2_msgs/TFMessage", transforms=[item])


def detections(drive: Drive, number: int, stamp_ns: int, azimuth: float = 0.0) -> Any:
    """Boxes with category car, 5 m ahead, turned by `azimuth` about the camera's vertical (y down)."""
    width, height = drive.size_of.get(number, (drive.width, drive.height))
    found = []
    for which in range(drive.objects):
        x, y, w, h = box(number, width, height, which)
        centre = message(
            "vision_msgs/Pose2D", position=message("vision_msgs/Point2D", x=x + w / 2, y=y + h / 2), theta=0.0
        )
        turn = _turn(0.0, math.sin(azimuth / 2), 0.0, math.cos(azimuth / 2))
        pose = message("geometry_msgs/Pose", position=_point((x + w / 2 - width / 2) / width * 5, 0.5, 5.0),
                       orientation=turn)  # fmt: skip
        result = message(
            "vision_msgs/ObjectHypothesisWithPose",
            hypothesis=message("vision_msgs/ObjectHypothesis", class_id="car", score=1.0),
            pose=message("geometry_msgs/PoseWithCovariance", pose=pose, covariance=np.zeros(36)),
        )
        bounds = message("vision_msgs/BoundingBox2D", center=centre, size_x=float(w), size_y=float(h))
        item = message(
            "vision_msgs/Detection2D", header=header(stamp_ns), results=[result], bbox=bounds, id=f"car_{which}"
        )
        found.append(item)
    return message("vision_msgs/Detection2DArray", header=header(stamp_ns), detections=found)


def messages(drive: Drive) -> list[tuple[str, str, int, bytes]]:
    """(topic, type, time of recording, CDR) in the order of recording."""
    made: list[tuple[str, str, int, bytes]] = []

    def put(topic: str, kind: str, moment: int, item: Any) -> None:
        made.append((topic, kind, moment, bytes(STORE.serialize_cdr(item, kind))))

    if drive.tf_static:
        put("/tf_static", "tf2_msgs/msg/TFMessage", drive.start_ns, transforms(drive.start_ns))
    shift = 0
    for number in range(drive.frames):
        shift += round(drive.shift_of.get(number, 0.0) * 1e9)
        moment = drive.start_ns + round(number / drive.rate * 1e9) + shift
        stamp = drive.stamp_of.get(number, moment)
        if drive.camera_info:
            put("/camera/camera_info", "sensor_msgs/msg/CameraInfo", moment, camera_info(drive, stamp))
        if drive.odom:
            put("/odom", "nav_msgs/msg/Odometry", moment, odometry(number, drive, stamp))
        kind, item = picture(drive, number, stamp)
        topic = drive.image_topic + ("/compressed" if kind == JPEG else "")
        put(topic, kind, moment + 1_000_000, item)
        if number in drive.garbled:
            made[-1] = (*made[-1][:3], made[-1][3][:30])
        if drive.truth:
            put("/ground_truth", "vision_msgs/msg/Detection2DArray", moment + 2_000_000,
                detections(drive, number, stamp))  # fmt: skip
        if drive.detections:
            put("/detections_in", "vision_msgs/msg/Detection2DArray", moment + 2_000_000,
                detections(drive, number, stamp))  # fmt: skip
    return made


def write(
    path: Path, content: list[tuple[str, str, int, bytes]], storage: str = "mcap", compression: str = "none"
) -> Path:
    """Write messages as a rosbag2 folder; topics are declared even where no message is left."""
    writer = Writer(path, version=9, storage_plugin=_STORAGES[storage])
    writer.set_compression(_COMPRESSIONS[compression], CompressionFormat.ZSTD)
    with writer:
        topics = {
            topic: writer.add_connection(topic, kind, typestore=STORE)
            for topic, kind in dict.fromkeys((m[0], m[1]) for m in content)
        }
        for topic, _, moment, data in content:
            writer.write(topics[topic], moment, data)
    return path


def make(
    path: Path, drive: Drive | None = None, storage: str = "mcap", compression: str = "none", parts: int = 1
) -> Path:
    """Write a drive as a rosbag2 folder.

    Args:
        path: The folder to make.
        drive: What is recorded.
        storage: mcap or sqlite3.
        compression: none, file, message, or chunk (MCAP only).
        parts: Files that it is split into.
    """
    content = messages(drive or Drive())
    if parts == 1:
        return write(path, content, storage, compression)
    path.mkdir()
    share = -(-len(content) // parts)
    whole: dict[str, Any] = {}
    for part in range(parts):
        piece = write(path / f"{path.name}_{part}", content[part * share : (part + 1) * share], storage, compression)
        info = yaml.safe_load((piece / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
        shutil.move(piece / info["relative_file_paths"][0], path)
        shutil.rmtree(piece)
        whole = _joined(whole, info) if whole else info
    (path / "metadata.yaml").write_text(yaml.safe_dump({"rosbag2_bagfile_information": whole}))
    return path


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for entry in first["topics_with_message_count"] + second["topics_with_message_count"]:
        name = entry["topic_metadata"]["name"]
        if name in counts:
            counts[name]["message_count"] += entry["message_count"]
        else:
            counts[name] = entry
    start = first["starting_time"]["nanoseconds_since_epoch"]
    end = second["starting_time"]["nanoseconds_since_epoch"] + second["duration"]["nanoseconds"]
    return first | {
        "relative_file_paths": first["relative_file_paths"] + second["relative_file_paths"],
        "files": first["files"] + second["files"],
        "message_count": first["message_count"] + second["message_count"],
        "duration": {"nanoseconds": end - start},
        "topics_with_message_count": list(counts.values()),
    }


def data_files(bag: Path) -> list[Path]:
    """The data files of a bag folder, by name."""
    return sorted(file for file in bag.iterdir() if file.name != "metadata.yaml")


def empty(path: Path, storage: str = "mcap") -> Path:
    """A bag without a message, though its topics are declared."""
    writer = Writer(path, version=9, storage_plugin=_STORAGES[storage])
    with writer:
        writer.add_connection("/camera/image_raw", IMAGE, typestore=STORE)
    return path


def cut(bag: Path, share: float = 0.5, file: int = -1) -> Path:
    """Keep this share of one data file's bytes, as a full disk or a lost connection would."""
    target = data_files(bag)[file]
    data = target.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return bag


def without_metadata(bag: Path) -> Path:
    """Remove metadata.yaml, as a killed recorder leaves it."""
    (bag / "metadata.yaml").unlink()
    return bag


def bare(bag: Path) -> Path:
    """The single data file by itself."""
    return data_files(bag)[0]


def edited_metadata(bag: Path, edit: Callable[[dict[str, Any]], None]) -> Path:
    """Change what metadata.yaml says."""
    path = bag / "metadata.yaml"
    whole = yaml.safe_load(path.read_text())
    edit(whole["rosbag2_bagfile_information"])
    path.write_text(yaml.safe_dump(whole))
    return bag


def lying_metadata(bag: Path) -> Path:
    """metadata.yaml speaks of ten times as many messages and of a day."""

    def lie(info: dict[str, Any]) -> None:
        info["message_count"] *= 10
        info["duration"]["nanoseconds"] = 86_400 * 10**9
        for entry in info["topics_with_message_count"]:
            entry["message_count"] *= 10

    return edited_metadata(bag, lie)


def lying_index(bag: Path, shift: int = 1000) -> Path:
    """MCAP: every chunk of the index is said to begin `shift` bytes later. sqlite3: the time index is emptied."""
    target = data_files(bag)[0]
    if target.suffix == ".db3":
        with sqlite3.connect(target) as connection:
            connection.execute("DELETE FROM messages WHERE 0")
            connection.execute("PRAGMA writable_schema=ON")
            root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='timestamp_idx'").fetchone()[0]
            size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.close()
        data = bytearray(target.read_bytes())
        data[(root - 1) * size : root * size] = b"\x0a\0\0\0\0" + struct.pack(">H", size & 0xFFFF) + bytes(size - 7)
        target.write_bytes(data)
        return bag
    data = bytearray(target.read_bytes())
    (summary,) = struct.unpack_from("<Q", data, len(data) - 8 - 20)
    at = summary
    while data[at] != 0x02:  # the footer
        (length,) = struct.unpack_from("<Q", data, at + 1)
        if data[at] == 0x08:  # a chunk's index: start and end time, then the offset
            (offset,) = struct.unpack_from("<Q", data, at + 9 + 16)
            struct.pack_into("<Q", data, at + 9 + 16, offset + shift)
        at += 9 + length
    target.write_bytes(data)
    return bag


def spoiled_bytes(bag: Path, start: float = 0.4, count: int = 200) -> Path:
    """Overwrite bytes in the middle of the first data file."""
    target = data_files(bag)[0]
    data = bytearray(target.read_bytes())
    at = int(len(data) * start)
    data[at : at + count] = b"\xa5" * count
    target.write_bytes(data)
    return bag
