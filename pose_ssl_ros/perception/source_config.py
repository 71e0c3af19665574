"""What a user may set on the source node."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class SourceConfig:
    """Settings of the source node, which publishes recorded or live footage as a camera would."""

    input: str = parameter(
        "", "Video file, folder of images, webcam number, or rosbag (folder, .mcap or .db3).", read_only=True
    )
    topic: str = parameter("", "Image topic of a bag; empty takes the one with the most messages.", read_only=True)
    rate: float = parameter(
        0.0,
        "Images per second of a video or folder; 0 keeps the video's own rate, 10 for a folder.",
        minimum=0.0,
        maximum=1000.0,
        unit="Hz",
        read_only=True,
    )
    speed: float = parameter(1.0, "Playback speed; ignored for a webcam.", minimum=0.01, maximum=100.0)
    loop: bool = parameter(False, "Start again at the end; a bag's stamps then jump back.", read_only=True)
    width: int = parameter(
        0, "Scale images to this width, camera_info with them; 0 keeps them.", minimum=0, maximum=8192, unit="px",
        read_only=True,
    )  # fmt: skip
    frame_id: str = parameter("camera_optical_frame", "Frame of the images where the input names none.", read_only=True)
    calibration: str = parameter(
        "", "ROS camera calibration file (YAML) for inputs without camera_info.", read_only=True
    )
    horizontal_fov: float = parameter(
        0.0,
        "Horizontal field of view for inputs without camera_info or calibration; 0 means not known.",
        minimum=0.0,
        maximum=3.0,
        unit="rad",
        read_only=True,
    )
    clock: bool = parameter(True, "Publish /clock from the input's stamps.", read_only=True)
    wait_for: str = parameter(
        "", "Do not start before these topics have a subscriber (names with commas between).", read_only=True
    )
    wait_timeout: float = parameter(
        60.0, "Start anyway after this time.", minimum=0.0, maximum=3600.0, unit="s", read_only=True
    )
    keep: bool = parameter(False, "Stay when the input ends, instead of ending the node.", read_only=True)
