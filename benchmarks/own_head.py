"""What an encoder's own azimuth head reads, which no label was fitted for, and where it goes wrong.

    python benchmarks/own_head.py --dataset base --weights models/base/encoder.safetensors
    python benchmarks/own_head.py --dataset base --train supervised-azimuth --steps 10000 --width 32 --half

`base` is the folder that `pose-ssl dataset render --profile base --out base` wrote.  The second form first trains a
method of the benchmark as `pose-ssl pretrain` would: with a supervised one the figures are what the same network
reaches when every crop is labelled.  With `--save` a training that was killed goes on, and its weights are kept.

Prints JSON: per domain of the test split the shares of `pose_figures`, the same without reversals
(`unreversed`: answers on the wrong side turned by half a turn) and read together with the mirror image (`mirrored`),
by category; and the same of training crops that motion taught and did not teach: what was learned by heart.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pose_ssl_ros.benchmark.features import extract
from pose_ssl_ros.benchmark.methods import method
from pose_ssl_ros.benchmark.telling import teller
from pose_ssl_ros.benchmark.training import Training, train
from pose_ssl_ros.benchmark.weights import Trained, read_trained, write_trained
from pose_ssl_ros.datasets.dataset import CropSource, Dataset
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.triplets import TripletSampler
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.probing.features import mirrored
from pose_ssl_ros.probing.heading_head import resultants
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import wrapped

DOMAINS = ("in_domain", "unseen_pose", "unseen_category")
KEYS = ("n", "within_30", "median_error_deg", "toward_away", "front_back", "four_way", "flip_errors", "axis_errors")
#: Training crops of each kind that are read.
SAMPLE = 4000
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Mirrored:
    """Crops of another source as in a mirror."""

    source: CropSource

    def read(self, indices: np.ndarray) -> np.ndarray:
        """As `CropSource` has it."""
        return mirrored(self.source.read(indices))


def read(trained: Trained, part: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Azimuths (N,) by the mean direction of the bins, alone and averaged with the mirror image's."""
    alone = extract(trained, part, CPU).head
    turned = extract(trained, replace(part, source=Mirrored(part.source)), CPU).head
    assert alone is not None and turned is not None
    # Bins lie evenly about zero: the mirror image of a distribution is its reverse.
    both = np.sqrt(alone * turned[:, ::-1])
    found = [resultants(np.asarray(shares, np.float64)) for shares in (alone, both)]
    return np.arctan2(found[0][:, 1], found[0][:, 0]), np.arctan2(found[1][:, 1], found[1][:, 0])


def figures(true: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """What is printed of `pose_figures`."""
    measured = pose_figures(true, found)
    return {key: round(float(measured[key]), 4) for key in KEYS}


def judged(trained: Trained, part: Dataset) -> dict[str, Any]:
    """A domain of the test split."""
    true = part.azimuth
    alone, both = read(trained, part)
    turned = np.where(np.abs(wrapped(alone - true)) > np.pi / 2, wrapped(alone + np.pi), alone)
    kinds = {
        part.categories[kind]: figures(true[part.category == kind], alone[part.category == kind])
        for kind in np.unique(part.category)
    }
    return {
        **figures(true, alone),
        "unreversed": figures(true, turned),
        "mirrored": figures(true, both),
        "categories": kinds,
    }


def trained_for(options: argparse.Namespace, part: Dataset) -> Trained:
    """The method of `--train`, trained on `part`, by way of `--save`."""
    terms = method(options.train).terms
    if terms is None:
        raise SystemExit(f"'{options.train}' trains nothing")
    training = Training(
        terms,
        Architecture(part.crops([0]).shape[1], options.width, depth=2),
        options.steps,
        options.batch,
        3e-3,
        options.seed,
        options.half,
    )
    tell = teller(options.train, lambda text: print(text, file=sys.stderr, flush=True))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.save or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sampler = TripletSampler(part, options.seed)
        model, _ = train(part, sampler, training, CPU, folder / "training.safetensors", tell)
        write_trained(folder / "encoder.safetensors", model.parts())
        return read_trained(folder / "encoder.safetensors")


def main() -> int:
    """Read or train, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True, help="folder that `pose-ssl dataset render` wrote")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--weights", type=Path, help="encoder.safetensors of a start model")
    which.add_argument("--train", metavar="METHOD", help="see pose-ssl benchmark --list")
    parser.add_argument("--save", type=Path, help="folder for the checkpoint and the weights of --train")
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--half", action="store_true", help="convolve in bfloat16, as `pose-ssl pretrain --half`")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dataset = load(options.dataset)
    learned = dataset.part("train", "in_domain")
    trained = read_trained(options.weights) if options.weights else trained_for(options, learned)
    if trained.heading is None:
        parser.error("these weights have no azimuth head")
    result: dict[str, Any] = {"weights": str(options.weights or options.train)}
    for domain in DOMAINS:
        part = dataset.part("test", domain)
        if len(part):
            result[domain] = judged(trained, part)
    random, taught = np.random.default_rng(0), np.isfinite(learned.motion)
    for name, rows in (("train_taught", np.flatnonzero(taught)), ("train_untaught", np.flatnonzero(~taught))):
        rows = np.sort(random.choice(rows, min(SAMPLE, len(rows)), replace=False))
        result[name] = figures(learned.azimuth[rows], read(trained, learned.where(rows))[0])
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
