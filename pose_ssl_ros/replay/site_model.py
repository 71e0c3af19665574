"""A site model: a start model that has learned from recordings, with the files that a start model has.

Three stages, each of which survives a kill: the recordings are gone through once for their triplets
(`triplet_store`), the learner learns from these (`site_training`), the model is measured and written
(`site_files`).  Until then everything lies in `unfinished/` in the model's folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from pose_ssl_ros.learning.checkpoint import write_atomic
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.start import check
from pose_ssl_ros.modelfile import ModelFileError, read_version
from pose_ssl_ros.parameters import ParameterError, to_values
from pose_ssl_ros.replay.errors import ReplayError
from pose_ssl_ros.replay.site_config import SiteConfig
from pose_ssl_ros.replay.site_files import WEIGHTS, Origin, Outcome, write_site_model
from pose_ssl_ros.replay.site_training import SiteProgress, train
from pose_ssl_ros.replay.triplet_store import Drive, Source, TripletStore

WORK = "unfinished"
#: Rises when triplets or training change, so that work of an older version is not gone on with.
_FORMAT = 1
#: Gives figures of a model file, by name; for the card.
Judge = Callable[[bytes], Mapping[str, Any]]


@dataclass(frozen=True)
class Parent:
    """The model that is learned from.

    Attributes:
        folder: Where it lies; None for random weights.
        sha256: Of its weights' file.
        model: Its ONNX file, if there is one.
        manifest: Its manifest, empty without one.
    """

    folder: Path | None = None
    sha256: str = ""
    model: bytes | None = None
    manifest: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def version(self) -> int:
        """Number of its model file."""
        if self.model is None:
            return 0
        with contextlib.suppress(ModelFileError):
            return read_version(self.model).version
        return 0


@dataclass
class Listener:
    """What is told on the way; each does nothing by default."""

    harvest: Callable[[int, int, int], None] = lambda bag, frames, triplets: None
    training: Callable[[SiteProgress], None] = lambda progress: None
    say: Callable[[str], None] = lambda words: None


def read_parent(folder: Path, config: SiteConfig) -> tuple[Parent, SiteConfig]:
    """A start model, and the settings that fit it: its sizes, and its objective and projector.

    Args:
        folder: Of the start model, with `encoder.safetensors`.
        config: What was asked for; sizes are replaced, the objective is where it was left at its default.

    Raises:
        ReplayError: If it cannot be used.
    """
    path = folder / WEIGHTS
    try:
        with safe_open(path, "np") as file:
            name = (file.metadata() or {}).get("architecture", "unknown")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, SafetensorError) as error:
        msg = f"'{folder}' is no start model: {path.name} cannot be read ({error})"
        raise ReplayError(msg) from error
    found = re.fullmatch(r"resnet-gn-(\d+)px-w(\d+)-g8(?:-d(\d+))?", name)
    if found is None:
        msg = f"'{path}' is of architecture '{name}', which this version does not know"
        raise ReplayError(msg)
    size, width, depth = (int(text or 0) for text in found.groups())
    model = folder / "encoder.onnx"
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
    except (OSError, ValueError):
        manifest = {}
    manifest = manifest if isinstance(manifest, dict) else {}
    learner = dataclasses.replace(config.learner, size=size, width=width, depth=depth, start=str(path))
    terms, default = manifest.get("terms", {}), LearnerConfig()
    for item in ("objective", "projector", "trajectory_layer"):
        if item in terms and getattr(learner, item) == getattr(default, item):
            learner = dataclasses.replace(learner, **{item: terms[item]})
    config = dataclasses.replace(config, learner=learner, triplet=dataclasses.replace(config.triplet, size=size))
    try:
        check(config.learner)
    except (ParameterError, TypeError) as error:
        msg = f"the start model in '{folder}' cannot be used: {error}"
        raise ReplayError(msg) from error
    return Parent(folder, sha256, model.read_bytes() if model.is_file() else None, manifest), config


def learn_site(
    sources: Sequence[Source],
    out: Path,
    parent: Parent,
    config: SiteConfig,
    origin: Origin,
    judge: Judge | None = None,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """Learn a site model and write its files; goes on with what a killed run left in the folder.

    Args:
        sources: The recordings, in their order.
        out: Folder of the model.
        parent: What is learned from, by `read_parent`; `Parent()` for random weights.
        config: The settings, by `read_parent`.
        origin: What goes into manifest and card beside the results.
        judge: Measures a model on whole recordings, or None.
        listener: Is told how far it is.

    Returns:
        The manifest.

    Raises:
        ReplayError: If there is nothing to learn from, or the folder holds something that would be lost.
        CheckpointError: If the disk is full; the same call goes on later.
    """
    hear = listener or Listener()
    torch.set_num_threads(config.threads)
    work = out / WORK
    plan = _plan(sources, parent, config)
    with _alone(out):
        begin_or_go_on(out, plan)
        hear.say(f"going through {len(sources)} recording{'s' * (len(sources) > 1)} for triplets")
        store = TripletStore(work / "triplets", _digest([_FORMAT, to_values(config.triplet)]))
        drives = []
        for number, source in enumerate(sources):
            drives.append(store.harvest(number, source, partial(hear.harvest, number)))
            if not drives[-1].frames:
                hear.say(f"{source.name} is left out: {'; '.join(drives[-1].problems) or 'it has no picture'}")
        _refuse_nothing(drives)
        learner = OnlineLearner(config.learner, work / "checkpoint")
        if learner.load():
            hear.say(f"going on at step {learner.trainer.steps}")
        seconds = train(learner, store, drives, config, hear.training)
        # A kill may come between handing out a number and the end.
        learner.version = parent.version
        hear.say("measuring and writing the model")
        outcome = Outcome(tuple(drives), learner, store, seconds)
        origin = dataclasses.replace(origin, parent=_card(parent))
        manifest = write_site_model(out, outcome, parent.model, origin, judge)
        # A kill while files are removed must not leave half of the work to be gone on with.
        shutil.rmtree(done := out / f".{WORK}.done", ignore_errors=True)
        work.rename(done)
        shutil.rmtree(done)
    return manifest


def begin_or_go_on(out: Path, plan: Mapping[str, Any]) -> bool:
    """Make the folder of unfinished work, or check that what is there was begun with the same plan.

    Returns:
        Whether there was unfinished work.

    Raises:
        ReplayError: If there is a finished model, or work of another plan.
    """
    path = out / WORK / "plan.json"
    try:
        begun = json.loads(path.read_bytes())
    except FileNotFoundError:
        begun = None
    except (OSError, ValueError) as error:
        msg = f"'{path}' is damaged ({error}): begin anew with --fresh"
        raise ReplayError(msg) from error
    if begun is None:
        if (out / WEIGHTS).exists():
            msg = f"'{out}' already holds a model: choose another folder, or replace it with --fresh"
            raise ReplayError(msg)
        write_atomic(path, json.dumps(plan, indent=1).encode())
        return False
    odd = sorted(name for name in {*plan, *begun} if begun.get(name) != plan.get(name))
    if odd:
        what = ", ".join(odd)
        msg = f"the unfinished work in '{out / WORK}' was begun with other {what}: give the same, or --fresh"
        raise ReplayError(msg)
    return True


def set_aside(out: Path) -> Path | None:
    """Move a model folder, finished or not, to a name beside it; None if there was none."""
    if not out.exists():
        return None
    number = 1
    while (target := out.with_name(f"{out.name}.old-{number}")).exists():
        number += 1
    out.rename(target)
    return target


def _plan(sources: Sequence[Source], parent: Parent, config: SiteConfig) -> dict[str, Any]:
    """What must be equal for work to be gone on with, in the words that an error names."""
    settings = {name: value for name, value in to_values(config).items() if name != "learner.start"}
    return {
        "version of the software": _FORMAT,
        "bags": [source.fingerprint for source in sources],
        "start model": parent.sha256,
        "settings": settings,
    }


def _refuse_nothing(drives: Sequence[Drive]) -> None:
    if any(drive.triplets for drive in drives):
        return
    reasons = "; ".join(f"{d.name}: {d.frames} frames{''.join(f', {p}' for p in d.problems)}" for d in drives)
    msg = f"there is nothing to learn from: no object was seen from three adjacent views ({reasons})"
    raise ReplayError(msg)


def _card(parent: Parent) -> dict[str, Any]:
    """What is written down of the parent."""
    if parent.folder is None:
        return {"name": "random weights"}
    return {
        "name": parent.folder.resolve().name,
        "sha256": parent.sha256,
        "version": parent.version,
        "objective": parent.manifest.get("objective", ""),
        "parents": [*parent.manifest.get("ancestors", []), parent.sha256],
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """One process at a time writes into a folder.

    Raises:
        ReplayError: If another one does.
    """
    out.mkdir(parents=True, exist_ok=True)
    handle = os.open(out, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another process is learning into '{out}'"
            raise ReplayError(msg) from error
        yield
    finally:
        os.close(handle)
