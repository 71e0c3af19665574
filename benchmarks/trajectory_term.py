"""What the trajectory term does to pose, by its weight and step, on pictures with and without their usual faults.

    pose-ssl dataset render --profile quick --out quick; pose-ssl dataset render --profile clean --out clean
    python benchmarks/trajectory_term.py quick clean --seeds 0 1 2

Trains VICReg with the term in several forms and reads pose from the middle map by nearest neighbours.  Prints JSON:
share of azimuths within 30 degrees per data set, form and domain, mean and deviation over seeds, and the cosine
between the two steps of test triplets.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from pose_ssl_ros.benchmark.batches import pixels
from pose_ssl_ros.benchmark.training import Training, train
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.triplets import TripletSampler
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.objectives.combined import Combined
from pose_ssl_ros.learning.objectives.terms import Terms
from pose_ssl_ros.learning.objectives.trajectory import trajectory_loss
from pose_ssl_ros.probing.features import spatial_pattern
from pose_ssl_ros.probing.knn import fit_knn_azimuth
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import Labelled

#: Name: weight of the term, views between neighbours of a triplet.
FORMS = {
    "none": (0.0, 1),
    "0.2": (0.2, 1),
    "1": (1.0, 1),
    "1, double step": (1.0, 2),
}
_CHUNK = 256


def middle(model: Combined, part: Dataset) -> np.ndarray:
    """Patterns of the middle map, (n, F)."""
    found = []
    for start in range(0, len(part), _CHUNK):
        with torch.no_grad():
            rows = np.arange(start, min(start + _CHUNK, len(part)))
            found.append(spatial_pattern(model.encoder.middle(pixels(part, rows))).numpy())
    return np.concatenate(found)


def labelled(model: Combined, part: Dataset) -> Labelled:
    """Features and labels of a part."""
    return Labelled(middle(model, part), part.azimuth, part.instance, part.category)


def cosine(model: Combined, part: Dataset) -> float:
    """Mean cosine between the two steps of triplets."""
    left, centre, right = (middle(model, part.where(rows)) for rows in TripletSampler(part, 0).batch(600).indices.T)
    return -float(trajectory_loss(torch.tensor(left), torch.tensor(centre), torch.tensor(right)))


def run(dataset: Dataset, form: str, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Train once and measure."""
    weight, stride = FORMS[form]
    learned = dataset.part("train", "in_domain")
    training = Training(
        Terms("vicreg", trajectory_weight=weight),
        Architecture(dataset.crops([0]).shape[1], 16, depth=2),
        options.steps,
        options.batch,
        3e-3,
        seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        sampler = TripletSampler(learned, seed, stride=stride)
        model, _ = train(learned, sampler, training, torch.device("cpu"), Path(folder) / "checkpoint")
    found = {}
    probe = fit_knn_azimuth(labelled(model, learned), seed=seed)
    for domain in ("in_domain", "unseen_pose"):
        test = labelled(model, dataset.part("test", domain))
        found[domain] = pose_figures(test.azimuth, probe.predict(test.features).azimuth)["within_30"]
    probe = fit_knn_azimuth(labelled(model, dataset.part("train", "unseen_category")), seed=seed)
    test = labelled(model, dataset.part("test", "unseen_category"))
    found["unseen_category"] = pose_figures(test.azimuth, probe.predict(test.features).azimuth)["within_30"]
    found["cosine"] = cosine(model, dataset.part("test", "in_domain"))
    return {name: float(value) for name, value in found.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", type=Path, nargs="+", help="folders that `pose-ssl dataset render` wrote")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS), help="weights of the term")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    torch.set_num_threads(1)
    results: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for path in options.datasets:
        dataset = load(path)
        results[path.name] = {}
        for form in options.forms:
            values: dict[str, list[float]] = defaultdict(list)
            for seed in options.seeds:
                for name, value in run(dataset, form, seed, options).items():
                    values[name].append(value)
                print(path.name, form, seed, {n: round(v[-1], 4) for n, v in values.items()}, file=sys.stderr)
            results[path.name][form] = {
                name: {
                    "mean": round(statistics.mean(found), 4),
                    "std": round(statistics.stdev(found), 4) if len(found) > 1 else 0.0,
                }
                for name, found in values.items()
            }
    print(json.dumps({"steps": options.steps, "batch": options.batch, "seeds": options.seeds, "results": results}))


if __name__ == "__main__":
    main()
