"""Memory of `pose-ssl replay` and `pose-ssl bag info` over a bag of 10 GiB.

The bag holds raw pictures of a drawn road with intrinsics and odometry. By default its messages come to that size and
zstd keeps them small on disk; `--plain` writes them as they are, where there is room.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import common
import cv2
import numpy as np
import psutil
import replay
from rosbags.typesys import Stores, get_typestore

from pose_ssl_ros.bags.writing import BagWriter

STORE = get_typestore(Stores.ROS2_JAZZY)
WIDTH, HEIGHT, HZ = 1280, 720, 10
START_NS = 1_760_000_000_000_000_000
LIMIT_MIB = 2048.0
#: Storage -> compression that keeps the bag small and may be read from any place.
SMALL = {"mcap": "chunk", "sqlite3": "message"}


def write_bag(path: Path, gib: float, storage: str, plain: bool) -> tuple[int, int]:
    """Write the road until its messages come to a size; returns the number of pictures and the bytes of messages."""
    size = pictures = 0
    with BagWriter(path, storage, "none" if plain else SMALL[storage]) as writer:
        while size < gib * 2**30:
            moment = START_NS + pictures * 1_000_000_000 // HZ
            for topic, kind, message in _messages(pictures, moment):
                cdr = bytes(STORE.serialize_cdr(message, kind))
                writer.write(topic, kind, moment, cdr)
                size += len(cdr)
            pictures += 1
    return pictures, size


def _messages(number: int, moment: int) -> list[tuple[str, str, Any]]:
    small = cv2.cvtColor(replay.picture(number / HZ), cv2.COLOR_BGR2RGB)
    rgb = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    stamp = replay._make("builtin_interfaces/Time", sec=moment // 10**9, nanosec=moment % 10**9)
    header = replay._make("std_msgs/Header", stamp=stamp, frame_id="camera_optical_frame")
    image = replay._make(
        "sensor_msgs/Image", header=header, height=HEIGHT, width=WIDTH, encoding="rgb8", is_bigendian=0,
        step=3 * WIDTH, data=np.ascontiguousarray(rgb).reshape(-1),
    )  # fmt: skip
    scale = WIDTH / replay.WIDTH
    k = np.array([replay.FOCAL * scale, 0, WIDTH / 2, 0, replay.FOCAL * scale, HEIGHT / 2, 0, 0, 1.0])
    info = dataclasses.replace(replay._info(header), width=WIDTH, height=HEIGHT, k=k)
    return [
        ("/camera/camera_info", "sensor_msgs/msg/CameraInfo", info),
        ("/odom", "nav_msgs/msg/Odometry", replay._odometry(header)),
        ("/camera/image_raw", "sensor_msgs/msg/Image", image),
    ]


class Watched:
    """A command with the memory that it takes: PSS where the kernel tells it, of all its processes."""

    def __init__(self, *words: str) -> None:
        """Run it to its end.

        Raises:
            SystemExit: If it fails.
        """
        begin = time.monotonic()
        command = [sys.executable, "-m", "pose_ssl_ros.cli.main", *words]
        child = subprocess.Popen(command, cwd=common.ROOT, stdout=subprocess.DEVNULL)
        self._samples: list[float] = []
        watcher = threading.Thread(target=self._watch, args=(psutil.Process(child.pid), child), daemon=True)
        watcher.start()
        code = child.wait()
        watcher.join()
        if code:
            msg = f"{' '.join(words)} ended with {code}"
            raise SystemExit(msg)
        self.seconds = time.monotonic() - begin

    def _watch(self, root: psutil.Process, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            try:
                family = [root, *root.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            self._samples.append(sum(common.resident(p) for p in family))
            time.sleep(0.25)

    @property
    def peak(self) -> float:
        """MiB at most."""
        return max(self._samples, default=0.0)

    @property
    def growth(self) -> float:
        """MiB from the first to the last quarter of the time, by their medians."""
        quarter = max(1, len(self._samples) // 4)
        return float(np.median(self._samples[-quarter:]) - np.median(self._samples[quarter : 2 * quarter]))


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=10.0, help="of messages (default %(default)g)")
    parser.add_argument("--storage", choices=sorted(SMALL), default="mcap")
    parser.add_argument("--plain", action="store_true", help="without compression: as large on disk")
    parser.add_argument("--folder", type=Path, help="where there is room for the bag (default: a temporary one)")
    options = parser.parse_args()
    before = common.machine()
    with tempfile.TemporaryDirectory(prefix="pose_ssl_benchmark_", dir=options.folder) as name:
        bag, out = Path(name) / "long", Path(name) / "out"
        pictures, size = write_bag(bag, options.gib, options.storage, options.plain)
        on_disk = sum(file.stat().st_size for file in bag.iterdir())
        info = Watched("bag", "info", str(bag))
        replayed = Watched("replay", str(bag), "--out", str(out))
        facts = json.loads((out / "replay.json").read_text())
    figures = {
        "storage": options.storage,
        "messages_gib": round(size / 2**30, 2),
        "disk_gib": round(on_disk / 2**30, 2),
        "pictures": pictures,
        "picture": f"{WIDTH}x{HEIGHT}",
        "pictures_missed": pictures - facts["frames"],
        "replay_peak_mib": round(replayed.peak),
        "replay_growth_mib": round(replayed.growth, 1),
        "replay_seconds": round(replayed.seconds),
        "times_real_time": round(facts["times_real_time"], 2),
        "info_peak_mib": round(info.peak),
        "info_seconds": round(info.seconds, 1),
    }
    budget = {"replay_peak_mib": LIMIT_MIB, "info_peak_mib": LIMIT_MIB, "pictures_missed": 0.0}
    return common.report("replay_memory", figures, budget, before)


if __name__ == "__main__":
    raise SystemExit(main())
