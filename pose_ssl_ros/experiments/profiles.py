"""How long and how often the learning experiments run: for a test, for an hour, for a night."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pose_ssl_ros.experiments.variants import VARIANTS

#: Those by which it is judged whether the encoder forgets.
_KEEPERS = ("ours", "frozen", "two-tier, small", "fifo, small", "no buffer")


@dataclass(frozen=True)
class Profile:
    """Size of an experiment.

    Attributes:
        seeds: Each with its own drives and learner.
        seconds: Robot time on the new site.
        stretch: Robot time of each of the three stretches of `forgetting`.
        hold_out: Robot time of the drives that models are tested on.
        rate: Pictures per second.
        times: Robot seconds at which the model of the moment is set aside and tested.
        window: Robot seconds of the windows that the stream's own answers are counted in.
        steps_per_second: Of the learner, in robot time.
        export_period: Robot seconds between two versions at least.
        small_mib: The small memory of the variants that compare buffers: a fraction of what the stream brings.
        online: Variants of `online`.
        forgetting: Variants of `forgetting`.
        min_triplets: Triplets before the first step.
        export_steps: Fewest steps between two versions.
    """

    seeds: tuple[int, ...]
    seconds: float
    stretch: float
    hold_out: float
    rate: float
    times: tuple[float, ...]
    window: float
    steps_per_second: float
    export_period: float
    small_mib: float
    online: tuple[str, ...] = tuple(VARIANTS)
    forgetting: tuple[str, ...] = _KEEPERS
    min_triplets: int = 16
    export_steps: int = 20

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


PROFILES = {
    "smoke": Profile(
        seeds=(1,),
        seconds=6.0,
        stretch=4.0,
        hold_out=3.0,
        rate=5.0,
        times=(0.0, 6.0),
        window=3.0,
        steps_per_second=0.5,
        export_period=4.0,
        small_mib=0.25,
        online=("ours", "frozen"),
        forgetting=("ours",),
        min_triplets=4,
        export_steps=1,
    ),
    "quick": Profile(
        seeds=(1, 2, 3),
        seconds=300.0,
        stretch=150.0,
        hold_out=45.0,
        rate=5.0,
        times=(0.0, 30.0, 60.0, 120.0, 300.0),
        window=30.0,
        steps_per_second=1.0,
        export_period=15.0,
        small_mib=1.5,
    ),
    "full": Profile(
        seeds=(1, 2, 3, 4, 5),
        seconds=900.0,
        stretch=600.0,
        hold_out=120.0,
        rate=10.0,
        times=(0.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0),
        window=30.0,
        steps_per_second=2.0,
        export_period=10.0,
        small_mib=6.0,
    ),
}
