"""metrics.json of one model: all figures of what a `Judge` took in.

Names are those of the demo's summary.json where they mean the same; what is a number there is a figure with
interval here (`figures.figure`).  `unknown` is an answer that is never right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pose_ssl_ros.evaluation.calibration import accuracy_coverage, calibration
from pose_ssl_ros.evaluation.figures import Resampling, figure, median, missing, share, share_by_track
from pose_ssl_ros.evaluation.identity import NO_IDENTITY, identity_metrics, nmi
from pose_ssl_ros.evaluation.metrics import (
    AWAY,
    TOWARD,
    axis_errors,
    azimuth_errors,
    confusion,
    heading_index,
    percentiles,
    ratio,
    toward_or_away,
    wrap,
)
from pose_ssl_ros.evaluation.moving import MOVING, PARKED
from pose_ssl_ros.evaluation.records import MISSED, UNKNOWN_INDEX
from pose_ssl_ros.evaluation.windows import window_of
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

if TYPE_CHECKING:
    from pose_ssl_ros.evaluation.judging import Judge

NO_TRUTH = "no true object of known heading was answered"
#: An azimuth within this of the truth is near, radians.
NEAR = math.pi / 6


def judge(judge: Judge) -> dict[str, Any]:
    """All figures of a judge.

    Returns:
        Plain values; a figure is `{value, low, high, n, tracks}`, and `reason` where value is None.
    """
    config = judge.config
    how = Resampling(config.replicates, config.level, config.seed)
    rows = judge.answers.rows
    true = rows[(rows["object"] >= 0)]
    matched = true[true["answer"] != MISSED]
    posed = matched[np.isfinite(matched["truth_azimuth"])]
    answered = sum(judge.by_heading)
    return {
        "ground_truth": judge.labelled > 0,
        "bags": judge.bags,
        "frames": judge.frames,
        "frames_labelled": judge.labelled,
        "robot_seconds": judge.seconds,
        "time_jumps": judge.jumps,
        "triplets": judge.triplets,
        "triplets_per_second": ratio(judge.triplets, judge.seconds),
        "tracks": len(judge.tracks),
        "objects": len(judge.objects),
        "coverage": share(
            true["object"], true["answer"] != MISSED, None, how, "no true object was large and visible enough"
        ),
        "heading": _heading(judge, true, posed, how),
        "identity": _identity(judge, matched, how),
        "calibration": calibration(posed, config, how),
        "accuracy_coverage": accuracy_coverage(posed, config.toward_width),
        "stability": judge.stability.figures(how),
        "planner": judge.planner.figures(how),
        "teacher": _teacher(rows, how),
        "answers": {
            "n": answered,
            "unknown_rate": _unknown(rows[rows["track"] >= 0], how),
            "covered_boxes": ratio(answered - judge.by_heading[UNKNOWN_INDEX], judge.boxes),
            "by_heading": dict(zip(HEADINGS_AND_UNKNOWN, judge.by_heading, strict=True)),
        },
        "latency_ms": {**percentiles(judge.latency_ms), "n": len(judge.latency_ms)},
        "model_versions": [{"version": v, "frames": n} for v, n in sorted(judge.versions.items())],
        "answers_stride": judge.answers.stride,
        "intervals": {"replicates": how.replicates, "level": how.level, "seed": how.seed, "over": "tracks"},
    }


def _unknown(rows: np.ndarray, how: Resampling) -> dict[str, Any]:
    return share(rows["track"], rows["answer"] == UNKNOWN_INDEX, None, how, "no object was answered")


def accuracies(rows: np.ndarray, toward_width: float, how: Resampling, *, by_track: bool = False) -> dict[str, Any]:
    """Shares of right, opposite and unknown answers among matched sightings of known azimuth.

    Args:
        rows: JUDGED rows.
        toward_width: Full width of the true toward class in radians.
        how: The resampling.
        by_track: Each true object weighs the same, however long it was seen.
    """
    two = toward_or_away(rows["truth_azimuth"]) if len(rows) else np.zeros(0, dtype=int)
    true = heading_index(rows["truth_azimuth"], toward_width) if len(rows) else two
    answer, track = rows["answer"].astype(int), rows["object"]
    opposite = ((two == TOWARD) & (answer == AWAY)) | ((two == AWAY) & (answer == TOWARD))
    taken = share_by_track if by_track else share
    none = "no object that heads towards or away was answered" if len(rows) else NO_TRUTH
    return {
        "toward_away_accuracy": taken(track, answer == two, two >= 0, how, none),
        "four_way_accuracy": taken(track, answer == true, None, how, NO_TRUTH),
        "reversed_rate": taken(track, opposite, two >= 0, how, none),
        "unknown_rate": taken(track, answer == UNKNOWN_INDEX, None, how, NO_TRUTH),
    }


def _azimuth(rows: np.ndarray, how: Resampling) -> dict[str, Any]:
    errors = azimuth_errors(rows["truth_azimuth"], rows["azimuth"])
    given = np.isfinite(errors)
    track, none = rows["object"], "no azimuth was given" if len(rows) else NO_TRUTH
    degrees = np.degrees(errors)
    axis = np.degrees(axis_errors(rows["truth_azimuth"], rows["azimuth"]))
    return {
        "n_azimuth": int(given.sum()),
        "azimuth_rate": share(track, given, None, how, NO_TRUTH),
        "azimuth_median_error_deg": median(track, degrees, 180.0, how, none),
        "azimuth_within_30deg": share(track, errors <= NEAR + 1e-9, given, how, none),
        "axis_median_error_deg": median(track, axis, 90.0, how, none),
        "flip_rate": share(track, errors > math.pi / 2, given, how, none),
    }


def _heading(judge: Judge, true: np.ndarray, posed: np.ndarray, how: Resampling) -> dict[str, Any]:
    width = judge.config.toward_width
    asked = true[np.isfinite(true["truth_azimuth"])]
    two_all = toward_or_away(asked["truth_azimuth"]) if len(asked) else np.zeros(0, dtype=int)
    two = toward_or_away(posed["truth_azimuth"]) if len(posed) else np.zeros(0, dtype=int)
    toward, both = int((two == TOWARD).sum()), int((two >= 0).sum())
    names = judge.categories.names
    none = "no object headed towards or away" if len(asked) else "there was no ground truth"
    return {
        "n": len(posed),
        "n_toward_away": both,
        "majority_rate": ratio(max(toward, both - toward), both),
        **accuracies(posed, width, how),
        "toward_away_accuracy_with_missed": share(asked["object"], asked["answer"] == two_all, two_all >= 0, how, none),
        **_azimuth(posed, how),
        "by_track": {"objects": len(np.unique(posed["object"])), **accuracies(posed, width, how, by_track=True)},
        "moving": {"n": int((posed["moving"] == MOVING).sum()), **_part(posed["moving"] == MOVING, posed, width, how)},
        "parked": {"n": int((posed["moving"] == PARKED).sum()), **_part(posed["moving"] == PARKED, posed, width, how)},
        "by_category": {
            name: {"n": int((posed["category"] == i).sum()), **_part(posed["category"] == i, posed, width, how)}
            for i, name in enumerate(names)
        },
        "confusion": {
            "rows": "truth",
            "columns": "answer",
            "truth": HEADINGS_AND_UNKNOWN[:4],
            "answer": HEADINGS_AND_UNKNOWN,
            "counts": confusion(posed["truth_azimuth"], posed["answer"], width).tolist(),
        },
        "curve": _curve(judge, posed, width),
    }


def _part(which: np.ndarray, rows: np.ndarray, width: float, how: Resampling) -> dict[str, Any]:
    return accuracies(rows[which], width, how)


def _curve(judge: Judge, rows: np.ndarray, width: float) -> list[dict[str, Any]]:
    """Figures without interval over windows of each recording; windows without sightings are left out."""
    points = []
    window = judge.config.window
    number = np.zeros(len(rows), int)
    for bag in np.unique(rows["bag"]):
        number[rows["bag"] == bag] = window_of(rows["time"][rows["bag"] == bag], window)
    for bag, index in np.unique(np.stack([rows["bag"].astype(int), number], axis=1), axis=0):
        part = rows[(rows["bag"] == bag) & (number == index)]
        two = toward_or_away(part["truth_azimuth"])
        points.append(
            {
                "bag": int(bag),
                "robot_seconds": float((index + 1) * window),
                "n": len(part),
                "n_toward_away": int((two >= 0).sum()),
                "toward_away_accuracy": ratio(int((part["answer"] == two)[two >= 0].sum()), int((two >= 0).sum())),
                "four_way_accuracy": ratio(
                    int((part["answer"] == heading_index(part["truth_azimuth"], width)).sum()), len(part)
                ),
                "unknown_rate": ratio(int((part["answer"] == UNKNOWN_INDEX).sum()), len(part)),
            }
        )
    return points


def _identity(judge: Judge, matched: np.ndarray, how: Resampling) -> dict[str, Any]:
    """Identity of matched sightings of known category, with the pairing of names fixed over all draws."""
    rows = matched[matched["category"] >= 0]
    categories, answers = judge.categories.names, judge.identities.names
    plain = identity_metrics(rows["category"], rows["identity"], categories, answers)
    if not len(rows):
        none = missing("no true object of known category was answered")
        return {**plain, "accuracy": none, "nmi": none, "answered_rate": none}
    means = {answers.index(name): categories.index(category) for name, category in plain["names"].items()}
    right = np.array([means.get(int(j), -1) == int(i) for i, j in zip(rows["category"], rows["identity"], strict=True)])
    silent = np.isin(rows["identity"], [-1, *(j for j, name in enumerate(answers) if name in NO_IDENTITY)])
    return {
        **plain,
        "accuracy": share(rows["object"], right, None, how, NO_TRUTH),
        "nmi": _nmi(rows, silent, len(categories), len(answers), how),
        "answered_rate": share(rows["object"], ~silent, None, how, NO_TRUTH),
    }


def _nmi(rows: np.ndarray, silent: np.ndarray, categories: int, answers: int, how: Resampling) -> dict[str, Any]:
    column = np.where(silent, answers, rows["identity"]).astype(int)
    cell = rows["category"].astype(int) * (answers + 1) + column
    used, cell = np.unique(cell, return_inverse=True)
    numbers, row = np.unique(rows["object"], return_inverse=True)
    sums = np.zeros((len(numbers), len(used)))
    np.add.at(sums, (row, cell), 1.0)

    def statistic(counts: np.ndarray) -> np.ndarray:
        flat = counts.reshape(-1, len(used))
        tables = np.zeros((len(flat), categories * (answers + 1)))
        tables[:, used] = flat
        values = [nmi(table.reshape(categories, answers + 1)) for table in tables]
        return np.array([math.nan if v is None else v for v in values]).reshape(counts.shape[:-1])

    return figure(sums, statistic, len(rows), how)


def _teacher(rows: np.ndarray, how: Resampling) -> dict[str, Any]:
    """How far appearance says what motion says, on the same object in the same frame; needs no truth."""
    both = rows[(rows["teacher"] >= 0) & (rows["track"] >= 0)]
    known = both[both["looks"] != UNKNOWN_INDEX]
    opposite = np.abs(known["teacher"].astype(int) - known["looks"].astype(int)) == 2
    apart = np.degrees(np.abs(wrap(both["looks_azimuth"].astype(float) - both["teacher_azimuth"].astype(float))))
    told = int((rows["track"] >= 0).sum())
    none = "motion told no heading of any answered object" if not len(both) else "no heading was answered meanwhile"
    return {
        "n": len(both),
        "told_rate": ratio(len(both), told),
        "agreement": share(known["track"], known["teacher"] == known["looks"], None, how, none),
        "opposite_rate": share(known["track"], opposite, None, how, none),
        "azimuth_median_difference_deg": median(both["track"], apart, 180.0, how, none),
    }
