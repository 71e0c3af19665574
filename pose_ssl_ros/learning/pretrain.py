"""A start model from recorded drives: the online learner's own steps, made offline on much more.

No labels: `L_sem + lambda L_traj` on triplets, and the teacher term on headings that motion named.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.learning.checkpoint import write_atomic
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.drives import read_drive
from pose_ssl_ros.learning.exemplars import write_exemplars
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.readout import choose_labelled
from pose_ssl_ros.probing.features import CELLS
from pose_ssl_ros.probing.heading_head import bin_centres
from pose_ssl_ros.viewpoint import azimuth_from_scores, heading_of

#: One drive in this many is never trained on; its instances judge the model.
HELD_OUT = 8
#: Labelled crops that the model brings along; more made the probe no better and each export slower.
EXEMPLARS = 400
_PEAK_RATE = 2e-3
_TEACHER_WEIGHT = 25.0
_WARM_UP = 0.05  # share of the steps


def pretrain(drives: Sequence[Path], out: Path, steps: int, seed: int, threads: int, command: str) -> dict[str, Any]:
    """Train a start model and write `encoder.safetensors`, `encoder.onnx`, `manifest.json`, `MODEL_CARD.md`.

    Args:
        drives: Files of `drives.write_drive`; every eighth is held out.
        out: Folder of the model.
        steps: Training steps.
        seed: Of weights and batches.
        threads: Torch threads.
        command: What was typed; goes into the manifest.

    Returns:
        The manifest.

    Raises:
        DriveError: If a file cannot be read.
        CheckpointError: If the model cannot be written.
    """
    torch.set_num_threads(threads)
    held_out = [path for index, path in enumerate(drives) if index % HELD_OUT == HELD_OUT - 1]
    config = LearnerConfig(
        seed=seed, batch=48, replay_mib=4096.0, learning_rate=_PEAK_RATE, teacher_weight=_TEACHER_WEIGHT
    )
    with tempfile.TemporaryDirectory() as folder:
        learner = OnlineLearner(config, Path(folder))
        for path in drives:
            if path not in held_out:
                learner.add(list(read_drive(path)))
        print(f"{learner.buffer.added} triplets of {learner.buffer.tracks} tracks", flush=True)
        tracks = learner.buffer.tracks
        losses = _train(learner, steps)
        judged = [t for path in held_out for t in read_drive(path)]
        metrics = held_out_accuracy(learner, judged)
        print(f"held-out drives: {metrics}", flush=True)
        exemplars = choose_labelled(learner.buffer.entries, EXEMPLARS, config.min_teacher)
        # The exported probe is the one that a learner without any site of its own would have.
        learner.exemplars = exemplars
        learner.buffer.clear()
        model = learner.export()
    weights = save(
        {k: v for k, v in learner.trainer.tensors().items() if k.startswith("weights.")},
        {"architecture": learner.trainer.encoder.architecture.name},
    )
    manifest = {
        "version": 1,
        "architecture": learner.trainer.encoder.architecture.name,
        "sha256": {
            "encoder.safetensors": hashlib.sha256(weights).hexdigest(),
            "encoder.onnx": hashlib.sha256(model).hexdigest(),
        },
        "objective": f"{config.objective}+{config.trajectory_weight:g}*traj@{config.trajectory_layer}"
        f"+{config.teacher_weight:g}*teacher",
        "command": command,
        "seed": seed,
        "steps": steps,
        "data": {
            "drives": [path.stem for path in drives],
            "held_out": [path.stem for path in held_out],
            "triplets": learner.buffer.added,
            "tracks": tracks,
            "exemplars": len(exemplars),
        },
        "losses": losses,
        "metrics": metrics,
    }
    write_atomic(out / "encoder.safetensors", weights)
    write_atomic(out / "encoder.onnx", model)
    if exemplars:
        write_exemplars(out, exemplars)
    write_atomic(out / "MODEL_CARD.md", _card(manifest).encode())
    write_atomic(out / "manifest.json", (json.dumps(manifest, indent=1) + "\n").encode())
    return manifest


def _train(learner: OnlineLearner, steps: int) -> dict[str, float]:
    """Make the steps under a warm-up and a cosine; returns the last losses."""
    trainer, config = learner.trainer, learner.config
    losses: dict[str, float] = {}
    begin = said = time.monotonic()
    for index in range(steps):
        done = index / steps
        rate = _PEAK_RATE * min(1.0, done / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))
        for group in trainer.optimizer.param_groups:
            group["lr"] = max(rate, 1e-6)
        report = trainer.step(learner.buffer.batch(config.batch, 0.0), learner.taught.batch(2 * config.batch))
        losses |= report.losses
        if time.monotonic() - said > 10:
            said = time.monotonic()
            left = (said - begin) / (index + 1) * (steps - index - 1)
            text = ", ".join(f"{name} {value:.3g}" for name, value in losses.items())
            print(f"step {index + 1} of {steps}, {left / 60:.1f} min left: {text}", flush=True)
    return {name: round(value, 4) for name, value in losses.items()}


@torch.no_grad()
def held_out_accuracy(learner: OnlineLearner, triplets: Sequence[Triplet]) -> dict[str, float]:
    """How well the teacher head names the motion-taught headings of drives that were not trained on."""
    taught = [t for t in triplets if t.teacher is not None]
    if not taught:
        return {"n": 0.0}
    azimuths = np.array([azimuth_from_scores(t.teacher.scores)[0] for t in taught if t.teacher is not None])
    _, pose = learner.trainer.features(np.stack([t.crops[1] for t in taught]))
    head = learner.trainer.parts["teacher"]
    chances = torch.softmax(head(torch.from_numpy(pose).to(learner.trainer.device) * CELLS**2), 1).cpu().numpy()
    centres = bin_centres()
    mean = np.arctan2(chances @ np.sin(centres), chances @ np.cos(centres))
    named = np.array([heading_of(float(a)) for a in mean])
    true = np.array([heading_of(float(a)) for a in azimuths])
    ends = np.abs(np.cos(azimuths)) > math.sqrt(0.5)
    off = np.abs(np.angle(np.exp(1j * (mean - azimuths))))
    return {
        "n": float(len(taught)),
        "tracks": float(len({t.track_id for t in taught})),
        "toward_away": round(float((np.sign(np.cos(mean)) == np.sign(np.cos(azimuths)))[ends].mean()), 4),
        "four_way": round(float((named == true).mean()), 4),
        "median_error_deg": round(float(np.degrees(np.median(off))), 2),
    }


def _card(manifest: dict[str, Any]) -> str:
    """The model card in Markdown."""
    data, metrics = manifest["data"], manifest["metrics"]
    kept = len(data["drives"]) - len(data["held_out"])
    views, tracks = int(metrics["n"]), int(metrics.get("tracks", 0))
    return f"""# Start model `{manifest["architecture"]}`

A small encoder for object crops (uint8 RGB) that keeps how an object stands. The learner node starts from
`encoder.safetensors`, adapts it on the robot, and fits its heading probe to `exemplars.jpg` (crops with the heading
that their motion told, in `exemplars.json`) beside what the site teaches. `encoder.onnx` carries the same encoder with
both probes and runs by itself (`inference_node --ros-args -p model_path:=.../encoder.onnx`).

- **Objective**: {manifest["objective"]}, {manifest["steps"]} steps, seed {manifest["seed"]}. No labels: headings come
  from the motion teacher, which sees boxes, odometry and the camera model.
- **Data**: {data["triplets"]} triplets of {data["tracks"]} tracks from {kept} simulated drives (PyBullet, parametric
  sedans, trucks, buses, motorcycles, pedestrians, forklifts, chairs, airplanes; seeds from 10000 on). Boxes were the
  renderer's with 1.5 % error, standing in for a detector.
- **Measured** on {len(data["held_out"])} drives never trained on ({views} views, {tracks} tracks, moving objects only,
  against what their motion said): toward/away {metrics.get("toward_away")}, four-way {metrics.get("four_way")}, median
  azimuth error {metrics.get("median_error_deg")} degrees. One seed.
- **Command**: `{manifest["command"]}`
- **Limits**: it has seen renders only. Nothing was measured on photographs. Chairs and other things that never move
  were never taught a heading.
- **Licence**: Apache-2.0.
"""
