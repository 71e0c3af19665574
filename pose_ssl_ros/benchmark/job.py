"""One run: train a method with one seed, measure it, keep both."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pose_ssl_ros.benchmark.cache import RunCache, write
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.features import extract
from pose_ssl_ros.benchmark.illustration import PROJECTED, QUERIES, Illustration, nearest, planes, spread
from pose_ssl_ros.benchmark.methods import method
from pose_ssl_ros.benchmark.parts import Parts
from pose_ssl_ros.benchmark.profiles import Budget
from pose_ssl_ros.benchmark.tasks import Task, measure
from pose_ssl_ros.benchmark.telling import say, teller
from pose_ssl_ros.benchmark.training import Training, train, untrained
from pose_ssl_ros.benchmark.weights import Trained, read_trained, write_trained
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.datasets.triplets import TripletSampler
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.objectives.terms import Terms


@dataclass(frozen=True)
class Job:
    """A method and a seed, and what its result depends on.

    Attributes:
        name: Method, or `READY` with weights.
        seed: Of weights, batches, draws and probes.
        steps, batch, learning_rate: Of the training.
        architecture: Of the encoder.
        budget: Of the probes.
        dataset: Hash of the dataset.
        weights: Ready weights that are measured instead of a training.
        illustrated: Whether pictures are made of this run.
    """

    name: str
    seed: int
    steps: int
    batch: int
    learning_rate: float
    architecture: Architecture
    budget: Budget
    dataset: str
    weights: Path | None
    illustrated: bool

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.name}, seed {self.seed}"

    @property
    def terms(self) -> Terms | None:
        """What it minimises; None if nothing is trained."""
        return None if self.weights is not None else method(self.name).terms

    @property
    def own_head(self) -> bool:
        """Whether an own azimuth head is measured."""
        return self.weights is not None or method(self.name).own_head

    @property
    def training(self) -> Training:
        """The training as the trainer takes it."""
        terms = self.terms or Terms(trajectory_weight=0.0)
        return Training(terms, self.architecture, self.steps, self.batch, self.learning_rate, self.seed)

    def cache(self, root: Path) -> RunCache:
        """Where its results lie."""
        tasks = {"dataset": self.dataset, "seed": self.seed, "own_head": self.own_head, "budget": asdict(self.budget)}
        made: dict[str, Any]
        if self.weights is not None:
            made = {"weights": _sha256(self.weights)}
        elif self.terms is None:
            made = {"untrained": asdict(self.architecture), "seed": self.seed}
        else:
            made = {"dataset": self.dataset, **self.training.facts()}
        return RunCache(root, made, tasks)

    def done(self, root: Path) -> bool:
        """Whether its results are there already."""
        cache = self.cache(root)
        return cache.read() is not None and (not self.illustrated or cache.illustration.exists())


def run(job: Job, dataset: Dataset, parts: Parts, root: Path, device: torch.device) -> None:
    """Do a job; what is there of it is kept.

    Raises:
        BenchmarkError: If it cannot be trained, or the disk is full.
        DatasetError: If crops cannot be read.
        ProbeError: If the features are of no use.
    """
    cache = job.cache(root)
    began = time.monotonic()
    trained = _trained(job, dataset, cache, device)
    train_seconds = time.monotonic() - began
    say(f"{job.title}: measuring")
    positions = np.unique(np.concatenate([np.zeros(0, np.int64), *parts.train.values(), *parts.test.values()]))
    features = extract(trained, dataset.where(positions), device)
    if not (np.isfinite(features.last).all() and np.isfinite(features.middle).all()):
        msg = f"{job.title}: the features are not finite"
        raise BenchmarkError(msg)
    task = Task(dataset, positions, features, job.budget, job.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.seed)
        measures = measure(task, parts, job.own_head)
    if job.illustrated:
        illustrate(task, parts).write(cache.illustration)
    facts = {
        "method": job.name,
        "seed": job.seed,
        "device": str(device),
        "training_seconds": round(train_seconds, 1),
        "measuring_seconds": round(time.monotonic() - began - train_seconds, 1),
    }
    cache.write(measures, facts)


def _trained(job: Job, dataset: Dataset, cache: RunCache, device: torch.device) -> Trained:
    """The encoder: ready, untrained, trained before, or trained now."""
    if job.weights is not None:
        return read_trained(job.weights)
    if job.terms is None:
        return Trained(untrained(job.training, 0).encoder.eval(), None)
    if cache.weights.exists():
        return read_trained(cache.weights, job.architecture)
    learned = dataset.part("train", "in_domain")
    checkpoint = cache.folder / "checkpoint.safetensors"
    sampler = TripletSampler(learned, job.seed)
    model, curve = train(learned, sampler, job.training, device, checkpoint, teller(job.title))
    write(cache.folder / "curve.json", json.dumps(curve, indent=1) + "\n")
    write_trained(cache.weights, model.parts())
    checkpoint.unlink(missing_ok=True)
    return read_trained(cache.weights, job.architecture)


def illustrate(task: Task, parts: Parts) -> Illustration:
    """Neighbours of some test crops among labelled ones, and some test crops on a plane."""
    queries, neighbours = {}, {}
    facts = task.dataset
    for domain, train_rows, test in parts.pairs():
        if domain == "unseen_category_transfer" and "unseen_category" in queries:
            continue
        chosen = test[spread(facts.category[test], facts.azimuth[test], QUERIES)]
        middle = task.features.middle
        # Without the mean that all share, cosines tell differences; the kNN probe does the same.
        centre = middle[task.places(train_rows)].mean(0)
        near = nearest(middle[task.places(chosen)] - centre, middle[task.places(train_rows)] - centre)
        queries[domain], neighbours[domain] = chosen, train_rows[near]
    test = next((rows for domain, rows in parts.test.items() if domain == "in_domain"), np.zeros(0, np.int64))
    if not len(test):
        test = next(iter(parts.test.values()), test)
    some = np.sort(np.random.default_rng(0).permutation(test)[:PROJECTED])
    places = task.places(some)
    return Illustration(queries, neighbours, some, planes(task.features.last[places], task.features.middle[places]))


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        msg = f"weights {path} cannot be read: {error.strerror or error}"
        raise BenchmarkError(msg) from error
