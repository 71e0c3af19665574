"""Which live topics are recorded."""

from pose_ssl_ros.bags.choosing import choose, without_twins

IMAGE, JPEG = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
BOXES, INFO, ODOM = "vision_msgs/msg/Detection2DArray", "sensor_msgs/msg/CameraInfo", "nav_msgs/msg/Odometry"
TF, CLOCK, FLOAT = "tf2_msgs/msg/TFMessage", "rosgraph_msgs/msg/Clock", "std_msgs/msg/Float32"
ROBOT = {
    "/camera/image_raw": IMAGE, "/camera/image_raw/compressed": JPEG, "/camera/camera_info": INFO, "/odom": ODOM,
    "/tf": TF, "/tf_static": TF, "/clock": CLOCK, "/yolo/boxes": BOXES, "/ground_truth": BOXES, "/battery": FLOAT,
    "/pose_ssl/triplets": IMAGE, "/pose_ssl/annotated": IMAGE, "/pose_ssl/tracks": BOXES,
    "/pose_ssl/headings": BOXES, "/pose_ssl/danger": FLOAT, "/pose_ssl/triplets/info": BOXES,
    "/pose_ssl/model": "std_msgs/msg/UInt8MultiArray", "/diagnostics": "diagnostic_msgs/msg/DiagnosticArray",
}  # fmt: skip
INPUTS = [
    "/camera/camera_info", "/camera/image_raw", "/camera/image_raw/compressed", "/clock", "/ground_truth", "/odom",
    "/tf", "/tf_static", "/yolo/boxes",
]  # fmt: skip


def test_inputs_are_found_by_type_and_our_answers_are_none():
    assert choose(ROBOT, "/pose_ssl") == INPUTS


def test_results_come_on_demand_without_pictures_and_models():
    extra = {"/pose_ssl/tracks", "/pose_ssl/headings", "/pose_ssl/danger", "/pose_ssl/triplets/info", "/diagnostics"}
    assert set(choose(ROBOT, "/pose_ssl", results=True)) - set(INPUTS) == extra


def test_named_topics_are_those_and_no_other():
    assert choose(ROBOT, "/pose_ssl", ("/battery", "danger", "/not/there")) == ["/battery", "/pose_ssl/danger"]


def test_the_root_namespace():
    assert choose({"/tracks": BOXES, "/image": IMAGE, "/triplets": IMAGE}, "/") == ["/image"]


def test_one_of_two_transports_is_kept():
    chosen = choose(ROBOT, "/pose_ssl")
    assert set(chosen) - set(without_twins(chosen, ROBOT, jpeg=False)) == {"/camera/image_raw/compressed"}
    assert set(chosen) - set(without_twins(chosen, ROBOT, jpeg=True)) == {"/camera/image_raw"}
    alone = ["/camera/image_raw/compressed"]
    assert without_twins(alone, ROBOT, jpeg=False) == alone
