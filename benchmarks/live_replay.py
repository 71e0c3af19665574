"""A live run of the nodes against the replay of its own recording: on how many frames do both say the same?

The nodes run in processes of their own over DDS, fed by the simulation with the planner driving, or by a recording
played at real time; the recorder writes what they heard and what they said.  Then `Replayer` answers the recorded
pictures with the same model, and headings are compared frame by frame.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import common

from pose_ssl_ros import embedded

NAMESPACE = "/pose_ssl"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bag", type=Path, help="recording to play (default: a simulated street, live)")
    parser.add_argument("--seconds", type=float, default=60.0, help="of that street (default %(default)g)")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--speed", type=float, default=1.0, help="times real time (default %(default)g)")
    parser.add_argument("--model", type=Path, default=common.ROOT / "models" / "base" / "encoder.onnx")
    parser.add_argument("--keep", type=Path, help="folder for the bags; a temporary one by default")
    options = parser.parse_args()
    before = common.machine()
    with tempfile.TemporaryDirectory(prefix="pose_ssl_benchmark_") as temporary:
        folder = options.keep or Path(temporary)
        live = folder / "live"
        _run(live, options)
        found = agreement(live, options.model)
        taken = agreement(live, options.model, taken_only=True)
    figures = {
        "frames_live": found.first,
        "frames_replayed": found.second,
        "frames_both": found.both,
        "frames_different_share": round(1 - found.share, 5),
        "frames_with_equal_boxes": found.exact,
        "objects": found.objects,
        "objects_same_share": round(found.same_objects / max(1, found.objects), 5),
        "differences": dict(found.reasons),
        "first_differences": found.words[:5],
        # Under load the live nodes leave frames out; this replay leaves out the same ones.
        "given_the_frames_that_live_took": {
            "frames_both": taken.both,
            "frames_different_share": round(1 - taken.share, 5),
            "differences": dict(taken.reasons),
        },
    }
    return common.report("live_replay", figures, {"frames_different_share": 0.01}, before)


@contextlib.contextmanager
def _node(module: str, **parameters: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A node in a process of its own; Ctrl-C ends it."""
    command = [sys.executable, "-m", module, "--ros-args", "-r", f"__ns:={NAMESPACE}"]
    for key, value in parameters.items():
        command += ["-p", f"{key}:={str(value).lower() if isinstance(value, bool) else value}"]
    environment = {**embedded.environment(), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    environment.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    process = subprocess.Popen(command, cwd=common.ROOT, env=environment, stdout=sys.stderr, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)


def _run(live: Path, options: argparse.Namespace) -> None:
    """Feed the nodes and record what they hear and say."""
    nodes = "pose_ssl_ros.nodes"
    with contextlib.ExitStack() as stack:

        def start(module: str, **parameters: Any) -> subprocess.Popen[bytes]:
            return stack.enter_context(_node(module, **parameters))

        start(f"{nodes}.recorder_node", output=live, results=True, use_sim_time=True)
        start(f"{nodes}.triplet_node", use_sim_time=True)
        start(f"{nodes}.inference_node", use_sim_time=True, model_path=options.model)
        if options.bag:
            time.sleep(4.0)  # until the model is checked and everybody is in sight
            heard = "image,tracks,headings"
            feed = start(f"{nodes}.source_node", input=options.bag, speed=options.speed, wait_for=heard)
        else:
            start(f"{nodes}.planner_node", use_sim_time=True)
            size = {"width": 320, "height": 240, "duration": float(options.seconds), "seed": options.seed}
            feed = start("pose_ssl_sim.node", real_time_factor=float(options.speed), **size)
        feed.wait()
        time.sleep(1.0)


def agreement(live: Path, model: Path, taken_only: bool = False) -> Any:
    """Answers in a live recording against those of a replay of its pictures.

    Args:
        live: The recording.
        model: What both answered with.
        taken_only: Replay only the pictures that the live triplet node took.
    """
    embedded.activate()
    from pose_ssl_ros.bags.events import ImageEvent
    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.bags.stored import header_stamp
    from pose_ssl_ros.bags.topics import Topics
    from pose_ssl_ros.replay.agreement import compare, of_message, of_objects
    from pose_ssl_ros.replay.config import ReplayConfig
    from pose_ssl_ros.replay.engine import Replayer

    topics = Topics(image=f"{NAMESPACE}/image", detections="none")
    with open_recording(live, topics) as recording, Replayer(ReplayConfig(), model.read_bytes()) as replayer:
        said = dict(of_message(recording.deserialize(m)) for m in recording.messages([f"{NAMESPACE}/headings"]))
        taken = {header_stamp(m) for m in recording.messages([f"{NAMESPACE}/tracks"])}
        events = (
            e
            for e in recording.events()
            if not taken_only or not isinstance(e, ImageEvent) or e.frame.stamp_ns in taken
        )
        answers = {r.stamp_ns: of_objects(r.objects) for _, r in replayer.run(events)}
    return compare(said, answers)


if __name__ == "__main__":
    raise SystemExit(main())
