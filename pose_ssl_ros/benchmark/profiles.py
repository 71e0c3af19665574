"""How much work a benchmark is: what is rendered, how long each method is trained, which methods and seeds."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.benchmark.errors import BenchmarkError


@dataclass(frozen=True)
class Budget:
    """How much the probes see, the same for every method.

    Attributes:
        gallery: Most labelled crops that a probe is fitted to, per domain; whole instances are taken.
        queries: Most test crops per domain, whole instances too.
        pairs: Pairs that relative pose is tested on, per domain.
        pair_steps: Training steps of the pair probe.
        flip_steps: Training steps of the axis-then-flip probe.
        iterations: Most iterations of the linear probes.
        shots: Labelled instances per category in the few-shot tasks.
        draws: Draws of those that a few-shot figure is the mean of.
    """

    gallery: int
    queries: int
    pairs: int
    pair_steps: int = 200
    flip_steps: int = 200
    iterations: int = 60
    shots: tuple[int, ...] = (1, 5, 20)
    draws: int = 1


@dataclass(frozen=True)
class Profile:
    """Sizes of a benchmark; the same backbone and budget for every method.

    Attributes:
        name: `tiny`, `quick`, `standard` or `full`.
        summary: What it is for and how long it takes.
        dataset: Profile of `pose-ssl dataset render` that is rendered when no dataset is given.
        steps: Training steps of each method.
        batch: Triplets in a step.
        width: Channels of the encoder's first stage.
        depth: Further blocks of the encoder at the middle map.
        learning_rate: Peak of AdamW's.
        probes: How much the probes see.
        methods: What is compared unless asked otherwise.
        seeds: Of weights, batches and probes.
    """

    name: str
    summary: str
    dataset: str
    steps: int
    batch: int
    width: int
    depth: int
    learning_rate: float
    probes: Budget
    methods: tuple[str, ...]
    seeds: tuple[int, ...]


_OBJECTIVES = ("vicreg", "simclr", "moco", "simsiam", "byol", "barlow", "dino")
_CEILINGS = ("supervised-category", "supervised-azimuth")
_ABLATIONS = ("ours+traj", "ours-equi", "ours-motion")
_ALL = (
    "random",
    *(name + term for name in _OBJECTIVES for term in ("", "+traj")),
    "vicreg+traj@last",
    *_CEILINGS,
    "ours",
    *_ABLATIONS,
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="tiny",
            summary="for tests: seconds, figures mean nothing",
            dataset="tiny",
            steps=6,
            batch=8,
            width=8,
            depth=0,
            learning_rate=1e-3,
            probes=Budget(
                gallery=400, queries=150, pairs=100, pair_steps=10, flip_steps=10, iterations=10, shots=(1, 5)
            ),
            methods=("vicreg", "ours"),
            seeds=(0, 1),
        ),
        Profile(
            name="quick",
            summary="at most 20 minutes on two cores: the comparison that matters, short training",
            dataset="quick",
            steps=400,
            batch=32,
            width=16,
            depth=2,
            learning_rate=3e-3,
            probes=Budget(gallery=5000, queries=2500, pairs=2000),
            methods=("random", "vicreg", "vicreg+traj", "ours", "supervised-azimuth"),
            seeds=(0, 1, 2),
        ),
        Profile(
            name="standard",
            summary="about 40 minutes on two cores",
            dataset="standard",
            steps=1000,
            batch=48,
            width=16,
            depth=2,
            learning_rate=3e-3,
            probes=Budget(gallery=6000, queries=3000, pairs=3000),
            methods=("random", "vicreg", "vicreg+traj", "ours", "supervised-azimuth"),
            seeds=(0, 1, 2),
        ),
        Profile(
            name="full",
            summary="all methods; for a GPU, a night of about 12 hours on two cores",
            dataset="full",
            steps=4000,
            batch=64,
            width=16,
            depth=2,
            learning_rate=3e-3,
            probes=Budget(gallery=40000, queries=10000, pairs=10000, pair_steps=800, flip_steps=400, draws=3),
            methods=_ALL,
            seeds=(0, 1, 2),
        ),
    )
}


def profile(name: str) -> Profile:
    """A profile by its name.

    Raises:
        BenchmarkError: If there is none of that name.
    """
    if name not in PROFILES:
        msg = f"there is no profile '{name}'; there are: {', '.join(PROFILES)}"
        raise BenchmarkError(msg)
    return PROFILES[name]
