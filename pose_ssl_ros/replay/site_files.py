"""The files of a site model: weights, model file, exemplars, manifest and card; usable as a start model again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save

from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.learning.checkpoint import write_atomic
from pose_ssl_ros.learning.exemplars import write_exemplars
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.readout import choose_labelled
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.parameters import to_values
from pose_ssl_ros.replay.held_out import held_out
from pose_ssl_ros.replay.site_card import card
from pose_ssl_ros.replay.site_config import SiteConfig
from pose_ssl_ros.replay.triplet_store import Drive, TripletStore

WEIGHTS, MODEL = "encoder.safetensors", "encoder.onnx"
#: Least teacher weight of an exemplar.
_CLEAR = 0.5
#: An exemplar whose heading the model reads more than this away (radians) was probably taught wrong.
_AGREEMENT = 0.8


@dataclass(frozen=True)
class Origin:
    """Where a model comes from, for manifest and card.

    Attributes:
        command: What was typed, without folders of the machine.
        licence: One line.
        settings: The `SiteConfig` that was learned with.
        judged_on: Names of the recordings that the judge replays, if not those learned from.
        parent: Filled in by `learn_site`.
    """

    command: str
    licence: str
    settings: SiteConfig
    judged_on: tuple[str, ...] = ()
    parent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What the learning gave."""

    drives: tuple[Drive, ...]
    learner: OnlineLearner
    store: TripletStore
    seconds: float  # of training


def write_site_model(
    out: Path,
    outcome: Outcome,
    before: bytes | None,
    origin: Origin,
    judge: Callable[[bytes], Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """Measure the model and write its files, the manifest last.

    Args:
        out: Folder of the model.
        outcome: The learner and what it learned from.
        before: The parent's model file, to compare with; None without one.
        origin: For manifest and card.
        judge: Measures a model file on whole recordings, or None.

    Returns:
        The manifest.

    Raises:
        CheckpointError: If a file cannot be written.
    """
    learner, config = outcome.learner, outcome.learner.config
    model = learner.export()
    # After the export: it says which weights are good enough to be the site's.
    tracks = held_out(outcome.store, [d.triplets for d in outcome.drives], learner, before)
    exemplars = choose_exemplars(learner, model, origin.settings.exemplars, out.resolve().name)
    name = learner.trainer.encoder.architecture.name
    weights = save(learner.exported_weights(), {"architecture": name})
    replayed: dict[str, Any] = {}
    if judge is not None:
        replayed = {"before": None if before is None else dict(judge(before)), "after": dict(judge(model))}
    assert learner.readout is not None
    report = learner.readout.report
    manifest = {
        "version": 2,
        "architecture": name,
        "sha256": {WEIGHTS: hashlib.sha256(weights).hexdigest(), MODEL: hashlib.sha256(model).hexdigest()},
        "objective": learner.status()["objective"],
        "terms": {
            "objective": config.objective,
            "projector": config.projector,
            "trajectory_weight": config.trajectory_weight,
            "trajectory_layer": config.trajectory_layer,
            "teacher_weight": config.teacher_weight,
        },
        "command": origin.command,
        "seed": config.seed,
        "steps": learner.trainer.steps,
        "batch": config.batch,
        "rollbacks": learner.trainer.rollbacks,
        "training_seconds": round(outcome.seconds, 1),
        "parent": {key: value for key, value in origin.parent.items() if key != "parents"},
        "ancestors": origin.parent.get("parents", []),
        "licence": origin.licence,
        "data": {
            "bags": [_drive(drive) for drive in outcome.drives],
            "seconds": round(sum(d.seconds for d in outcome.drives), 1),
            "frames": sum(d.frames for d in outcome.drives),
            "triplets": sum(d.triplets for d in outcome.drives),
            "taught_by_motion": sum(d.taught for d in outcome.drives),
            "refused": learner.refused,
            "exemplars": len(exemplars),
            "exemplars_of_the_site": sum(not e.track.startswith("start/") for e in exemplars),
        },
        "heading_ready": report.ready,
        "heading_reason": report.reason,
        "metrics": {"held_out_tracks": tracks, "replayed": replayed, "replayed_on": list(origin.judged_on)},
        "settings": {k: v for k, v in to_values(origin.settings).items() if k != "learner.start"},
    }
    write_atomic(out / WEIGHTS, weights)
    if exemplars:
        write_exemplars(out, [dataclasses.replace(e, track=e.track.removeprefix("start/")) for e in exemplars])
    write_atomic(out / MODEL, model)
    write_atomic(out / "MODEL_CARD.md", card(manifest, out.resolve().name).encode())
    write_atomic(out / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    return manifest


def choose_exemplars(learner: OnlineLearner, model: bytes, most: int, name: str) -> list[Entry]:
    """Crops with a heading for the next learner: of the start model, at least half if it has them, and of the site.

    One teacher in twenty is wrong, so a crop of the site whose heading the model reads otherwise is left out.

    Args:
        learner: With the start model's exemplars and the site's triplets.
        model: Its model file.
        most: Most crops.
        name: Of the site, for the names of its tracks.
    """
    own = choose_labelled(learner.buffer.entries, most - min(len(learner.exemplars), most // 2), _CLEAR)
    if own and learner.readout is not None and learner.readout.report.ready:
        answer = Engine(model).run(np.stack([entry.crops[1] for entry in own])).azimuth
        read = np.arctan2(answer[:, 1], answer[:, 0])
        off = np.abs(np.angle(np.exp(1j * (read - np.array([entry.azimuth for entry in own])))))
        own = [entry for entry, away in zip(own, off, strict=True) if away < _AGREEMENT]
    own = [dataclasses.replace(entry, track=f"{name}/{entry.track}") for entry in own]
    return [*choose_labelled(learner.exemplars, most - len(own), 0.0), *own]


def _drive(drive: Drive) -> dict[str, Any]:
    return {
        "name": drive.name,
        "sha256": drive.fingerprint,
        "seconds": round(drive.seconds, 1),
        "frames": drive.frames,
        "triplets": drive.triplets,
        "taught_by_motion": drive.taught,
        "problems": list(drive.problems),
        "damaged": drive.damaged,
    }
