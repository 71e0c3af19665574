"""What a dataset holds, decided before anything is drawn: pure, cheap, the same for the same arguments."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimError
from pose_ssl_sim.dataset.poses import Path, gap_path, high_path, seen_path, wrap_all
from pose_ssl_sim.dataset.profiles import VIEWS, Profile, Share, profile

from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS

if TYPE_CHECKING:
    from pose_ssl_sim.dataset.studio import Studio

#: Odometry's error of a change of bearing, per step.
BEARING_ERROR = math.radians(1.0)
#: What stands for the motion teacher: spread of its azimuth, and how often it is the wrong way round (reversing).
#: On our streets it taught half and was right for .96 of that.
TAUGHT, MOTION_ERROR, REVERSING = 0.5, math.radians(8.0), 0.04
#: What never moves by itself nor is pushed.
STANDING = ("chair", "sofa")
_CREWED = 0.6


@dataclass(frozen=True)
class Subject:
    """An instance of a category; same seed, category, split and index, same shape whatever the profile."""

    category: str
    split: str
    index: int  # within category and split
    number: int  # unique in the dataset
    crewed: bool

    def generator(self, seed: int) -> np.random.Generator:
        """Where its shape comes from."""
        return np.random.default_rng(
            [seed, 920, zlib.crc32(self.category.encode()), SPLITS.index(self.split), self.index]
        )


@dataclass(frozen=True)
class Trajectory:
    """Views of one subject on one way round it."""

    number: int  # unique in the dataset
    subject: Subject
    domain: str
    index: int  # within the subject and domain
    path: Path
    bearing: np.ndarray  # (VIEWS,) radians
    motion: np.ndarray  # (VIEWS,) radians, NaN if the teacher is silent

    def generator(self, seed: int) -> np.random.Generator:
        """Where its place, day, camera and neighbours come from."""
        return _generator(seed, 922, self.subject, self.domain, self.index)


@dataclass(frozen=True)
class Plan:
    """A dataset before it is drawn."""

    seed: int
    profile: Profile
    size: int
    shards: tuple[tuple[Trajectory, ...], ...]

    @property
    def crops(self) -> int:
        """How many crops in all."""
        return sum(len(shard) for shard in self.shards) * VIEWS

    @property
    def command(self) -> str:
        """What makes the dataset again."""
        return f"pose-ssl dataset render --out DIR --profile {self.profile.name} --seed {self.seed} --size {self.size}"

    def studio(self, shard: int) -> Studio:
        """Where a shard's trajectories are drawn."""
        from pose_ssl_sim.dataset.studio import Studio

        return Studio(self, shard)

    def digest(self) -> str:
        """Hash of every trajectory, in hex."""
        digest = hashlib.sha256()
        for shard in self.shards:
            digest.update(b"shard")
            for way in shard:
                facts = (way.number, way.subject, way.domain, way.index)
                digest.update(repr(facts).encode())
                digest.update(np.stack([*way.path, way.bearing, way.motion]).astype(np.float32).tobytes())
        return digest.hexdigest()


def make_plan(chosen: Profile | str, seed: int = 0, size: int = 64) -> Plan:
    """Decide what is rendered.

    Args:
        chosen: A profile, or the name of one of `PROFILES`.
        seed: Seed of instances, ways and places; another seed has other instances.
        size: Side of a crop in pixels.

    Raises:
        SimError: If there is no such profile, the catalogue lacks its categories, or seed or size make no sense.
    """
    chosen = profile(chosen) if isinstance(chosen, str) else chosen
    if seed < 0 or not 16 <= size <= 512:
        msg = f"seed must be 0 or more and size 16 to 512, got {seed} and {size}"
        raise SimError(msg)
    if not chosen.in_domain:
        msg = f"the catalogue has none of the categories of profile '{chosen.name}'"
        raise SimError(msg)
    ways: list[Trajectory] = []
    shards: list[tuple[Trajectory, ...]] = []
    count = 0
    for subject, kinds in _subjects(chosen, seed):
        if ways and (len(ways) + len(kinds)) * VIEWS > chosen.shard_crops:
            shards.append(tuple(ways))
            ways = []
        for domain, index in kinds:
            ways.append(_trajectory(seed, count, subject, domain, index))
            count += 1
    return Plan(seed, chosen, size, (*shards, tuple(ways)))


def _subjects(chosen: Profile, seed: int) -> Iterator[tuple[Subject, list[tuple[str, int]]]]:
    """Every subject, and domain and index of its trajectories.

    Categories come in turn, so that shards are alike and a progress' rate means something.
    """

    def kinds(domain: str, number: int) -> list[tuple[str, int]]:
        return [(domain, i) for i in range(number)]

    parts: list[tuple[str, Share, tuple[str, ...], list[tuple[str, int]]]] = [
        ("train", chosen.train, chosen.in_domain, kinds("in_domain", chosen.train.trajectories)),
        ("val", chosen.val, chosen.in_domain, kinds("in_domain", chosen.val.trajectories)),
        (
            "test",
            chosen.test,
            chosen.in_domain,
            kinds("in_domain", chosen.test.trajectories) + kinds("unseen_pose", chosen.test_unseen_pose),
        ),
        ("train", chosen.probe, chosen.out_of_domain, kinds("unseen_category", chosen.probe.trajectories)),
        ("test", chosen.unseen, chosen.out_of_domain, kinds("unseen_category", chosen.unseen.trajectories)),
    ]
    number = 0
    for split, share, categories, ways in parts:
        for index in range(share.instances):
            for category in categories:
                subject = Subject(category, split, index, number, True)
                crewed = bool(_generator(seed, 921, subject, "in_domain", 0).random() < _CREWED)
                yield Subject(category, split, index, number, crewed), ways
                number += 1


def _generator(seed: int, purpose: int, subject: Subject, domain: str, index: int) -> np.random.Generator:
    name = zlib.crc32(subject.category.encode())
    return np.random.default_rng(
        [seed, purpose, name, SPLITS.index(subject.split), subject.index, DOMAINS.index(domain), index]
    )


def _trajectory(seed: int, number: int, subject: Subject, domain: str, index: int) -> Trajectory:
    rng = _generator(seed, 923, subject, domain, index)
    if domain != "unseen_pose":
        path = seen_path(rng)
    else:  # half of them each
        path = (high_path if (subject.index + index) % 2 == 0 else gap_path)(rng)
    walk = np.concatenate([[0.0], np.cumsum(rng.normal(0, BEARING_ERROR, VIEWS - 1))])
    bearing = wrap_all(rng.uniform(-math.pi, math.pi) + path.azimuth + walk)
    taught, error, reversing = rng.random(), rng.normal(0, MOTION_ERROR), rng.random() < REVERSING
    motion = np.full(VIEWS, math.nan)
    # Validation too: what heading probes are fitted to must not have shaped the features.
    if subject.split != "test" and domain == "in_domain" and taught < _taught(subject):
        motion = wrap_all(path.azimuth + error + (math.pi if reversing else 0.0))
    return Trajectory(number, subject, domain, index, path, bearing, motion)


def _taught(subject: Subject) -> float:
    """Share of a subject's trajectories of which motion tells: `TAUGHT` over all instances of what can move.

    What needs a driver and has none is parked; those that drive make up for it.
    """
    if subject.category in STANDING:
        return 0.0
    if subject.category in catalogue.CREWED + catalogue.OPENING:
        return TAUGHT / _CREWED if subject.crewed else 0.0
    return TAUGHT
