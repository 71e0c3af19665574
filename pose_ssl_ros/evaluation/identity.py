"""How well identities fit the true categories, names or no names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.perception.assignment import assign

#: Answers that stand for 'not known' and are never right.
NO_IDENTITY = ("unknown", "")


def nmi(table: np.ndarray) -> float | None:
    """Mutual information over the mean of the two entropies, 0..1.

    Args:
        table: Counts (true classes, answers).

    Returns:
        None without counts; 1 if both sides have one single class (they agree wholly).
    """
    table = np.asarray(table, dtype=float)
    total = table.sum()
    if not total:
        return None
    joint = table / total
    rows, columns = joint.sum(1), joint.sum(0)
    entropies = [-float(np.sum(p[p > 0] * np.log(p[p > 0]))) for p in (rows, columns)]
    mean = sum(entropies) / 2
    if mean < 1e-12:
        return 1.0
    there = joint > 0
    shared = float(np.sum(joint[there] * np.log(joint[there] / np.outer(rows, columns)[there])))
    return min(1.0, max(0.0, shared / mean))


def name_map(table: np.ndarray, categories: Sequence[str], answers: Sequence[str]) -> dict[str, str]:
    """Which category each answer stands for.

    An answer that is a category's name means that category.  The others
    (unnamed prototypes such as `object_3`) are assigned one to one to the
    categories that no answer names, so that most sightings agree.  `unknown`
    stands for nothing.
    """
    known = {name: name for name in answers if name in categories}
    free_rows = [i for i, name in enumerate(categories) if name not in known]
    free_columns = [j for j, name in enumerate(answers) if name not in known and name not in NO_IDENTITY]
    for i, j in assign(np.asarray(table, dtype=float)[np.ix_(free_rows, free_columns)]):
        known[answers[free_columns[j]]] = categories[free_rows[i]]
    return known


def identity_metrics(
    truth: np.ndarray, answer: np.ndarray, categories: Sequence[str], answers: Sequence[str]
) -> dict[str, Any]:
    """Identity figures of matched sightings.

    Args:
        truth: (n,) indices into categories.
        answer: (n,) indices into answers, -1 for none.
        categories: Names of the true categories.
        answers: Names that were answered.

    Returns:
        `n`, `accuracy` (no answer and `unknown` are wrong), `nmi` (no answer is a
        cluster of its own), `answered_rate`, `names` (answer to category) and
        `majority_rate` (what the commonest category alone would score).
    """
    truth, answer = np.asarray(truth, dtype=int), np.asarray(answer, dtype=int)
    n = len(truth)
    if not n:
        return {"n": 0, "accuracy": None, "nmi": None, "answered_rate": None, "majority_rate": None, "names": {}}
    # None given and 'unknown' are the same thing: one more column at the end.
    silent = np.isin(answer, [-1, *(j for j, name in enumerate(answers) if name in NO_IDENTITY)])
    column = np.where(silent, len(answers), answer)
    table = np.zeros((len(categories), len(answers) + 1), dtype=int)
    np.add.at(table, (truth, column), 1)
    names = name_map(table[:, :-1], categories, answers)
    right = sum(int(table[categories.index(category), answers.index(name)]) for name, category in names.items())
    value = nmi(table)
    return {
        "n": n,
        "accuracy": right / n,
        "nmi": None if value is None or not math.isfinite(value) else value,
        "answered_rate": float(1 - silent.mean()),
        "majority_rate": float(table.sum(1).max() / n),
        "names": names,
    }
