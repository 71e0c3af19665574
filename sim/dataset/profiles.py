"""How much is rendered: counts of instances and trajectories per profile."""

from __future__ import annotations

from typing import NamedTuple

from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimError

VIEWS = 7  # of a trajectory


class Share(NamedTuple):
    """Instances of each category, and trajectories of each instance."""

    instances: int
    trajectories: int


class Profile(NamedTuple):
    """What is rendered.

    With `clean`, nothing stands before an object, boxes are exact, and the camera neither blurs nor has noise.
    `test_unseen_pose` counts further trajectories of the instances of `test`.  The instances of out-of-domain
    categories in `probe` are for probes alone; no encoder may learn from them.
    """

    name: str
    train: Share
    val: Share
    test: Share
    test_unseen_pose: int
    probe: Share
    unseen: Share
    places: int = 8  # grounds and days, painted once per process
    clean: bool = False
    shard_crops: int = 2044  # at most; whole trajectories
    categories: tuple[str, ...] = catalogue.IN_DOMAIN + catalogue.OUT_OF_DOMAIN

    @property
    def in_domain(self) -> tuple[str, ...]:
        """Categories to train on that the catalogue can make."""
        return tuple(c for c in catalogue.IN_DOMAIN if c in self.categories and c in catalogue.CATEGORIES)

    @property
    def out_of_domain(self) -> tuple[str, ...]:
        """Categories kept from training that the catalogue can make."""
        return tuple(c for c in catalogue.OUT_OF_DOMAIN if c in self.categories and c in catalogue.CATEGORIES)


PROFILES = {
    # For tests: one street kind, one walker, one rider, one that stands; two unseen ones.
    "tiny": Profile(
        "tiny",
        train=Share(16, 1),
        val=Share(4, 1),
        test=Share(8, 1),
        test_unseen_pose=1,
        probe=Share(8, 1),
        unseen=Share(6, 1),
        places=2,
        shard_crops=308,
        categories=("sedan", "motorcycle", "pedestrian", "chair", "airplane", "sofa"),
    ),
    "quick": Profile(
        "quick", train=Share(60, 2), val=Share(12, 1), test=Share(24, 1), test_unseen_pose=1, probe=Share(24, 1),
        unseen=Share(24, 1),
    ),
    # The same objects on the same ways as `quick`: what is lost by all that real pictures suffer from.
    "clean": Profile(
        "clean", train=Share(60, 2), val=Share(12, 1), test=Share(24, 1), test_unseen_pose=1, probe=Share(24, 1),
        unseen=Share(24, 1), clean=True,
    ),
    "standard": Profile(
        "standard", train=Share(150, 3), val=Share(20, 2), test=Share(40, 1), test_unseen_pose=1, probe=Share(60, 2),
        unseen=Share(40, 1),
    ),
    # For the start model: test instances of `standard`, three times the shapes to learn from.
    "base": Profile(
        "base", train=Share(500, 2), val=Share(20, 2), test=Share(40, 1), test_unseen_pose=1, probe=Share(60, 2),
        unseen=Share(40, 1),
    ),
    "full": Profile(
        "full", train=Share(450, 5), val=Share(40, 2), test=Share(80, 1), test_unseen_pose=1, probe=Share(120, 2),
        unseen=Share(80, 1),
    ),
}  # fmt: skip


def profile(name: str) -> Profile:
    """A profile by its name.

    Raises:
        SimError: If there is none of that name.
    """
    if name not in PROFILES:
        msg = f"there is no profile '{name}'; the profiles are {', '.join(PROFILES)}"
        raise SimError(msg)
    return PROFILES[name]
