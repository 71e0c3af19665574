"""What is compared: ours, and ours with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.matching import match
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.experiments.stream import TruthBook
from pose_ssl_ros.interfaces import TeacherEvidence, Triplet
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.trainer import StepReport
from pose_ssl_ros.replay.driver_config import DriverConfig
from pose_ssl_ros.replay.engine import Driver
from pose_ssl_ros.replay.learning import LearnerDriver
from pose_ssl_ros.viewpoint import scores_from_azimuth

#: Memory that nothing overflows in an experiment.
_PLENTY_MIB = 4096.0
_NO_QUOTA = 1_000_000
#: Least overlap at which a triplet's box is that of a true object.
_IOU = 0.3


@dataclass(frozen=True)
class Variant:
    """A learner, or none.

    Attributes:
        words: What it is, for a person.
        pretrained: Whether it starts from the start model.
        learns: `all`; `probes`: the encoder stays and the probes are fitted anew; `nothing`: the start model answers.
        labels: Whether every triplet is told its true heading, in place of what motion says.
        taught_only: With labels: only those are told that motion says something of.
        shuffled: Whether the stream's triplets come in random order, those of later on too.
        small: Whether the buffer has the small memory.
        batch_norm: Whether the encoder normalises over the batch.
        changes: Parameters of the learner that differ from the defaults.
    """

    words: str
    pretrained: bool = True
    learns: str = "all"
    labels: bool = False
    taught_only: bool = False
    shuffled: bool = False
    small: bool = False
    batch_norm: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


_FIFO = {"recent_share": 1.0, "track_quota": _NO_QUOTA, "place_quota": _NO_QUOTA}
VARIANTS = {
    "ours": Variant("from the start model, product defaults"),
    "frozen": Variant("the start model as it is", learns="nothing"),
    "frozen, probes refitted": Variant("the start model's encoder, probes fitted to the site", learns="probes"),
    "random weights": Variant("from random weights", pretrained=False),
    "labels": Variant("true headings in place of the motion teacher", labels=True),
    "labels, taught only": Variant(
        "true headings of what the motion teacher speaks of: how right it is, apart from how often it speaks",
        labels=True,
        taught_only=True,
    ),
    "no trajectory": Variant("without the trajectory term", changes={"trajectory_weight": 0.0}),
    "shuffled": Variant(
        "the same triplets in random order, all of them kept: what no stream can give",
        shuffled=True,
        changes={"replay_mib": _PLENTY_MIB, "track_quota": _NO_QUOTA, "place_quota": _NO_QUOTA},
    ),
    "two-tier, small": Variant("the two-tier buffer with the small memory", small=True),
    "fifo, small": Variant("the newest triplets only, with the same small memory", small=True, changes=_FIFO),
    "no buffer": Variant("the newest batch only", changes={**_FIFO, "replay_mib": 0.25, "new_ratio": 1.0}),
    "random, batch norm": Variant("from random weights, BatchNorm", pretrained=False, batch_norm=True),
}


@dataclass(frozen=True)
class Learning:
    """How learners of an experiment are driven."""

    start: Path  # folder of the start model
    steps_per_second: float
    export_period: float
    small_mib: float
    min_triplets: int = 16
    export_steps: int = 20

    def facts(self) -> dict[str, Any]:
        """What results depend on, as JSON."""
        return {k: v for k, v in asdict(self).items() if k != "start"}


def chosen(names: Sequence[str]) -> dict[str, Variant]:
    """The variants of these names, in the order given.

    Raises:
        ExperimentError: If there is no such variant.
    """
    for name in names:
        if name not in VARIANTS:
            msg = f"there is no variant '{name}'; there are {', '.join(VARIANTS)}"
            raise ExperimentError(msg)
    return {name: VARIANTS[name] for name in names}


def learner_config(variant: Variant, learning: Learning, seed: int) -> LearnerConfig:
    """Parameters of its learner."""
    start = str(learning.start / "encoder.safetensors") if variant.pretrained else ""
    config = LearnerConfig(
        start=start,
        seed=seed,
        device="cpu",
        export_period=learning.export_period,
        export_steps=learning.export_steps,
        min_triplets=learning.min_triplets,
    )
    if variant.small:
        config = replace(config, replay_mib=learning.small_mib)
    return replace(config, **variant.changes)


def driver_of(
    variant: Variant,
    learning: Learning,
    seed: int,
    folder: Path,
    book: TruthBook,
    triplets: Callable[[], list[Triplet]],
) -> Driver | None:
    """What learns, or None.

    Args:
        variant: What it is.
        learning: How it is driven.
        seed: Of weights, batches and order.
        folder: Empty, for the learner.
        book: True objects, for labels.
        triplets: Gives all triplets of the stream, for those in random order.

    Raises:
        StartError, ExemplarError: If the start model cannot be used.
    """
    if variant.learns == "nothing":
        return None
    kind = OnlineLearner if variant.learns == "all" else ProbesOnly
    learner = kind(learner_config(variant, learning, seed), folder)
    if variant.batch_norm:
        from pose_ssl_ros.experiments.batch_norm import use_batch_norm

        use_batch_norm(learner.trainer)
    driver: Driver = LearnerDriver(learner, DriverConfig(steps_per_second=learning.steps_per_second))
    if variant.shuffled:
        driver = Shuffled(driver, triplets(), seed)
    return Labelled(driver, book, variant.taught_only) if variant.labels else driver


class ProbesOnly(OnlineLearner):
    """Never trains; what it exports is the start model's encoder with probes that know the site."""

    def step(self) -> StepReport | None:
        """Nothing."""
        return None


class Labelled:
    """Tells triplets the true heading of the object that their box fits; those that fit none are told nothing.

    Args:
        driver: Learns from them.
        book: True objects.
        taught_only: Whether those are left as they are that have no teacher.
    """

    def __init__(self, driver: Driver, book: TruthBook, taught_only: bool = False) -> None:
        """Stand before the driver."""
        self._driver = driver
        self._book = book
        self._taught_only = taught_only

    def take(self, triplets: Sequence[Triplet], stamp_ns: int) -> bytes | None:
        """See `replay.learning.LearnerDriver`."""
        return self._driver.take([self._told(t) for t in triplets], stamp_ns)

    def _told(self, triplet: Triplet) -> Triplet:
        if self._taught_only and triplet.teacher is None:
            return triplet
        objects = self._book.at(triplet.stamp_ns) or []
        pairs = match([o.box for o in objects], [triplet.box], _IOU)
        if not pairs:
            return replace(triplet, teacher=None)
        return replace(triplet, teacher=TeacherEvidence(scores_from_azimuth(objects[pairs[0][0]].azimuth)))


class Shuffled:
    """Gives as many triplets as the stream would, of all that it will ever have, in random order."""

    def __init__(self, driver: Driver, triplets: Sequence[Triplet], seed: int) -> None:
        self._driver = driver
        order = np.random.default_rng([seed, 77]).permutation(len(triplets))
        self._waiting = [triplets[i] for i in order]

    def take(self, triplets: Sequence[Triplet], stamp_ns: int) -> bytes | None:
        """See `replay.learning.LearnerDriver`."""
        given = [self._waiting.pop() for _ in triplets if self._waiting]
        return self._driver.take(given, stamp_ns)


class Collected:
    """Keeps all triplets and learns nothing."""

    def __init__(self) -> None:
        self.triplets: list[Triplet] = []

    def take(self, triplets: Sequence[Triplet], stamp_ns: int) -> bytes | None:
        """See `replay.learning.LearnerDriver`."""
        del stamp_ns
        self.triplets += triplets
        return None
