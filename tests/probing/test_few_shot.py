"""Draws of a few labelled instances."""

from __future__ import annotations

import numpy as np
import pytest

from pose_ssl_ros.probing.few_shot import draw_instances, draws, fit_few_shot
from pose_ssl_ros.probing.knn import fit_knn_azimuth, fit_knn_identity
from pose_ssl_ros.probing.linear import fit_linear_azimuth
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import ProbeError
from tests.probing.circles import circles


def test_a_draw_has_k_instances_of_each_category_with_all_their_views() -> None:
    rows = circles(24, 7, seed=1)
    drawn = draw_instances(rows.instance, rows.category, 3, seed=0)
    assert len(drawn) == 3 * 4 * 7 and (np.diff(drawn) > 0).all()
    for category in range(4):
        assert len(np.unique(rows.instance[drawn][rows.category[drawn] == category])) == 3


def test_draws_are_nested_repeat_and_differ_by_seed() -> None:
    rows = circles(40, 3, seed=2)
    small, large = (set(draw_instances(rows.instance, rows.category, k, seed=4)) for k in (1, 5))
    assert small < large
    assert small == set(draw_instances(rows.instance, rows.category, 1, seed=4))
    assert small != set(draw_instances(rows.instance, rows.category, 1, seed=5))
    several = draws(rows, 1, count=3, seed=0)
    assert len({tuple(np.unique(part.instance)) for part in several}) > 1


def test_another_category_changes_nothing() -> None:
    rows = circles(40, 2, seed=3)
    whole = draw_instances(rows.instance, rows.category, 2, seed=1)
    first = draw_instances(rows.instance, np.where(rows.category == 3, -1, rows.category), 2, seed=1)
    assert set(first) == {row for row in whole if rows.category[row] != 3}


def test_fewer_instances_than_asked_and_bad_k() -> None:
    rows = circles(4, 5, seed=4)
    assert len(draw_instances(rows.instance, rows.category, 20, seed=0)) == len(rows)
    with pytest.raises(ProbeError, match="k=0"):
        draw_instances(rows.instance, rows.category, 0, seed=0)
    with pytest.raises(ProbeError, match="category"):
        draw_instances(rows.instance, np.full(len(rows), -1), 1, seed=0)


@pytest.mark.parametrize("fit", [fit_knn_azimuth, fit_linear_azimuth])
def test_more_labels_are_not_worse(fit) -> None:  # type: ignore[no-untyped-def]
    train, test = circles(48, 16, seed=5, noise=0.4), circles(12, 16, seed=6, noise=0.4)

    def within(k: int) -> float:
        probes = fit_few_shot(fit, train, k, count=2)
        return float(
            np.mean([pose_figures(test.azimuth, p.predict(test.features).azimuth)["within_30"] for p in probes])
        )

    few, many = within(1), within(8)
    assert few > 0.4 and many > few and many > 0.9


def test_identity_from_one_instance_each() -> None:
    train, test = circles(40, 16, seed=7), circles(12, 16, seed=8)
    probes = fit_few_shot(fit_knn_identity, train, 1, count=2)
    assert len(probes) == 2
    for probe in probes:
        assert (probe.predict(test.features).category == test.category).mean() > 0.6
