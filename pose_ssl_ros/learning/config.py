"""What a user can set of the learner; the node declares these as its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class LearnerConfig:
    """Parameters of the learner node."""

    size: int = parameter(
        64,
        "Side of a crop; a multiple of 32, the triplet node's `size`.",
        minimum=32,
        maximum=128,
        unit="px",
        read_only=True,
    )
    width: int = parameter(
        32,
        "Channels of the encoder's first stage, a multiple of 8; those of the start model.",
        minimum=8,
        maximum=64,
        read_only=True,
    )
    depth: int = parameter(
        2,
        "Further blocks of the encoder at the middle map; more see more of the crop and cost time.",
        minimum=0,
        maximum=8,
        read_only=True,
    )
    start: str = parameter(
        "",
        "File of weights to start from when there is no checkpoint (`models/base/encoder.safetensors`); "
        "empty: random weights.",
        read_only=True,
    )
    objective: str = parameter(
        "vicreg",
        "Semantic objective (L_sem).",
        choices=("barlow", "byol", "dino", "moco", "simclr", "simsiam", "vicreg"),
        read_only=True,
    )
    trajectory_weight: float = parameter(
        1.0, "lambda, the weight of the trajectory term; 0 turns it off.", minimum=0.0, maximum=100.0
    )
    trajectory_layer: str = parameter(
        "middle", "Where the trajectory term reads.", choices=("middle", "last"), read_only=True
    )
    teacher_steps: int = parameter(
        3, "Steps of the teacher term alone after each whole step; they are cheap.", minimum=0, maximum=100
    )
    teacher_weight: float = parameter(
        0.0,
        "Weight of a third term by which motion-taught headings shape the encoder too; 0 leaves heading to the probe.",
        minimum=0.0,
        maximum=100.0,
    )
    equivariance_weight: float = parameter(
        0.0,
        "Weight of a term by which the headings read from two views must differ as odometry turned the camera; it "
        "needs a head that knows the front, as start models have.",
        minimum=0.0,
        maximum=100.0,
    )
    slow_decay: float = parameter(
        0.98,
        "Part of the slow weights that stays in a step; the slow weights are what is probed and exported. 0: none "
        "stays, the trained weights are exported.",
        minimum=0.0,
        maximum=0.9999,
    )
    learning_rate: float = parameter(1e-3, "Of AdamW, from random weights.", minimum=1e-6, maximum=0.1)
    adaptation_rate: float = parameter(
        3e-5, "Of AdamW, from a start model: faster forgets what it brings.", minimum=1e-6, maximum=0.1
    )
    weight_decay: float = parameter(1e-4, "Of AdamW.", minimum=0.0, maximum=1.0)
    batch: int = parameter(32, "Triplets in a step.", minimum=4, maximum=1024)
    new_ratio: float = parameter(
        0.25, "Greatest part of a batch that is new; the rest is replayed.", minimum=0.0, maximum=1.0
    )
    replays: float = parameter(
        40.0,
        "Most times that a triplet is trained on, on average: a robot that stands still does not overfit.",
        minimum=1.0,
        maximum=1e6,
    )
    min_triplets: int = parameter(16, "Triplets before the first step.", minimum=2, maximum=100000)
    replay_mib: float = parameter(
        96.0, "Memory of the replay buffer.", minimum=1.0, maximum=65536.0, unit="MiB", read_only=True
    )
    track_quota: int = parameter(
        60, "Most triplets of one track in the buffer.", minimum=1, maximum=100000, read_only=True
    )
    place_quota: int = parameter(
        120,
        "Most triplets in the buffer that look alike, whatever their tracks are called.",
        minimum=1,
        maximum=1000000,
        read_only=True,
    )
    recent_share: float = parameter(
        0.25,
        "Part of the replay memory in which the newest triplets are safe; the rest is kept diverse.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    )
    guard: bool = parameter(
        True,
        "Export new weights only if they are not worse than the last exported ones on tracks that are held back "
        "from training, and go back to those when the features collapse or a lot is lost.",
    )
    guard_triplets: int = parameter(
        48, "Triplets of held-back tracks that weights are judged on.", minimum=8, maximum=4096
    )
    projector: int = parameter(256, "Width of the projector.", minimum=8, maximum=8192, read_only=True)
    seed: int = parameter(0, "Of weights, batches and augmentations.", minimum=0, maximum=2**31 - 1, read_only=True)
    device: str = parameter("auto", "Torch device; auto takes CUDA if there is one, else the CPU.", read_only=True)
    threads: int = parameter(1, "Torch threads.", minimum=1, maximum=256, read_only=True)
    niceness: int = parameter(
        10, "Of the training thread, so that inference goes first.", minimum=0, maximum=19, read_only=True
    )
    export_period: float = parameter(
        10.0, "Least time between two model versions.", minimum=0.5, maximum=3600.0, unit="s"
    )
    export_steps: int = parameter(
        20, "Fewest steps between two model versions, unless labels come in.", minimum=1, maximum=100000
    )
    save_period: float = parameter(30.0, "Time between two checkpoints.", minimum=1.0, maximum=86400.0, unit="s")
    directory: str = parameter("", "Folder of checkpoints; empty: ~/.ros/pose_ssl/learner.", read_only=True)
    resume: bool = parameter(True, "Go on from the checkpoint in the folder, if there is one.", read_only=True)
    gallery: str = parameter("", "Folder <class>/<azimuth_deg>_*.png of labelled crops; empty: none.", read_only=True)
    max_labelled: int = parameter(600, "Most labelled crops that a probe is fitted to.", minimum=60, maximum=100000)
    min_teacher: float = parameter(
        0.3, "Least weight of the motion teacher that counts as a label.", minimum=0.0, maximum=1.0
    )
