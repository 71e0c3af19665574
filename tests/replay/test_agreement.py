"""When a live run and a replay say the same: by hand, and with real nodes over DDS."""

import subprocess
import sys
import time

import pytest
from harness import CHECKOUT, NodeProcess

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.replay.agreement import Said, compare, of_message, of_objects

MODEL = CHECKOUT / "models" / "base" / "encoder.onnx"
NEAR, FAR = Box(10, 20, 30, 40), Box(100, 20, 8, 6)


def test_agreement_worked_by_hand():
    live = {
        1: [Said("1", NEAR, "toward"), Said("2", FAR, "unknown")],
        2: [Said("1", NEAR, "toward")],
        3: [Said("1", NEAR, "away"), Said("2", FAR, "left")],
        4: [],
        5: [Said("1", NEAR, "left")],
    }
    replayed = {
        # Another order, other numbers, and a box that is 0.1 pixels off.
        1: [Said("9", FAR, "unknown"), Said("8", NEAR._replace(x=10.1), "toward")],
        2: [Said("8", NEAR, "toward"), Said("9", FAR, "left")],  # one object more
        3: [Said("8", NEAR, "toward"), Said("9", FAR, "left")],  # another heading
        4: [],
        6: [Said("8", NEAR, "left")],
    }
    found = compare(live, replayed)
    assert (found.first, found.second, found.both, found.same) == (5, 5, 4, 2)
    assert found.share == 0.5
    assert (found.objects, found.same_objects, found.exact) == (6, 4, 1)
    assert found.reasons == {"objects": 1, "headings": 1}
    assert found.words == [
        "2: 1 and 2 objects, not in the same places",
        "3: 1 is away and 8 toward",
    ]


def test_nothing_in_common_is_no_agreement():
    assert compare({1: []}, {2: []}).share == 0.0


def test_two_objects_in_one_box_are_told_apart():
    pair = [Said("1", NEAR, "left"), Said("2", NEAR, "right")]
    assert compare({1: pair}, {1: [pair[0], pair[0]]}).same == 0


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Three seconds of street, recorded by the command."""
    bag = tmp_path_factory.mktemp("drive") / "street"
    words = ["record", "--seconds", "3", "--seed", "3", "--out", str(bag), "--set", "renderer=tiny"]
    subprocess.run([sys.executable, "-m", "pose_ssl_ros.cli.main", *words], cwd=CHECKOUT, check=True)
    return bag


def test_a_live_run_and_the_replay_of_its_recording_say_the_same(domain, street, tmp_path):
    from pose_ssl_ros.bags.events import ImageEvent
    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.bags.stored import header_stamp
    from pose_ssl_ros.bags.topics import Topics
    from pose_ssl_ros.replay.config import ReplayConfig
    from pose_ssl_ros.replay.engine import Replayer

    live = tmp_path / "live"
    params = {"use_sim_time": True}
    heard = "image,camera_info,odom,tracks,headings,/tf,/tf_static"
    with (
        NodeProcess("recorder_node", params={**params, "output": str(live), "results": True}) as recorder,
        NodeProcess("triplet_node", params=params) as triplet,
        NodeProcess("inference_node", params={**params, "model_path": str(MODEL)}) as inference,
    ):
        recorder.wait_for_output("records /pose_ssl/headings [")
        recorder.wait_for_output("records /pose_ssl/tracks [")
        inference.wait_for_output("in use")
        with NodeProcess("source_node", params={"input": str(street), "wait_for": heard, "speed": 0.6}) as source:
            assert source.process.wait(60) == 0, source.output
        time.sleep(0.5)
        assert (triplet.alive, inference.alive) == (True, True)
        assert recorder.interrupt() == 0, recorder.output
    with open_recording(live, Topics(image="/pose_ssl/image")) as recording:
        said = dict(of_message(recording.deserialize(m)) for m in recording.messages(["/pose_ssl/headings"]))
        # A loaded machine leaves frames out, live; the replay is given those that the triplet node took.
        taken = sorted({header_stamp(m) for m in recording.messages(["/pose_ssl/tracks"])})
        events = (e for e in recording.events() if not isinstance(e, ImageEvent) or e.frame.stamp_ns in taken)
        with Replayer(ReplayConfig(), MODEL.read_bytes()) as replayer:
            answers = {r.stamp_ns: of_objects(r.objects) for _, r in replayer.run(events)}
    # From the first that the inference node alone left out, its filters have seen less than the replay's.
    end = next((stamp for stamp in taken if stamp not in said), taken[-1] + 1)
    found = compare({k: v for k, v in said.items() if k < end}, answers)
    assert found.both >= 15 and found.objects >= 30, found
    assert found.share >= 0.99, found.words
    assert {o.heading for objects in said.values() for o in objects} - {"unknown"}, "all answers were unknown"
