"""How well prototypes fit true categories, on sites drawn from a rendered dataset (`pose-ssl dataset render`).

A site has a few kinds of objects; its tracks come in three portions, the probe is fitted after each, and tracks
that it was not fitted to are asked about.  One kind comes last, as on a robot that meets it for the first time.
Categories are read by the figures only.
"""

from __future__ import annotations

import argparse
import csv
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pose_ssl_ros.evaluation.identity import nmi
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.exemplars import read_exemplars
from pose_ssl_ros.learning.trainer import Trainer
from pose_ssl_ros.probing.features import mirrored
from pose_ssl_ros.probing.identity_probe import IdentityProbe
from pose_ssl_ros.viewpoint import UNKNOWN


class Crops:
    """Last features of the test instances, their categories and tracks (an instance on one trajectory)."""

    def __init__(self, dataset: Path, weights: Path, domain: str) -> None:
        rows = [r for r in csv.DictReader((dataset / "table.csv").open()) if r["split"] == "test"]
        rows = [r for r in rows if domain in ("all", r["domain"])]
        shards = {s: np.load(dataset / f"crops_{int(s):05d}.npy", mmap_mode="r") for s in {r["shard"] for r in rows}}
        trainer = Trainer(LearnerConfig(start=str(weights)))
        self.features = trainer.features(np.stack([shards[r["shard"]][int(r["index"])] for r in rows]))[0]
        self.kinds = np.array([r["category"] for r in rows])
        self.tracks = np.array([f"{r['instance']}/{r['trajectory']}" for r in rows])
        entries = read_exemplars(weights.parent, 64)
        images = np.stack([e.crops[1] for e in entries])
        both = trainer.features(np.concatenate([images, mirrored(images)]))[0]
        self.nuisance = (both, np.tile(np.array([e.track for e in entries]), 2))


def table(truth: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Counts of truth against answers."""
    rows, row = np.unique(truth, return_inverse=True)
    columns, column = np.unique(answers, return_inverse=True)
    counts = np.zeros((len(rows), len(columns)))
    np.add.at(counts, (row, column), 1)
    return counts


def site(crops: Crops, seed: int, kinds: int, tracks: int) -> dict[str, float]:
    """Figures of one site."""
    random = np.random.default_rng(seed)
    chosen = random.permutation(np.unique(crops.kinds))[: kinds + 1]
    fit: dict[str, list[str]] = {}
    asked: list[str] = []
    for kind in chosen:
        own = random.permutation(np.unique(crops.tracks[crops.kinds == kind]))
        fit[kind], rest = list(own[:tracks]), own[tracks : tracks + 6]
        asked += list(rest)
    novel = chosen[-1]
    known = random.permutation([t for kind in chosen[:-1] for t in fit[kind]])
    probe = IdentityProbe()
    # An older version of the probe knows no such thing; so it can be measured by the same script.
    more: dict[str, Any] = {"nuisance": crops.nuisance} if "nuisance" in inspect.signature(probe.fit).parameters else {}
    stayed: list[float] = []
    before: dict[str, Any] = {}
    for part in (1 / 3, 2 / 3, 1.0):
        rows = np.isin(crops.tracks, known[: round(part * len(known))])
        head = probe.fit(crops.features[rows], crops.tracks[rows], **more)
        if before:
            stayed += [probe.groups[track] == number for track, number in before.items()]
        before = dict(probe.groups)
    truth, answers, by_crop = ask(crops, head, asked)
    old = truth != novel
    figures = {
        "prototypes": float(len(set(probe.groups.values()))),
        "nmi_tracks": nmi(table(truth[old], answers[old])) or 0.0,
        "purity_tracks": float(table(truth[old], answers[old]).max(0).sum() / old.sum()),
        "nmi_crops": nmi(table(by_crop[0][by_crop[0] != novel], by_crop[1][by_crop[0] != novel])) or 0.0,
        "unknown_known_kinds": float((answers[old] == UNKNOWN).mean()),
        "unknown_new_kind": float((answers[~old] == UNKNOWN).mean()),
        "number_stays": float(np.mean(stayed)),
    }
    rows = np.isin(crops.tracks, [*known, *fit[novel]])
    head = probe.fit(crops.features[rows], crops.tracks[rows], **more)
    truth, answers, _ = ask(crops, head, asked)
    numbers = {f"object_{n}" for n in set(probe.groups.values()) - set(before.values())}
    figures["new_kind_gets_new_number"] = float(np.isin(answers[truth == novel], sorted(numbers)).mean())
    figures["known_kinds_get_new_number"] = float(np.isin(answers[truth != novel], sorted(numbers)).mean())
    return figures


def ask(crops: Crops, head: Any, tracks: list[str]) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """True kind and answer of each track, by its mean over crops; and the same by crop."""
    classes = np.array(head.classes)
    rows = [np.flatnonzero(crops.tracks == track) for track in tracks]
    shares = [head.apply(crops.features[r]) for r in rows]
    answers = classes[[int(s.mean(0).argmax()) for s in shares]]
    every = np.concatenate(rows)
    return crops.kinds[[r[0] for r in rows]], answers, (crops.kinds[every], classes[np.concatenate(shares).argmax(1)])


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("models/base/encoder.safetensors"))
    parser.add_argument("--domain", default="all", choices=("all", "in_domain", "unseen_pose", "unseen_category"))
    parser.add_argument("--kinds", type=int, default=6)
    parser.add_argument("--tracks", type=int, default=8, help="of each kind that the probe is fitted to")
    parser.add_argument("--sites", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    crops = Crops(options.dataset, options.weights, options.domain)
    found = [site(crops, seed, options.kinds, options.tracks) for seed in range(options.sites)]
    figures = {
        name: {
            "mean": round(float(np.mean([f[name] for f in found])), 3),
            "std": round(float(np.std([f[name] for f in found])), 3),
        }
        for name in found[0]
    }
    settings = {k: str(v) for k, v in vars(options).items()}
    json.dump({"benchmark": "identity", "settings": settings, "figures": figures}, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
