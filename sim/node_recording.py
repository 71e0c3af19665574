"""A simulated drive as a rosbag: the messages that the sim node would have published, without DDS between."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from builtin_interfaces.msg import Time
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.node_messages import Sensed, camera_transform, of_frame, of_tick
from pose_ssl_sim.tour import Moment, tour
from pose_ssl_sim.world import World
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from tf2_msgs.msg import TFMessage

from pose_ssl_ros.bags.writing import BagWriter
from pose_ssl_ros.nodes.convert import to_time
from pose_ssl_ros.nodes.jpeg import to_jpeg
from pose_ssl_ros.nodes.recorded import type_name

#: Names in the bag of what the node publishes by its own.
TOPICS = {
    "image": "/camera/image_raw",
    "camera_info": "/camera/camera_info",
    "odom": "/odom",
    "ground_truth": "/ground_truth",
}


def record(
    config: SimConfig,
    bag: BagWriter,
    seconds: float,
    cruise: float = 1.2,
    quality: int = 0,
    tell: Callable[[Moment], bool] = lambda _: True,
) -> None:
    """Drive and write; the same arguments give the same messages.

    Args:
        config: The world.
        bag: Stays open; its times of recording are the simulated ones.
        seconds: Simulated time.
        cruise: Speed of the robot, m/s.
        quality: Of JPEG pictures; 0 writes raw ones.
        tell: Called after each tick; False ends the drive early.

    Raises:
        SimError: If the world cannot be made.
        BagError: If the disk is full.
    """
    with World(config) as world:
        first = True
        for moment in tour(world, seconds, cruise):
            if first:
                mount = TFMessage(transforms=[camera_transform(Time(), world.mounting)])
                _write(bag, moment.time_ns, Sensed("/tf_static", mount))
                first = False
            for sensed in _of(moment, world, quality):
                _write(bag, moment.time_ns, sensed)
            if not tell(moment):
                return


def _of(moment: Moment, world: World, quality: int) -> Iterator[Sensed]:
    yield Sensed("/clock", Clock(clock=to_time(moment.time_ns)))
    yield from of_tick(moment.ego, world.mounting)
    if moment.frame is None:
        return
    for sensed in of_frame(moment.frame):
        if sensed.topic == "image" and quality:
            yield Sensed(f"{TOPICS['image']}/compressed", to_jpeg(sensed.message, quality))
        else:
            yield sensed


def _write(bag: BagWriter, recorded_ns: int, sensed: Sensed) -> None:
    kind = type_name(sensed.message)
    bag.write(TOPICS.get(sensed.topic, sensed.topic), kind, recorded_ns, serialize_message(sensed.message))
