"""The planner node in a process of its own, over DDS."""

import time

import pytest
from harness import PATIENCE, NodeProcess, Peer, private_domain

PARAMS = {
    "cruise_speed": 2.0,
    "acceleration": 20.0,
    "deceleration": 50.0,
    "policy.stale_s": 0.5,
    "policy.resume_count": 3,
}


class Rig:
    """Perception and odometry for a planner, fed until something is true."""

    def __init__(self, peer: Peer) -> None:
        from geometry_msgs.msg import Twist
        from nav2_msgs.msg import SpeedLimit
        from nav_msgs.msg import Odometry
        from std_msgs.msg import Float32
        from vision_msgs.msg import Detection2DArray

        self.peer = peer
        self.commands = peer.collect(Twist, "cmd_vel")
        self.limits = peer.collect(SpeedLimit, "speed_limit")
        self._danger = peer.publisher(Float32, "danger")
        self._headings = peer.publisher(Detection2DArray, "headings")
        self._odom = peer.publisher(Odometry, "odom")

    @property
    def speed(self) -> float:
        return self.commands.last.linear.x if self.commands else -1.0

    @property
    def limit(self) -> float:
        return self.limits.last.speed_limit if self.limits else -1.0

    def feed(self, danger=0.0, headings=(), y=0.0, leave_out=()) -> None:
        from nav_msgs.msg import Odometry
        from std_msgs.msg import Float32

        from pose_ssl_ros.interfaces import Box
        from pose_ssl_ros.nodes.convert import detection, detection_array, to_header

        header = to_header(1, "camera")
        if "danger" not in leave_out:
            self._danger.publish(Float32(data=danger))
        if "headings" not in leave_out:
            found = [detection(header, str(i), Box(0, 0, 9, 9), h.items()) for i, h in enumerate(headings)]
            self._headings.publish(detection_array(header, found))
        if "odom" not in leave_out:
            odom = Odometry()
            odom.pose.pose.position.y = y
            odom.pose.pose.orientation.w = 1.0
            self._odom.publish(odom)

    def until(self, predicate, timeout: float = 10.0, **inputs) -> None:
        """Feed at 20 Hz until something is true."""
        end = time.monotonic() + timeout * PATIENCE
        while not predicate():
            assert time.monotonic() < end, f"speed {self.speed}, limit {self.limit} with {inputs}"
            self.feed(**inputs)
            time.sleep(0.05)


@pytest.fixture(scope="module")
def rig():
    """One node for all tests; each begins by feeding it what it needs, the last one ends it."""
    with private_domain(), Peer() as peer, NodeProcess("planner_node", params=PARAMS) as process:
        made = Rig(peer)
        made.process = process
        peer.wait_for(lambda: made.commands and made.limits, 20)
        yield made


def test_it_stands_until_it_knows_and_then_drives(rig: Rig) -> None:
    assert rig.speed == 0.0
    assert rig.limit == 1.0  # 0 would mean 'no limit' to Nav2
    assert rig.limits.last.percentage
    rig.until(lambda: rig.speed == 2.0)
    assert rig.limit == 100.0


@pytest.mark.parametrize("gone", ["danger", "headings", "odom"])
def test_an_input_that_stops_coming_stops_the_robot_and_coming_back_starts_it(rig: Rig, gone: str) -> None:
    rig.until(lambda: rig.speed == 2.0)
    rig.until(lambda: rig.speed == 0.0, leave_out=(gone,))
    rig.until(lambda: rig.speed == 2.0)


def test_danger_slows_stops_and_its_end_resumes(rig: Rig) -> None:
    toward = [{"toward": 1.0}]
    rig.until(lambda: rig.speed == 2.0)
    rig.until(lambda: 0 < rig.speed < 2.0, danger=0.2, headings=toward)
    rig.until(lambda: rig.speed == 0.0, danger=0.9, headings=toward)
    rig.until(lambda: rig.speed == 2.0, danger=0.0)


def test_unknown_headings_are_caution_and_odd_messages_are_no_end(rig: Rig) -> None:
    rig.until(lambda: rig.speed == pytest.approx(1.2), danger=0.1, headings=[{"unknown": 1.0}])
    rig.until(lambda: rig.speed == 0.0, danger=float("nan"))
    rig.until(lambda: rig.speed == pytest.approx(1.2), headings=[{}, {"sideways": 3.0}])
    rig.until(lambda: rig.speed == 0.0, y=float("nan"))  # odometry without numbers is no odometry
    rig.until(lambda: rig.speed == 2.0)


def test_it_steers_towards_the_lane(rig: Rig) -> None:
    rig.until(lambda: rig.speed > 0 and rig.commands.last.angular.z < 0, y=1.0)
    rig.until(lambda: rig.commands.last.angular.z > 0, y=-1.0)


def test_it_subscribes_to_nothing_but_its_three_topics(rig: Rig) -> None:
    names = {
        name
        for name, _ in rig.peer.node.get_topic_names_and_types()
        if any(i.node_name == "planner" for i in rig.peer.node.get_subscriptions_info_by_topic(name))
    }
    assert names - {"/clock", "/parameter_events"} == {"/pose_ssl/danger", "/pose_ssl/headings", "/pose_ssl/odom"}


def test_it_leaves_the_robot_standing(rig: Rig) -> None:
    rig.until(lambda: rig.speed == 2.0)
    assert rig.process.interrupt() == 0
    rig.peer.wait_for(lambda: rig.speed == 0.0)
