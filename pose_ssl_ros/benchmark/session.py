"""A whole benchmark: jobs that are missing are done, rows are averaged, the report is written."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pose_ssl_ros.benchmark import data
from pose_ssl_ros.benchmark.batches import missing
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.illustration import Illustration, read_illustration
from pose_ssl_ros.benchmark.job import Job
from pose_ssl_ros.benchmark.measures import Measure
from pose_ssl_ros.benchmark.methods import READY, methods
from pose_ssl_ros.benchmark.parts import choose
from pose_ssl_ros.benchmark.profiles import Profile
from pose_ssl_ros.benchmark.report import write_report
from pose_ssl_ros.benchmark.rows import Row, aggregate
from pose_ssl_ros.benchmark.table import Table
from pose_ssl_ros.benchmark.telling import say
from pose_ssl_ros.benchmark.weights import read_trained
from pose_ssl_ros.benchmark.workers import Setting, run_all
from pose_ssl_ros.datasets.dataset import Dataset, DatasetError
from pose_ssl_ros.datasets.triplets import TripletSampler
from pose_ssl_ros.learning.encoder import Architecture


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        source: Folder or CSV of the dataset.
        profile: See `profiles`.
        methods: Names; empty takes the profile's, or with weights none but these.
        seeds: Empty takes the profile's.
        out: Folder of the report and of the cache.
        jobs: Runs at a time.
        threads: Of each.
        device: Name of a torch device, or `auto`.
        fresh: Forget what is there of these runs.
        weights: Ready weights to measure, or None.
        command: What was typed.
    """

    source: Path
    profile: Profile
    methods: tuple[str, ...]
    seeds: tuple[int, ...]
    out: Path
    jobs: int = 2
    threads: int = 1
    device: str = "auto"
    fresh: bool = False
    weights: Path | None = None
    command: str = ""


@dataclass(frozen=True)
class Outcome:
    """Rows, tables (summary first), and titles of runs that failed with the reason."""

    rows: list[Row]
    tables: list[Table]
    failed: dict[str, str]


def benchmark(request: Request) -> Outcome:
    """Run a benchmark; a run that is in the cache is not repeated.

    Raises:
        BenchmarkError: If nothing can be run as asked, or every run failed; the text says why.
        DatasetError: If the dataset cannot be read.
    """
    began = time.monotonic()
    methods(request.methods)  # an unknown name is told before anything is read
    size = _size(request)
    dataset = data.read(request.source, size, request.out / "cache", say)
    if not len(dataset):
        msg = f"{request.source} holds no crops"
        raise BenchmarkError(msg)
    parts = choose(dataset, request.profile.probes)
    if not any(True for _ in parts.pairs()):
        reason = "; ".join(parts.notes) or "there are no test crops"
        msg = f"{request.source} has nothing to measure: it needs crops of the splits train and test ({reason})"
        raise BenchmarkError(msg)
    notes = list(parts.notes)
    wanted = _wanted(request, dataset, notes)
    for note in notes:
        say(f"note: {note}")
    root = request.out / "cache"
    with _locked(request.out):
        jobs = _jobs(request, wanted, dataset)
        if request.fresh:
            _forget(jobs, root)
        left = [job for job in jobs if not job.done(root)]
        say(f"{len(jobs)} runs ({len(jobs) - len(left)} are in the cache): {', '.join(wanted)}")
        setting = Setting(request.source, size, root, request.device, request.threads)
        failed = run_all(left, setting, request.jobs)
        runs: dict[tuple[str, int], list[Measure]] = {}
        held: dict[str, Illustration] = {}
        for job in jobs:
            measures = job.cache(root).read()
            if measures is not None:
                runs[job.name, job.seed] = measures
                illustration = read_illustration(job.cache(root).illustration) if job.illustrated else None
                if illustration is not None:
                    held[job.name] = illustration
        if not runs:
            msg = "every run failed: " + "; ".join(f"{title}: {error}" for title, error in failed.items())
            raise BenchmarkError(msg)
        rows = aggregate(runs)
        lines = _lines(request, dataset, notes, failed)
        say("writing tables and pictures")
        tables = write_report(request.out, rows, lines, dataset, held)
    say(f"{request.out / 'benchmark.json'}: {len(rows)} rows in {(time.monotonic() - began) / 60:.1f} min")
    return Outcome(rows, tables, failed)


def _size(request: Request) -> int:
    """Side of the crops that are cut from a CSV's images: what the ready weights read."""
    if request.weights is None:
        return Architecture().size
    return read_trained(request.weights).encoder.architecture.size


def _wanted(request: Request, dataset: Dataset, notes: list[str]) -> list[str]:
    """Names of what is run; methods that need triplets are refused or left out where there are none."""
    ready = [READY] if request.weights is not None else []
    names = request.methods or (() if ready else request.profile.methods)
    asked = methods(names)
    reason = _cannot_train(dataset)
    if reason and any(method.terms is not None for method in asked):
        if request.methods:
            trained = ", ".join(method.name for method in asked if method.terms is not None)
            msg = f"{trained} cannot be trained: {reason}; `random` and --weights can be measured"
            raise BenchmarkError(msg)
        notes.append(f"nothing is trained: {reason}")
        asked = [method for method in asked if method.terms is None] or methods(["random"])
    learned = dataset.part("train", "in_domain")
    for chosen in asked:
        notes += [f"{chosen.name}: {text}" for text in missing(learned, chosen.terms)] if chosen.terms else []
    return ready + [method.name for method in asked]


def _cannot_train(dataset: Dataset) -> str:
    """Why there are no triplets to train on; empty if there are."""
    try:
        TripletSampler(dataset.part("train", "in_domain"), 0)
    except DatasetError as error:
        return str(error)
    return ""


def _jobs(request: Request, wanted: Sequence[str], dataset: Dataset) -> list[Job]:
    """One per method and seed, all methods of a seed before the next seed."""
    profile = request.profile
    seeds = request.seeds or profile.seeds
    size = int(dataset.crops([0]).shape[1])
    architecture = Architecture(size, profile.width, depth=profile.depth)
    if request.weights is not None:
        found = read_trained(request.weights).encoder.architecture
        if found.size != size:
            msg = f"weights {request.weights} read crops of {found.size} px, the dataset has {size} px"
            raise BenchmarkError(msg)
    digest = data.digest(dataset, request.source)
    first = Job(
        name="",
        seed=0,
        steps=profile.steps,
        batch=profile.batch,
        learning_rate=profile.learning_rate,
        architecture=architecture,
        budget=profile.probes,
        dataset=digest,
        weights=None,
        illustrated=False,
    )
    return [
        replace(
            first,
            name=name,
            seed=seed,
            weights=request.weights if name == READY else None,
            illustrated=seed == seeds[0],
        )
        for seed in seeds
        for name in wanted
    ]


def _forget(jobs: Sequence[Job], root: Path) -> None:
    """Remove what is there of the runs."""
    for job in jobs:
        folder = job.cache(root).folder
        for path in folder.glob("*") if folder.is_dir() else ():
            path.unlink(missing_ok=True)


def _lines(request: Request, dataset: Dataset, notes: Sequence[str], failed: dict[str, str]) -> list[str]:
    """What stands above the tables."""
    profile = request.profile
    seeds = request.seeds or profile.seeds
    lines = [f"Command: `{request.command}`"] if request.command else []
    lines += [
        f"Profile `{profile.name}`: {profile.summary}.",
        f"{profile.steps} steps of {profile.batch} triplets, encoder of width {profile.width}, AdamW at "
        f"{profile.learning_rate:g}; the same for every method.",
        f"Dataset: {len(dataset):,} crops, {len(dataset.categories)} categories. "
        f"Seeds: {', '.join(map(str, seeds))}; ± is the standard deviation between them.",
    ]
    lines += [f"Note: {note}." for note in notes]
    return lines + [f"Failed: {title}: {error}" for title, error in failed.items()]


@contextlib.contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Keep two benchmarks from writing the same folder.

    Raises:
        BenchmarkError: If one is at it, or the folder cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / ".lock").open("w")
    except OSError as error:
        msg = f"cannot write into {out}: {error.strerror or error}"
        raise BenchmarkError(msg) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"another benchmark writes into {out}; wait for it or give another --out"
            raise BenchmarkError(msg) from error
        yield
