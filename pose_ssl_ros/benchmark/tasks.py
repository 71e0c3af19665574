"""From the features of a method to its figures, by the probes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pose_ssl_ros.benchmark.features import Features
from pose_ssl_ros.benchmark.measures import Measure, from_figures
from pose_ssl_ros.benchmark.parts import FITTED_TO, Parts
from pose_ssl_ros.benchmark.profiles import Budget
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.probing.axis_flip import AxisFlipSettings, fit_axis_flip
from pose_ssl_ros.probing.calibration import azimuth_reliability, expected_calibration_error
from pose_ssl_ros.probing.few_shot import fit_few_shot
from pose_ssl_ros.probing.knn import fit_knn_azimuth, fit_knn_identity
from pose_ssl_ros.probing.linear import fit_linear_azimuth, fit_linear_identity
from pose_ssl_ros.probing.pair import PairProbe, PairSettings, draw_pairs, fit_pair
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import AzimuthPrediction, IdentityPrediction, Labelled, azimuth_of, wrapped

PROBED_LAYERS = ("last", "middle")


@dataclass(frozen=True)
class Task:
    """What all probes of one run share.

    Attributes:
        dataset: Facts of the crops.
        positions: (m,) positions in the dataset, ascending, whose features are at hand.
        features: Of those positions.
        budget: See `Budget`.
        seed: Of draws and probes.
    """

    dataset: Dataset
    positions: np.ndarray
    features: Features
    budget: Budget
    seed: int

    def labelled(self, layer: str, positions: np.ndarray) -> Labelled:
        """Features and labels of some of the positions."""
        return Labelled(
            self.features.layer(layer)[self.places(positions)],
            self.dataset.azimuth[positions],
            self.dataset.instance[positions],
            self.dataset.category[positions],
        )

    @property
    def azimuth_probes(self) -> Mapping[str, Callable[..., Any]]:
        """Fits by name, as long as the budget allows."""
        options = (AxisFlipSettings(steps=self.budget.flip_steps),)
        return {
            "knn": fit_knn_azimuth,
            "linear": partial(fit_linear_azimuth, iterations=self.budget.iterations),
            "axis_flip": partial(fit_axis_flip, options=options),
        }

    @property
    def identity_probes(self) -> Mapping[str, Callable[..., Any]]:
        """Likewise for categories."""
        return {
            "knn": fit_knn_identity,
            "linear": partial(fit_linear_identity, iterations=self.budget.iterations),
        }

    def places(self, positions: np.ndarray) -> np.ndarray:
        """Rows of the features."""
        return np.searchsorted(self.positions, positions)


def measure(task: Task, parts: Parts, own_head: bool) -> list[Measure]:
    """All figures of one run.

    Args:
        task: See `Task`.
        parts: What probes are fitted to and asked about.
        own_head: Whether the method's own azimuth head is measured.

    Raises:
        ProbeError: If the features are not finite.
    """
    found: list[Measure] = []
    groups: dict[str, list[tuple[str, np.ndarray]]] = {}
    for domain, _, test in parts.pairs():
        groups.setdefault(FITTED_TO[domain], []).append((domain, test))
        if own_head and task.features.head is not None:
            found += _own_head(task, domain, test)
    for fitted_to, tests in groups.items():
        for layer in PROBED_LAYERS:
            labelled = task.labelled(layer, parts.train[fitted_to])
            asked = [(domain, task.labelled(layer, test)) for domain, test in tests]
            found += _single(layer, labelled, asked, task)
            found += _relative(layer, labelled, asked, task)
            found += _few_shot(layer, labelled, asked, task)
    return found


Asked = list[tuple[str, Labelled]]
Figures = Callable[[Any, Labelled], dict[str, float]]


def _named_right(fitted: Any, test: Labelled) -> dict[str, float]:
    return identity_figures(test.category, fitted.predict(test.features))


def _posed_right(fitted: Any, test: Labelled) -> dict[str, float]:
    return azimuth_figures(test.azimuth, fitted.predict(test.features))


def _single(layer: str, train: Labelled, asked: Asked, task: Task) -> list[Measure]:
    """What one crop is and how it stands, by every probe."""
    kinds: tuple[tuple[str, Asked, Mapping[str, Callable[..., Any]], Figures], ...] = (
        ("semantic", _named(train, asked), task.identity_probes, _named_right),
        ("absolute_pose", _posed(train, asked), task.azimuth_probes, _posed_right),
    )
    found = []
    for name, tests, probes, figures in kinds:
        for probe, fit in probes.items() if tests else ():
            fitted = fit(train, seed=task.seed)
            for domain, test in tests:
                found += from_figures(layer, name, domain, probe, figures(fitted, test), len(test))
    return found


def _relative(layer: str, train: Labelled, asked: Asked, task: Task) -> list[Measure]:
    found = []
    drawn = [(d, t, draw_pairs(t.instance, task.budget.pairs, 0, t.azimuth)) for d, t in _posed(train, asked)]
    drawn = [(domain, test, pairs) for domain, test, pairs in drawn if len(pairs[0])]
    if drawn and len(draw_pairs(train.instance, 1, 0, train.azimuth)[0]):
        probe = fit_pair(train, settings=PairSettings(steps=task.budget.pair_steps, batch=256), seed=task.seed)
        for domain, test, (first, second) in drawn:
            turn = wrapped(test.azimuth[second] - test.azimuth[first])
            figures = turn_figures(turn, probe, test.features[first], test.features[second])
            found += from_figures(layer, "relative_pose", domain, "pair", figures, len(first))
    return found


def _few_shot(layer: str, train: Labelled, asked: Asked, task: Task) -> list[Measure]:
    """Pose from the middle map, identity from the last feature: where each is read best."""
    found = []
    pose = layer == "middle"
    train = train.where(train.category >= 0)
    asked = _posed(train, asked) if pose else _named(train, asked)
    probes = task.azimuth_probes if pose else task.identity_probes
    figures_of = _posed_right if pose else _named_right
    if not asked:
        return []
    if pose:
        train = train.posed()
    for shots in task.budget.shots:
        for probe, fit in probes.items():
            draws = fit_few_shot(fit, train, shots, count=task.budget.draws, seed=task.seed)
            for domain, test in asked:
                several = [figures_of(fitted, test) for fitted in draws]
                mean = {name: float(np.mean([figures[name] for figures in several])) for name in several[0]}
                found += from_figures(layer, f"few_shot_{shots}", domain, probe, mean, len(test))
    return found


def _own_head(task: Task, domain: str, test: np.ndarray) -> list[Measure]:
    """What the method's own head says, without any labelled crop."""
    test = test[np.isfinite(task.dataset.azimuth[test])]
    if not len(test) or task.features.head is None:
        return []
    probability = np.asarray(task.features.head[task.places(test)], np.float64)
    probability /= probability.sum(1, keepdims=True)
    answer = azimuth_of(probability)
    true = task.dataset.azimuth[test]
    figures = pose_figures(true, answer)
    n = int(figures.pop("n"))
    # It never says unknown, so its heading is of no use here.
    nothing = np.zeros((len(test), 5), np.float32)
    prediction = AzimuthPrediction(answer, probability, nothing, np.zeros(len(test), np.int64))
    figures["ece"] = azimuth_reliability(true, prediction).ece
    return from_figures("head", "absolute_pose", domain, "head", figures, n)


def azimuth_figures(true: np.ndarray, prediction: AzimuthPrediction) -> dict[str, float]:
    """Figures of an azimuth probe, its calibration error among them."""
    figures = pose_figures(true, prediction.azimuth, prediction.answer)
    figures.pop("n")
    figures["ece"] = azimuth_reliability(true, prediction).ece
    return figures


def identity_figures(true: np.ndarray, prediction: IdentityPrediction) -> dict[str, float]:
    """Share named right, and calibration error."""
    right = prediction.category == true
    confidence = prediction.probability.max(1)
    return {"accuracy": float(right.mean()), "ece": expected_calibration_error(confidence, right)}


def turn_figures(turn: np.ndarray, probe: PairProbe, first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """Error of the turn between two views."""
    figures = pose_figures(turn, probe.predict(first, second).turn)
    return {name: figures[name] for name in ("within_30", "median_error_deg")}


def _named(train: Labelled, asked: Asked) -> Asked:
    """What can be named: test crops of categories that the probe knows, never across categories."""
    known = np.unique(train.category[train.category >= 0])
    if len(known) < 2:
        return []
    kept = [(d, t.where(np.isin(t.category, known))) for d, t in asked if d != "unseen_category_transfer"]
    return [(domain, test) for domain, test in kept if len(test)]


def _posed(train: Labelled, asked: Asked) -> Asked:
    """Test crops with azimuth, if the probe can be fitted at all."""
    if not np.isfinite(train.azimuth).any():
        return []
    kept = [(domain, test.where(np.isfinite(test.azimuth))) for domain, test in asked]
    return [(domain, test) for domain, test in kept if len(test)]
