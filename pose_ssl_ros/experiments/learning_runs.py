"""Runs of learners over streams, each kept on disk when it is done, one after another or several at a time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.experiments import stream
from pose_ssl_ros.experiments.drives import Drive, DriveSpec, recorded
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.experiments.profiles import Profile
from pose_ssl_ros.experiments.run_cache import RunCache, digest
from pose_ssl_ros.experiments.stream_figures import figures, windows
from pose_ssl_ros.experiments.variants import VARIANTS, Collected, Learning, Variant, driver_of
from pose_ssl_ros.experiments.workers import workers
from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.learning.exemplars import ExemplarError
from pose_ssl_ros.learning.trainer import StartError
from pose_ssl_ros.replay.errors import ReplayError

#: Raised when what is measured changes, so that old results are not mixed with new ones.
VERSION = 1
#: Drives that models are tested on have seeds of their own.
HELD_OUT = 1000
#: A result: figures by place (`stream`, or a test drive's name) and robot seconds.
Result = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True)
class LearningExperiment:
    """What to run.

    Attributes:
        name: `online` or `forgetting`.
        start: Folder of the start model.
        out: Folder of results; drives and runs lie in it, too.
        profile: Size.
        variants: Names of `variants.VARIANTS`.
        sites: Scenarios of the stream, one after another.
        tests: Scenarios by the name under which figures on them appear.
        jobs: Runs at a time.
        fresh: Run everything again; drives stay.
    """

    name: str
    start: Path
    out: Path
    profile: Profile
    variants: tuple[str, ...]
    sites: tuple[str, ...]
    tests: Mapping[str, str]
    jobs: int = 1
    fresh: bool = False
    digest: str = ""  # of the start model, set by `run_all`

    def drives(self, seed: int) -> list[DriveSpec]:
        """The stream of a seed; a site that comes again is another drive there."""
        p = self.profile
        seconds = p.seconds if len(self.sites) == 1 else p.stretch
        return [DriveSpec(site, seed + 100 * k, seconds, p.rate) for k, site in enumerate(self.sites)]

    def test_drive(self, test: str, seed: int) -> DriveSpec:
        """A drive that nothing was learned from."""
        return DriveSpec(self.tests[test], HELD_OUT + seed, self.profile.hold_out, self.profile.rate)

    def learning(self) -> Learning:
        """How the learners are driven."""
        p = self.profile
        return Learning(self.start, p.steps_per_second, p.export_period, p.small_mib, p.min_triplets, p.export_steps)

    def settings(self, variant: str, seed: int) -> dict[str, Any]:
        """What a run depends on."""
        p = self.profile
        return {
            "version": VERSION,
            "variant": asdict(VARIANTS[variant]),
            "seed": seed,
            "drives": [spec.key for spec in self.drives(seed)],
            "tests": {name: self.test_drive(name, seed).key for name in self.tests},
            "times": list(p.times) if len(self.sites) == 1 else [],
            "window": p.window,
            "learning": self.learning().facts(),
            "start": self.digest,
        }


def model_digest(folder: Path) -> str:
    """Content of a start model in short.

    Raises:
        ExperimentError: If a file is missing.
    """
    try:
        return digest(b"".join((folder / n).read_bytes() for n in ("encoder.onnx", "encoder.safetensors")))
    except OSError as error:
        msg = f"'{folder}' is no start model: {error.filename or folder} cannot be read"
        raise ExperimentError(msg) from error


def run_all(what: LearningExperiment, tell: Tell = print) -> dict[str, dict[int, Result]]:
    """All runs, variant by variant; those that were done before are read.

    Args:
        what: The experiment.
        tell: Takes lines of progress; with several jobs their processes call it as well, so it must be picklable.

    Returns:
        Results by variant and seed.

    Raises:
        ExperimentError: If the start model cannot be used, a drive is damaged or the folder cannot be written.
    """
    what = replace(what, digest=model_digest(what.start))
    cache = RunCache(what.out / "runs", what.fresh)
    found: dict[tuple[str, int], Result] = {}
    missing = []
    for name in what.variants:
        for seed in what.profile.seeds:
            known = cache.find(_title(what, name, seed), what.settings(name, seed))
            if known is None:
                missing.append((name, seed))
            else:
                found[name, seed] = known
    if found:
        tell(f"{len(found)} of {len(found) + len(missing)} runs were done before")
    if missing:
        _record_all(what, sorted({seed for _, seed in missing}), tell)
    for (name, seed), result in _each(what, missing, tell):
        cache.keep(_title(what, name, seed), what.settings(name, seed), result)
        found[name, seed] = result
    return {name: {seed: found[name, seed] for seed in what.profile.seeds} for name in what.variants}


def _title(what: LearningExperiment, name: str, seed: int) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in name)
    return f"{what.name}-{plain}-{seed}"


def _record_all(what: LearningExperiment, seeds: Sequence[int], tell: Tell) -> None:
    specs = {}
    for seed in seeds:
        for spec in (*what.drives(seed), *(what.test_drive(name, seed) for name in what.tests)):
            specs[spec.key] = spec
    total = sum(spec.seconds for spec in specs.values())
    pace, done = _Pace(tell), 0.0
    for spec in specs.values():
        recorded(spec, what.out / "drives", lambda s, d=done: pace.tell("driving", d + s, total))  # type: ignore[misc]
        done += spec.seconds


def _each(what: LearningExperiment, runs: Sequence[tuple[str, int]], tell: Tell) -> Any:
    """Each run with its result, as they come."""
    total = len(runs) * sum(spec.seconds for spec in what.drives(0))
    if what.jobs == 1:
        pace, done = _Pace(tell), 0.0
        for k, (name, seed) in enumerate(runs):
            title = f"run {k + 1} of {len(runs)} ({name}, seed {seed})"
            result = run_one(what, name, seed, lambda s, t=title, d=done: pace.tell(t, d + s, total))  # type: ignore[misc]
            done += result["seconds"]
            yield (name, seed), result
        return
    with workers(what.jobs) as pool:
        futures = {pool.submit(_told_run, what, name, seed, tell): (name, seed) for name, seed in runs}
        began = time.monotonic()
        for k, future in enumerate(as_completed(futures), 1):
            left = (time.monotonic() - began) / k * (len(runs) - k)
            name, seed = futures[future]
            tell(f"{k} of {len(runs)} runs done ({name}, seed {seed}), about {left / 60:.0f} min left")
            yield (name, seed), future.result()


def _told_run(what: LearningExperiment, name: str, seed: int, tell: Tell) -> Result:
    """A run in a process of its own, which says itself how far it is."""
    tell(f"{name}, seed {seed}: begins")
    total, pace = sum(spec.seconds for spec in what.drives(seed)), _Pace(tell)
    return run_one(what, name, seed, lambda s: pace.tell(f"{name}, seed {seed}", s, total))


def run_one(what: LearningExperiment, name: str, seed: int, tell: Callable[[float], None] = lambda _: None) -> Result:
    """One variant over one stream, and its models on the test drives.

    Args:
        what: The experiment; its drives were recorded.
        name: The variant.
        seed: Of drives and learner.
        tell: Called with robot seconds so far.

    Raises:
        ExperimentError: If the start model cannot be used or a drive is damaged.
    """
    import torch

    torch.set_num_threads(1)  # the sums of more threads come in another order
    variant, profile = VARIANTS[name], what.profile
    root = what.out / "drives"
    drives = [recorded(spec, root) for spec in what.drives(seed)]
    began = time.monotonic()
    single = len(drives) == 1
    with tempfile.TemporaryDirectory() as folder:
        book = stream.TruthBook()
        try:
            driver = driver_of(variant, what.learning(), seed, Path(folder), book, lambda: _triplets(drives))
            found = stream.run(drives, _model(variant, what.start), driver, profile.times if single else (), tell, book)
        except (StartError, ExemplarError, ReplayError) as error:
            msg = f"the start model '{what.start}' cannot be used: {error}"
            raise ExperimentError(msg) from error
    if model_digest(what.start) != what.digest:
        msg = f"the start model '{what.start}' changed while it was used: run again"
        raise ExperimentError(msg)
    models = found.models if single else {float(k): model for k, model in enumerate(found.after, 1)}
    places: dict[str, dict[str, Any]] = {}
    if single:
        curve = windows(found.judge, profile.window, found.seconds)
        places["stream"] = {f"{at:g}": _noted(*one) for at, one in curve.items()}
    for test in what.tests:
        drive = recorded(what.test_drive(test, seed), root)
        places[test] = {f"{at:g}": _noted(*figures(j)) for at, j in tested(models, drive).items()}
    return {
        "places": places,
        "seconds": found.seconds,
        "triplets": found.triplets,
        "taught": found.taught,
        "wall_s": time.monotonic() - began,
    }


def tested(models: Mapping[float, bytes | None], drive: Drive) -> dict[float, Judge]:
    """Answers of models on a drive that none of them learned from, by their time; the same model is run once."""
    known: dict[str, Judge] = {}
    found = {}
    for at, model in models.items():
        name = digest(model or b"")
        if name not in known:
            known[name] = stream.run([drive], model, None).judge
        found[at] = known[name]
    return found


def _noted(values: Mapping[str, float], n: int) -> dict[str, Any]:
    return {**values, "n": n}


def _model(variant: Variant, start: Path) -> bytes | None:
    """What answers before anything was learned; those that learn from the start model hand over their own."""
    return (start / "encoder.onnx").read_bytes() if variant.learns == "nothing" else None


def _triplets(drives: Sequence[Drive]) -> list[Triplet]:
    collected = Collected()
    stream.run(drives, None, collected)
    return collected.triplets


class _Pace:
    """Says now and then how far it is, how fast it goes and how long it will take."""

    def __init__(self, tell: Tell, every: float = 15.0) -> None:
        self._tell = tell
        self._every = every
        self._began = self._told = time.monotonic()

    def tell(self, title: str, done: float, total: float) -> None:
        """Robot seconds done, of all."""
        now = time.monotonic()
        if now - self._told < self._every or done <= 0:
            return
        self._told = now
        rate = done / (now - self._began)
        left = (total - done) / rate / 60
        self._tell(f"{title}: {done:.0f} of {total:.0f} robot seconds, {rate:.1f} times real time, {left:.0f} min left")
