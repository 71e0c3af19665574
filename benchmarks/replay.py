"""How fast `pose-ssl replay` goes over a rosbag of 320x240 JPEG at 10 Hz with four objects, and what memory it takes.

The bag is drawn here (four vehicles on a road, coming and going) unless `--bag` names one. The command is run as a
user would: once with the start model, once with `--learn`, and once over a bag five times as long, for memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import common
import cv2
import numpy as np
from rosbags.typesys import Stores, get_typestore

from pose_ssl_ros.bags.writing import BagWriter

WIDTH, HEIGHT, HZ = 320, 240, 10
FOCAL, CAMERA_HEIGHT = 277.0, 1.1
START_NS = 1_760_000_000_000_000_000
STORE = get_typestore(Stores.ROS2_JAZZY)
COLOURS = ((190, 40, 40), (230, 220, 60), (40, 60, 160), (240, 240, 240))
#: Place beside the camera in metres and speed of each vehicle; each comes or goes between 5 and 25 m.
LANES = ((-4.5, 2.0), (-1.6, 1.2), (1.8, -1.5), (5.0, -2.2))


def picture(second: float) -> np.ndarray:
    """The road at a time, (240, 320, 3) uint8 BGR."""
    rng = np.random.default_rng(round(second * 1000))
    image = np.full((HEIGHT, WIDTH, 3), (105, 110, 112), np.uint8)
    image[: HEIGHT // 2] = (225, 190, 150)
    image[HEIGHT // 2 :] += rng.integers(0, 9, (HEIGHT // 2, WIDTH, 1), np.uint8)
    shown = []
    for (side, speed), colour in zip(LANES, COLOURS, strict=True):
        far = 5.0 + (20.0 - speed * second) % 20.0 if speed > 0 else 5.0 + (-speed * second) % 20.0
        shown.append((far, side, speed > 0, colour))
    for far, side, comes, colour in sorted(shown, reverse=True):
        scale = FOCAL / far
        x, y = WIDTH / 2 + side * scale, HEIGHT / 2 + CAMERA_HEIGHT * scale
        w, h = 1.8 * scale, 1.5 * scale
        corners = [(round(x - w / 2), round(y - h)), (round(x + w / 2), round(y - 0.12 * h))]
        cv2.rectangle(image, corners[0], corners[1], colour, -1)
        glass = (60, 45, 30) if comes else tuple(int(0.7 * c) for c in colour)
        inner = [(round(x - 0.4 * w), round(y - 0.95 * h)), (round(x + 0.4 * w), round(y - 0.6 * h))]
        cv2.rectangle(image, inner[0], inner[1], glass, -1)
        for sign in (-1, 1):
            cv2.circle(
                image, (round(x + sign * 0.38 * w), round(y - 0.1 * h)), max(1, round(0.1 * h)), (20, 20, 20), -1
            )
            lamp = (240, 255, 255) if comes else (30, 30, 220)
            cv2.circle(image, (round(x + sign * 0.4 * w), round(y - 0.4 * h)), max(1, round(0.06 * h)), lamp, -1)
    return image


def _make(name: str, **fields: Any) -> Any:
    return STORE.types[name.replace("/", "/msg/")](**fields)


def write_bag(path: Path, seconds: float) -> int:
    """Write the road for some seconds; returns the bag's size in bytes."""
    with BagWriter(path) as writer:
        for i in range(round(seconds * HZ)):
            moment = START_NS + i * 1_000_000_000 // HZ
            stamp = _make("builtin_interfaces/Time", sec=moment // 10**9, nanosec=moment % 10**9)
            header = _make("std_msgs/Header", stamp=stamp, frame_id="camera_optical_frame")
            data = cv2.imencode(".jpg", picture(i / HZ))[1].reshape(-1)
            for topic, kind, message in (
                ("/camera/camera_info", "sensor_msgs/msg/CameraInfo", _info(header)),
                ("/odom", "nav_msgs/msg/Odometry", _odometry(header)),
                (
                    "/camera/image_raw/compressed",
                    "sensor_msgs/msg/CompressedImage",
                    _make("sensor_msgs/CompressedImage", header=header, format="jpeg", data=data),
                ),
            ):
                writer.write(topic, kind, moment, bytes(STORE.serialize_cdr(message, kind)))
    return sum(f.stat().st_size for f in path.iterdir())


def _info(header: Any) -> Any:
    k = np.array([FOCAL, 0, WIDTH / 2, 0, FOCAL, HEIGHT / 2, 0, 0, 1.0])
    roi = _make("sensor_msgs/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    return _make(
        "sensor_msgs/CameraInfo",
        header=header,
        height=HEIGHT,
        width=WIDTH,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=k,
        r=np.eye(3).reshape(-1),
        p=np.zeros(12),
        binning_x=0,
        binning_y=0,
        roi=roi,
    )


def _odometry(header: Any) -> Any:
    zero = {"x": 0.0, "y": 0.0, "z": 0.0}
    vector, point = _make("geometry_msgs/Vector3", **zero), _make("geometry_msgs/Point", **zero)
    pose = _make("geometry_msgs/Pose", position=point, orientation=_make("geometry_msgs/Quaternion", **zero, w=1.0))
    twist = _make("geometry_msgs/Twist", linear=vector, angular=vector)
    return _make(
        "nav_msgs/Odometry",
        header=header,
        child_frame_id="base_link",
        pose=_make("geometry_msgs/PoseWithCovariance", pose=pose, covariance=np.zeros(36)),
        twist=_make("geometry_msgs/TwistWithCovariance", twist=twist, covariance=np.zeros(36)),
    )


def replay(bag: Path, out: Path, *options: str) -> dict[str, Any]:
    """Run the command; its facts with seconds from start to end and the peak of resident memory."""
    words = [sys.executable, "-m", "pose_ssl_ros.cli.main", "replay", str(bag), "--out", str(out), *options]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    start = time.monotonic()
    process = subprocess.Popen(words, cwd=common.ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"the replay of {bag} failed")
    facts: dict[str, Any] = json.loads((out / "replay.json").read_text())
    return facts | {
        "whole_seconds": time.monotonic() - start,
        "peak_mib": usage.ru_maxrss / 1024,
        "cpu_s": usage.ru_utime + usage.ru_stime,
    }


def main() -> int:
    """Run it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0, help="of the drawn bag (default %(default)g)")
    options.add_argument("--bag", type=Path, help="replay this one instead; no long bag then")
    given = options.parse_args()
    before = common.machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bag = given.bag
        if bag is None:
            bag = folder / "road"
            write_bag(bag, given.seconds)
        inference = replay(bag, folder / "inference")
        learning = replay(bag, folder / "learning", "--learn")
        counts = inference["counts"]
        figures: dict[str, Any] = {
            "objects_per_frame": round(counts["objects"] / max(1, counts["frames"]), 2),
            "inference_times_real_time": round(inference["times_real_time"], 2),
            "inference_seconds_per_recorded_second": round(1 / inference["times_real_time"], 3),
            "learning_times_real_time": round(learning["times_real_time"], 2),
            "learning_seconds_per_recorded_second": round(1 / learning["times_real_time"], 3),
            "inference_cpu_seconds": round(inference["cpu_s"], 1),
            "learning_cpu_seconds": round(learning["cpu_s"], 1),
            "recorded_seconds": round(inference["recorded_seconds"], 1),
            "learner_steps": learning["learner"]["steps"],
            "learner_triplets": learning["learner"]["triplets"],
            "inference_peak_mib": round(inference["peak_mib"]),
            "learning_peak_mib": round(learning["peak_mib"]),
        }
        budget = {
            "inference_seconds_per_recorded_second": 0.2,
            "learning_seconds_per_recorded_second": 1.0,
            "inference_peak_mib": 2048.0,
            "learning_peak_mib": 2048.0,
        }
        if given.bag is None:
            long = folder / "long"
            figures["long_bag_mib"] = round(write_bag(long, 5 * given.seconds) / common.MIB)
            figures["long_growth_mib"] = round(replay(long, folder / "longer")["peak_mib"] - inference["peak_mib"])
            budget["long_growth_mib"] = 100.0
    return common.report("replay", figures, budget, before)


if __name__ == "__main__":
    raise SystemExit(main())
