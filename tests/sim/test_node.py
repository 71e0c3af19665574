"""The sim node in a process of its own, over DDS."""

import itertools
import math

import pytest
from harness import NodeProcess

from pose_ssl_ros.viewpoint import azimuth_from_orientation, heading_of

PARAMS = {"renderer": "tiny", "width": 160, "height": 120, "variants": 3, "density": 0.3, "real_time_factor": 2.0}


def stamp(header):
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


@pytest.fixture
def topics(peer):
    from diagnostic_msgs.msg import DiagnosticArray
    from nav_msgs.msg import Odometry
    from rclpy.qos import QoSProfile
    from rosgraph_msgs.msg import Clock
    from sensor_msgs.msg import CameraInfo, Image
    from tf2_msgs.msg import TFMessage
    from vision_msgs.msg import Detection2DArray

    from pose_ssl_ros.nodes.runtime import LATCHED, SENSOR

    deep = QoSProfile(depth=200)
    return {
        "image": peer.collect(Image, "image", SENSOR),
        "reliable_image": peer.collect(Image, "image", deep),
        "camera_info": peer.collect(CameraInfo, "camera_info", SENSOR),
        "odom": peer.collect(Odometry, "odom", deep),
        "tf": peer.collect(TFMessage, "/tf", deep),
        "tf_static": peer.collect(TFMessage, "/tf_static", LATCHED),
        "clock": peer.collect(Clock, "/clock", deep),
        "ground_truth": peer.collect(Detection2DArray, "ground_truth", deep),
        "diagnostics": peer.collect(DiagnosticArray, "/diagnostics", deep),
    }


def values_of(message):
    return {v.key: v.value for v in message.status[0].values}


def test_publishes_everything_obeys_and_stops(peer, topics):
    from geometry_msgs.msg import Twist

    with NodeProcess("sim_node", params=PARAMS) as node:
        peer.wait_for(lambda: len(topics["ground_truth"]) >= 5 and topics["tf_static"], 40.0, "frames")
        common = peer.wait_for(
            lambda: set.intersection(
                *(
                    {stamp(m.header) for m in topics[t]}
                    for t in ("image", "reliable_image", "camera_info", "ground_truth", "odom")
                )
            ),
            10.0,
            "equal stamps",
        )
        when = min(common)
        image = next(m for m in topics["image"] if stamp(m.header) == when)
        assert (image.width, image.height, image.encoding, image.step) == (160, 120, "rgb8", 480)
        assert len(image.data) == 160 * 120 * 3
        assert image.header.frame_id == "camera_optical_frame"
        info = next(m for m in topics["camera_info"] if stamp(m.header) == when)
        assert info.k[0] == pytest.approx(80 / math.tan(0.65))
        assert (info.k[2], info.k[5]) == (79.5, 59.5)

        for message in topics["ground_truth"]:
            for item in message.detections:
                assert 0 <= item.bbox.center.position.x <= 160
                result = item.results[0]
                assert item.id.startswith(result.hypothesis.class_id)
                assert 0 < result.hypothesis.score <= 1
                p, q = result.pose.pose.position, result.pose.pose.orientation
                azimuth = azimuth_from_orientation((q.x, q.y, q.z, q.w), math.atan2(p.x, p.z))
                assert heading_of(azimuth)

        frames = {(t.header.frame_id, t.child_frame_id) for m in topics["tf"] for t in m.transforms}
        assert frames == {("odom", "base_link"), ("base_link", "camera_optical_frame")}
        (static,) = topics["tf_static"].last.transforms
        assert static.transform.translation.z == pytest.approx(1.0)

        times = [m.clock.sec * 10**9 + m.clock.nanosec for m in topics["clock"]]
        assert all(a < b for a, b in itertools.pairwise(times))

        # Nothing commanded: it stands. Commanded: it drives. No longer commanded: it stops after half a second.
        assert topics["odom"].last.pose.pose.position.x == 0.0
        command = Twist()
        command.linear.x = 1.0

        def moving():
            peer.publish("cmd_vel", command)
            return topics["odom"].last.twist.twist.linear.x > 0.5

        peer.wait_for(moving, 10.0, "driving")
        peer.wait_for(lambda: topics["odom"].last.twist.twist.linear.x == 0.0, 10.0, "standing")
        assert topics["odom"].last.pose.pose.position.x > 0.1

        status = peer.wait_for(
            lambda: next(
                (m for m in reversed(topics["diagnostics"]) if float(values_of(m).get("real_time_factor", 0))), None
            ),
            10.0,
        )
        assert status.status[0].name.endswith("sim")
        shown = values_of(status)
        assert (shown["scenario"], shown["seed"], shown["renderer"]) == ("street", "0", "tiny")
        assert int(shown["collisions"]) >= 0 and float(shown["render_ms"]) > 0
        assert node.interrupt() == 0


def test_ends_by_itself_and_says_so(peer, topics):
    with NodeProcess("sim_node", params={**PARAMS, "duration": 2.0, "real_time_factor": 0.0}) as node:
        node.wait_for_output("finished after 2.0 s of simulated time", 40.0)
        peer.wait_for(lambda: any(m.status[0].message == "finished" for m in topics["diagnostics"]), 5.0)
        assert node.process.wait(10.0) == 0


@pytest.mark.parametrize(("name", "value"), [("scenario", "moon"), ("rate", -1.0), ("width", 3)])
def test_refuses_a_bad_parameter(domain, name, value):
    with NodeProcess("sim_node", params={name: value}) as node:
        node.wait_for_output(f"parameter '{name}' is", 20.0)
        assert node.process.wait(10.0) == 2
