"""A dataset of real meshes: our scenes, cameras and poses, with fetched models for objects."""

from __future__ import annotations

import hashlib
import math
import zlib
from dataclasses import dataclass

import numpy as np
from pose_ssl_sim.catalogue import IN_DOMAIN, ObjectSpec
from pose_ssl_sim.config import SimError
from pose_ssl_sim.dataset.plan import BEARING_ERROR, Plan, Subject, Trajectory
from pose_ssl_sim.dataset.poses import gap_path, high_path, seen_path, wrap_all
from pose_ssl_sim.dataset.profiles import VIEWS, Profile, Share
from pose_ssl_sim.dataset.studio import Studio
from pose_ssl_sim.mesh_catalogue.fetched import Models, load
from pose_ssl_sim.mesh_catalogue.table import Entry

from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS

_NONE = Share(0, 0)
_SHARD_TRAJECTORIES = 60
#: A category with fewer families of models is for tests alone.
FEWEST_FAMILIES = 4


@dataclass(frozen=True)
class MeshPlan(Plan):
    """A dataset of fetched models before it is drawn; a subject's number is its model's row in the table."""

    models: Models
    trajectories: int

    @property
    def command(self) -> str:
        """What makes the dataset again."""
        return (
            f"pose-ssl meshes render --models DIR --out DIR --seed {self.seed} "
            f"--trajectories {self.trajectories} --size {self.size}"
        )

    def digest(self) -> str:
        """Hash of every trajectory and of every model's files, in hex."""
        digest = hashlib.sha256(super().digest().encode())
        for entry in self.models.entries:
            digest.update(self.models.fingerprint(entry).encode())
        return digest.hexdigest()

    def studio(self, shard: int) -> Studio:
        """A studio whose objects are fetched models."""
        return MeshStudio(self, shard)


class MeshStudio(Studio):
    """Draws fetched models; what stands about them is parametric."""

    def __init__(self, plan: MeshPlan, shard: int) -> None:
        super().__init__(plan, shard)
        self._models = plan.models
        self._entries = {entry.number: entry for entry in plan.models.entries}

    def shape(self, trajectory: Trajectory) -> ObjectSpec:
        """The trajectory's model."""
        spec, _ = load(self._models, self._entries[trajectory.subject.number])
        return spec


def make_mesh_plan(models: Models, seed: int = 0, trajectories: int = 24, size: int = 64) -> MeshPlan:
    """Decide what is rendered.

    Every category gets the same number of trajectories in each domain and split, shared by its models, so that no
    category counts for more because it has more models.  Models of `train` are for probes alone; none of their
    family is in `test`.

    Args:
        models: What was fetched.
        seed: Of the split, poses, places and days.
        trajectories: Of each category, split and domain; at least one of each model.
        size: Side of a crop in pixels.

    Raises:
        SimError: If an argument makes no sense.
    """
    if seed < 0 or not 16 <= size <= 512 or not 1 <= trajectories <= 10_000:
        msg = (
            f"seed must be 0 or more, trajectories 1 to 10000 and size 16 to 512, got {seed}, {trajectories} and {size}"
        )
        raise SimError(msg)
    shards: list[list[Trajectory]] = [[]]
    number = 0
    for split, group in split_models(models.entries, seed):
        inside = group[0].category in IN_DOMAIN
        domains = ["in_domain" if inside else "unseen_category"]
        if inside and split == "test":
            domains.append("unseen_pose")
        for index, entry in enumerate(group):
            subject = Subject(entry.category, split, index, entry.number, crewed=False)
            count = max(1, trajectories // len(group) + (index < trajectories % len(group)))
            if len(shards[-1]) >= _SHARD_TRAJECTORIES:
                shards.append([])
            for domain in domains:
                for way in range(count):
                    shards[-1].append(_trajectory(seed, number, subject, domain, way))
                    number += 1
    shape = Profile("meshes", _NONE, _NONE, _NONE, 0, _NONE, _NONE)
    return MeshPlan(seed, shape, size, tuple(tuple(shard) for shard in shards), models, trajectories)


def split_models(entries: tuple[Entry, ...], seed: int) -> list[tuple[str, list[Entry]]]:
    """Models of each category and split, half of the families of a rich category in `train`.

    Returns:
        (split, models of one category), none empty, in the order of the categories' first models.
    """
    by_category: dict[str, list[Entry]] = {}
    for entry in entries:
        by_category.setdefault(entry.category, []).append(entry)
    found = []
    for category, group in by_category.items():
        families = list(dict.fromkeys(entry.family for entry in group))
        taken: set[str] = set()
        if len(families) >= FEWEST_FAMILIES:
            order = np.random.default_rng([seed, 960, zlib.crc32(category.encode())]).permutation(len(families))
            taken = {families[i] for i in order[: len(families) // 2]}
        for split in ("train", "test"):
            part = [entry for entry in group if (entry.family in taken) == (split == "train")]
            if part:
                found.append((split, part))
    return found


def _trajectory(seed: int, number: int, subject: Subject, domain: str, index: int) -> Trajectory:
    name = zlib.crc32(subject.category.encode())
    rng = np.random.default_rng(
        [seed, 961, name, SPLITS.index(subject.split), subject.index, DOMAINS.index(domain), index]
    )
    if domain != "unseen_pose":
        path = seen_path(rng)
    else:  # half of them each
        path = (high_path if (subject.index + index) % 2 == 0 else gap_path)(rng)
    walk = np.concatenate([[0.0], np.cumsum(rng.normal(0, BEARING_ERROR, VIEWS - 1))])
    bearing = wrap_all(rng.uniform(-math.pi, math.pi) + path.azimuth + walk)
    return Trajectory(number, subject, domain, index, path, bearing, np.full(VIEWS, math.nan))
