"""What a user can set of learning on the way of a replay."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class DriverConfig:
    """How `pose-ssl replay --learn` drives the learner by recorded time (`--set driver.NAME=VALUE`)."""

    steps_per_second: float = parameter(
        2.0,
        "Steps in a recorded second, about what a learner on two cores makes beside inference; 0: as many as "
        "`replays` allows.",
        minimum=0.0,
        maximum=1000.0,
        unit="Hz",
    )
    threads: int = parameter(
        2,
        "Torch threads; two runs are equal to the bit only with the same number, whatever the machine's cores.",
        minimum=1,
        maximum=256,
    )
    export: bool = parameter(
        True, "Hand over models on the way, as the learner node does; else only the last one counts."
    )
    save_steps: int = parameter(0, "Steps between two checkpoints; 0: none.", minimum=0, maximum=1_000_000)
