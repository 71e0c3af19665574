"""What a dataset holds, and what it lacks for what."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, Dataset, DatasetError
from pose_ssl_ros.datasets.triplets import TripletSampler

#: Sectors of 10 degrees in which azimuths are counted.
SECTORS = 36


def statistics(dataset: Dataset) -> dict[str, Any]:
    """Counts of a dataset as JSON values.

    Returns:
        crops; categories, instances, trajectories; triplets, too_short (trajectories without a triplet);
        parts: crops, instances, categories, trajectories per split and domain that is there;
        category: crops, instances per category and split; known: share of the crops of which each angle is known;
        azimuth: per domain, share of the 10 degree sectors that hold a crop, and the widest gap in degrees;
        missing: sentences.
    """
    triplets, too_short = _triplets(dataset)
    azimuth = {}
    for index, domain in enumerate(DOMAINS):
        known = dataset.azimuth[(dataset.domain == index) & np.isfinite(dataset.azimuth)]
        if len(known):
            filled = _sectors(known)
            azimuth[domain] = {
                "crops": len(known),
                "coverage": float(filled.mean()),
                "widest_gap_deg": _widest_gap(filled) * 360.0 / SECTORS,
            }
    angles = ("azimuth", "elevation", "roll", "bearing", "motion")
    return {
        "crops": len(dataset),
        "categories": len(dataset.categories),
        "instances": len(np.unique(dataset.instance)),
        "trajectories": _distinct(dataset.trajectory),
        "triplets": triplets,
        "too_short": too_short,
        "parts": _parts(dataset),
        "category": _per_category(dataset),
        "known": {name: _share(np.isfinite(getattr(dataset, name))) for name in angles},
        "azimuth": azimuth,
        "missing": _missing(dataset, triplets),
    }


def describe(dataset: Dataset) -> str:
    """The statistics for a person to read."""
    facts = statistics(dataset)
    lines = [
        f"{facts['crops']} crops, {facts['categories']} categories, {facts['instances']} instances, "
        f"{facts['trajectories']} trajectories with {facts['triplets']} triplets"
        + (f" ({facts['too_short']} trajectories give none)" if facts["too_short"] else ""),
        "",
        f"{'split':<6} {'domain':<16} {'crops':>8} {'categories':>11} {'instances':>10} {'trajectories':>13}",
    ]
    for part in facts["parts"]:
        lines.append(
            f"{part['split']:<6} {part['domain']:<16} {part['crops']:>8} {part['categories']:>11} "
            f"{part['instances']:>10} {part['trajectories']:>13}"
        )
    if facts["category"]:
        width = max(8, *(len(name) for name in facts["category"]))
        heads = " ".join(f"{split:>14}" for split in SPLITS)
        lines += ["", f"{'category':<{width}} {heads}   (crops / instances)"]
        for name, of in facts["category"].items():
            cells = " ".join(f"{of[s]['crops']:>7} /{of[s]['instances']:>5}" for s in SPLITS)
            lines.append(f"{name:<{width}} {cells}")
    lines += ["", "known: " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in facts["known"].items())]
    for domain, of in facts["azimuth"].items():
        gap = f"widest gap {of['widest_gap_deg']:.0f} degrees" if of["widest_gap_deg"] else "no gap"
        lines.append(f"azimuth {domain}: {100 * of['coverage']:.0f} % of the 10 degree sectors, {gap}")
    lines += [f"missing: {sentence}" for sentence in facts["missing"]]
    return "\n".join(lines)


def _triplets(dataset: Dataset) -> tuple[int, int]:
    try:
        sampler = TripletSampler(dataset, 0)
    except DatasetError:
        return 0, _distinct(dataset.trajectory)
    return sampler.triplets, sampler.too_short


def _parts(dataset: Dataset) -> list[dict[str, Any]]:
    found = []
    for split in SPLITS:
        for domain in DOMAINS:
            part = dataset.part(split, domain)
            if len(part):
                found.append(
                    {
                        "split": split,
                        "domain": domain,
                        "crops": len(part),
                        "categories": _distinct(part.category),
                        "instances": _distinct(part.instance),
                        "trajectories": _distinct(part.trajectory),
                    }
                )
    return found


def _per_category(dataset: Dataset) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for index, name in enumerate(dataset.categories):
        found[name] = {}
        for number, split in enumerate(SPLITS):
            held = (dataset.category == index) & (dataset.split == number)
            found[name][split] = {"crops": int(held.sum()), "instances": _distinct(dataset.instance[held])}
    return found


def _missing(dataset: Dataset, triplets: int) -> list[str]:
    """What the dataset cannot be used for, and why."""
    train, test = (dataset.split == SPLITS.index(split) for split in ("train", "test"))
    azimuth, category = np.isfinite(dataset.azimuth), dataset.category >= 0
    said = []
    if not triplets:
        why = "no sequence has three evenly spaced views" if (dataset.trajectory >= 0).any() else "no sequences"
        said.append(f"{why}: no triplets, the trajectory term can't be trained")
    elif not _triplets(dataset.where(train))[0]:
        said.append("no sequences in train: no triplets to train on")
    if triplets and not np.isfinite(dataset.bearing).any():
        said.append("no bearing: next views can't be predicted from odometry")
    if not np.isfinite(dataset.motion).any():
        said.append("no motion: nothing tells front from back without labels")
    if not azimuth.any():
        said.append("no azimuth: pose is not measured")
    else:
        for name, split in (("train", train), ("test", test)):
            if split.any() and not azimuth[split].any():
                said.append(f"no azimuth in {name}: pose is not measured")
        none = [n for i, n in enumerate(dataset.categories) if not azimuth[dataset.category == i].any()]
        if none:
            said.append(f"no azimuth of {', '.join(none)}: their pose is not measured")
    if not category.any():
        said.append("no category: identity is not measured")
    elif len(dataset.categories) == 1:
        said.append("a single category: identity is not measured")
    if not train.any():
        said.append("no crops in train: probes can't be fitted")
    if not test.any():
        said.append("no crops in test: nothing is measured")
    return said


def _distinct(numbers: np.ndarray) -> int:
    """How many different numbers, -1 not counted."""
    return len(np.unique(numbers[numbers >= 0]))


def _share(mask: np.ndarray) -> float:
    return float(mask.mean()) if len(mask) else 0.0


def _sectors(azimuth: np.ndarray) -> np.ndarray:
    """(SECTORS,) bool: which sectors from -pi on hold an azimuth."""
    turned = np.mod(azimuth.astype(np.float64) + math.pi, 2 * math.pi) / (2 * math.pi)
    filled = np.zeros(SECTORS, dtype=bool)
    filled[np.minimum((turned * SECTORS).astype(np.int64), SECTORS - 1)] = True
    return filled


def _widest_gap(filled: np.ndarray) -> int:
    """Longest run of empty sectors round the circle."""
    if not filled.any():
        return len(filled)
    at = np.flatnonzero(filled)
    return int(np.max(np.diff(np.append(at, at[0] + len(filled))) - 1))
