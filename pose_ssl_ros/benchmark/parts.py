"""Which crops the probes of a benchmark are fitted to, and which they are asked about.

| domain | probe fitted to | asked about |
|---|---|---|
| `in_domain` | train, in domain | test, in domain |
| `unseen_pose` | train, in domain | test, unseen poses |
| `unseen_category` | train, unseen categories | test, unseen categories |
| `unseen_category_transfer` | train, in domain | test, unseen categories |

Instances are disjoint; no encoder ever saw an unseen category, whatever the probe is fitted to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.benchmark.profiles import Budget
from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, Dataset

#: Domain of a row to the domain of the crops that its probe is fitted to.
FITTED_TO = {
    "in_domain": "in_domain",
    "unseen_pose": "in_domain",
    "unseen_category": "unseen_category",
    "unseen_category_transfer": "in_domain",
}


@dataclass(frozen=True)
class Parts:
    """Positions in the dataset, chosen once for all methods and seeds.

    Attributes:
        train: `in_domain` and `unseen_category` to labelled crops.
        test: Domain of a row to test crops; domains without any are left out.
        notes: What a reader must know of what is missing.
    """

    train: dict[str, np.ndarray]
    test: dict[str, np.ndarray]
    notes: list[str]

    def pairs(self) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """Domain, labelled crops and test crops, where there are both."""
        for domain, test in self.test.items():
            train = self.train[FITTED_TO[domain]]
            if len(train) and len(test):
                yield domain, train, test


def choose(dataset: Dataset, budget: Budget) -> Parts:
    """Choose the crops of a dataset that probes see.

    A test crop of a category that has no labelled crops in its own domain goes to `unseen_category_transfer`.
    """
    notes = []
    train, test = {}, {}
    strays = [np.zeros(0, np.int64)]
    for domain in ("in_domain", "unseen_category"):
        train[domain] = whole_instances(dataset, _rows(dataset, "train", domain), budget.gallery)
    for domain in ("in_domain", "unseen_pose", "unseen_category"):
        rows = _rows(dataset, "test", domain)
        known = np.unique(dataset.category[_rows(dataset, "train", FITTED_TO[domain])])
        has_probe = np.isin(dataset.category[rows], known)
        if not has_probe.all():
            names = sorted({_name(dataset, c) for c in dataset.category[rows[~has_probe]]})
            notes.append(
                f"{domain}: no labelled training crops of {', '.join(names)}; read by a probe of other categories "
                "(unseen_category_transfer)"
            )
            strays.append(rows[~has_probe])
        test[domain] = whole_instances(dataset, rows[has_probe], budget.queries)
    transfer = np.unique(np.concatenate([*strays, _rows(dataset, "test", "unseen_category")]))
    test["unseen_category_transfer"] = whole_instances(dataset, transfer, budget.queries)
    for split, chosen in (("train", train), ("test", test)):
        for domain, rows in chosen.items():
            if len(rows) and not np.isfinite(dataset.azimuth[rows]).any():
                notes.append(f"{split}, {domain}: no azimuth is known, so there are no rows of pose")
    if not len(train["in_domain"]):
        notes.append("train, in_domain: no crops, so no probe is fitted to it")
    return Parts(train, {domain: rows for domain, rows in test.items() if len(rows)}, notes)


def whole_instances(dataset: Dataset, rows: np.ndarray, most: int) -> np.ndarray:
    """About `most` of the rows, by leaving whole instances out evenly over the categories; one of each stays."""
    if len(rows) <= most:
        return rows
    random = np.random.default_rng(0)
    instance, category = dataset.instance[rows], dataset.category[rows]
    turns: list[tuple[int, int]] = []  # (how many of its category came before, instance)
    for name in np.unique(category):
        turns += list(enumerate(random.permutation(np.unique(instance[category == name])).tolist()))
    sizes = dict(zip(*(a.tolist() for a in np.unique(instance, return_counts=True)), strict=True))
    kept, total = [], 0
    for turn, one in sorted(turns):
        if turn and total + sizes[one] > most:
            break
        kept.append(one)
        total += sizes[one]
    return rows[np.isin(instance, kept)]


def _rows(dataset: Dataset, split: str, domain: str) -> np.ndarray:
    held = (dataset.split == SPLITS.index(split)) & (dataset.domain == DOMAINS.index(domain))
    return np.flatnonzero(held)


def _name(dataset: Dataset, category: int) -> str:
    return dataset.categories[category] if category >= 0 else "crops without category"
