"""The benchmark's winner as a start model: `encoder.safetensors`, `encoder.onnx`, exemplars, manifest and card.

Trained by the loop that the benchmark trains with, without labels: what it reads beside pixels is which crops
follow each other, how odometry turned the view, and where moving objects went.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from pose_ssl_ros.benchmark.batches import missing
from pose_ssl_ros.benchmark.training import Progress, Training, train
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.datasets.triplets import TripletSampler
from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.learning.checkpoint import write_atomic
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.exemplars import write_exemplars
from pose_ssl_ros.learning.objectives.combined import Combined
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.readout import choose_labelled
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.viewpoint import HEADINGS

#: Labelled crops that the model brings along; more make each export on the robot slower.
EXEMPLARS = 400
#: Taught crops that exemplars are chosen from.
_CANDIDATES = 6000
#: Confidence that an exemplar counts with, as a clear track's on the robot.
_WEIGHT = 0.9
#: An exemplar whose heading the network reads more than this away (radians) was probably taught wrong.
_AGREEMENT = 0.8
_CHUNK = 256


def make_start_model(
    dataset: Dataset, training: Training, out: Path, command: str, origin: str, tell: Callable[[Progress], None]
) -> dict[str, Any]:
    """Train a start model and write its files.

    Args:
        dataset: Its train split (in domain) is trained on; its test split judges the model.
        training: Terms, sizes and seed.
        out: Folder of the model.
        command: What was typed; goes into the manifest.
        origin: The dataset in a sentence, for the card.
        tell: Called after each step.

    Returns:
        The manifest.

    Raises:
        BenchmarkError: If the loss stays not finite.
        DatasetError: If crops cannot be read or give no triplets.
        CheckpointError: If a file cannot be written.
    """
    part = dataset.part("train", "in_domain")
    for text in missing(part, training.terms):
        print(f"note: {text}", flush=True)
    sampler = TripletSampler(part, training.seed)
    out.mkdir(parents=True, exist_ok=True)
    unfinished = out / "training.safetensors"
    model, curve = train(part, sampler, training, torch.device("cpu"), unfinished, tell)
    manifest = write_start_model(dataset, training, model, curve, out, command, origin)
    unfinished.unlink(missing_ok=True)
    return manifest


def write_start_model(
    dataset: Dataset,
    training: Training,
    model: Combined,
    curve: Sequence[dict[str, float]],
    out: Path,
    command: str,
    origin: str,
) -> dict[str, Any]:
    """Write the files of trained networks; arguments and errors as of `make_start_model`."""
    part = dataset.part("train", "in_domain")
    exemplars = choose_exemplars(_teaching(dataset), model, training.seed)
    others = choose_others(part, training.seed)
    name = training.architecture.name
    weights = save(
        {f"weights.{k}": v.detach().cpu().contiguous() for k, v in model.parts().state_dict().items()},
        {"architecture": name},
    )
    write_atomic(out / "encoder.safetensors", weights)
    if exemplars:
        write_exemplars(out, exemplars)
    model_file = _with_probes(training, out, others)
    write_atomic(out / "encoder.onnx", model_file)
    manifest = {
        "version": 2,
        "architecture": name,
        "sha256": {
            "encoder.safetensors": hashlib.sha256(weights).hexdigest(),
            "encoder.onnx": hashlib.sha256(model_file).hexdigest(),
        },
        "objective": describe(training),
        "terms": asdict(training.terms),
        "command": command,
        "seed": training.seed,
        "steps": training.steps,
        "batch": training.batch,
        "data": {
            "origin": origin,
            "categories": sorted({dataset.categories[c] for c in np.unique(part.category) if c >= 0}),
            "crops": len(part),
            "instances": len(np.unique(part.instance)),
            "trajectories": len(np.unique(part.trajectory[part.trajectory >= 0])),
            "taught_by_motion": int(np.isfinite(part.motion).sum()),
            "exemplars": len(exemplars),
            "lacking": missing(part, training.terms),
        },
        "losses": curve[-1] if curve else {},
        "metrics": judge(model_file, dataset),
    }
    write_atomic(out / "MODEL_CARD.md", card(manifest).encode())
    write_atomic(out / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    return manifest


def _teaching(dataset: Dataset) -> Dataset:
    """Crops that exemplars are chosen from: of instances that did not shape the encoder, if motion told of any."""
    held_out = dataset.part("val", "in_domain")
    return held_out if np.isfinite(held_out.motion).any() else dataset.part("train", "in_domain")


def describe(training: Training) -> str:
    """The loss in one line."""
    t = training.terms
    parts = [t.objective]
    for weight, what in (
        (t.trajectory_weight, f"traj@{t.trajectory_layer}"),
        (t.teacher_weight, "teacher"),
        (t.equivariance_weight, "equivariance"),
    ):
        if weight:
            parts.append(f"{weight:g}*{what}")
    return "+".join(parts)


def choose_exemplars(part: Dataset, model: Combined, seed: int) -> list[Entry]:
    """Crops whose motion told their heading, spread over headings and tracks.

    One teacher in twenty is wrong, so a crop whose heading the trained network reads otherwise is left out.
    """
    taught = np.flatnonzero(np.isfinite(part.motion))
    random = np.random.default_rng(seed)
    taught = random.permutation(taught)[:_CANDIDATES]
    entries = []
    for start in range(0, len(taught), _CHUNK):
        rows = taught[start : start + _CHUNK]
        crops = part.crops(rows)
        with torch.no_grad():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float()
            chances = torch.softmax(model.heading_logits(model.encoder.middle(pixels)), 1).numpy()
        angles = (np.arange(chances.shape[1]) + 0.5) * (2 * np.pi / chances.shape[1])
        read = np.arctan2(chances @ np.sin(angles), chances @ np.cos(angles))
        off = np.abs(np.angle(np.exp(1j * (read - part.motion[rows]))))
        for crop, row in zip(crops[off < _AGREEMENT], rows[off < _AGREEMENT], strict=True):
            track = f"{part.instance[row]}/{part.trajectory[row]}"
            entries.append(Entry(track, np.repeat(crop[None], 3, 0), float(part.motion[row]), _WEIGHT, 0, int(row)))
    return choose_labelled(entries, EXEMPLARS, 0.5)


def choose_others(part: Dataset, seed: int) -> list[Entry]:
    """Crops of many tracks without any heading: what identity is read from where motion taught nothing."""
    rows = np.random.default_rng(seed).permutation(len(part))[:EXEMPLARS]
    crops = part.crops(rows)
    tracks = [f"{part.instance[row]}/{part.trajectory[row]}" for row in rows]
    return [
        Entry(track, np.repeat(crop[None], 3, 0), 0.0, 0.0, 0, int(row))
        for track, crop, row in zip(tracks, crops, rows, strict=True)
    ]


def judge(model_file: bytes, dataset: Dataset) -> dict[str, dict[str, float]]:
    """The model file's own answers to test crops by domain; nothing in it was fitted to labels."""
    engine = Engine(model_file)
    found = {}
    for domain in ("in_domain", "unseen_pose", "unseen_category"):
        test = dataset.part("test", domain)
        test = test.where(np.isfinite(test.azimuth))
        if not len(test):
            continue
        azimuth, heading = [], []
        for start in range(0, len(test), _CHUNK):
            answer = engine.run(test.crops(np.arange(start, min(start + _CHUNK, len(test)))))
            azimuth.append(np.arctan2(answer.azimuth[:, 1], answer.azimuth[:, 0]))
            heading.append(answer.heading.argmax(1))
        figures = pose_figures(test.azimuth, np.concatenate(azimuth), np.concatenate(heading))
        keys = ("within_30", "front_back", "median_error_deg", "unknown", "toward_away", "toward_away_answered")
        found[domain] = {"n": float(len(test)), **{key: round(float(figures[key]), 4) for key in keys}}
    return found


def _with_probes(training: Training, out: Path, others: list[Entry]) -> bytes:
    """The model that a learner without any site of its own would export; without exemplars it says `unknown`."""
    a = training.architecture
    config = LearnerConfig(
        size=a.size,
        width=a.width,
        depth=a.depth,
        objective=training.terms.objective,
        trajectory_weight=training.terms.trajectory_weight,
        teacher_weight=training.terms.teacher_weight,
        projector=training.terms.projector,
        seed=training.seed,
        start=str(out / "encoder.safetensors"),
    )
    with tempfile.TemporaryDirectory() as folder:
        learner = OnlineLearner(config, Path(folder))
        if not learner.exemplars:
            learner.buffer.restore(others, len(others))
        return learner.export()


def card(manifest: dict[str, Any]) -> str:
    """The model card in Markdown."""
    data = manifest["data"]
    rows = "\n".join(
        f"| {domain} | {int(m['n'])} | {100 * m['within_30']:.1f} | {100 * m['front_back']:.1f} | "
        f"{m['median_error_deg']:.1f} | {100 * m['toward_away_answered']:.1f} | {100 * m['unknown']:.1f} |"
        for domain, m in manifest["metrics"].items()
    )
    return f"""# Start model `{manifest["architecture"]}`

A small encoder for object crops (uint8 RGB) that keeps how an object stands. The learner node starts from
`encoder.safetensors`, adapts it on the robot, and fits its heading probe to `exemplars.jpg` (crops with the heading
that their motion told, in `exemplars.json`) beside what the site teaches. `encoder.onnx` carries the same encoder with
both probes and runs by itself (`inference_node --ros-args -p model_path:=.../encoder.onnx`).

- **Objective**: {manifest["objective"]}, {manifest["steps"]} steps of {manifest["batch"]} triplets, seed
  {manifest["seed"]}. No labels: headings come from how objects moved (a stand-in for the motion teacher: half of the
  trajectories of what moves, 8 degrees of error, one in 25 reversed), turns from odometry.
- **Data**: {data["crops"]} crops of {data["instances"]} instances on {data["trajectories"]} trajectories of
  {len(data["categories"])} categories ({", ".join(data["categories"])}); {data["taught_by_motion"]} crops were
  taught by motion. {data["origin"]}
- **Measured** on test instances, headings ({", ".join(HEADINGS)}) as the model file answers them, nothing fitted to
  labels, one seed, in percent and degrees:

| domain | crops | within 30° | front/back | median error | toward/away, unknown counts as wrong | unknown |
|---|---|---|---|---|---|---|
{rows}

- **Command**: `{manifest["command"]}`
- **Limits**: it has seen renders only. Of categories it never saw it tells heading poorly until the site teaches it,
  and says `unknown` less often than it should. Chairs and other things that never move were never taught a heading.
- **Licence**: Apache-2.0.
"""
