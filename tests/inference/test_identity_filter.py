"""Evidence for identity over a track, and what becomes of it when names and prototypes change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.inference.identity_filter import IdentityFilter

SECOND = 1_000_000_000


def seen(columns: tuple[str, ...], reading: list[float], frames: int = 10) -> IdentityFilter:
    made = IdentityFilter()
    made.relabel(columns)
    for i in range(frames):
        made.update("a", np.array(reading), i * SECOND // 10)
    return made


def test_evidence_stays_with_its_prototype_in_another_order() -> None:
    made = seen(("1", "2", "unknown"), [0.8, 0.1, 0.1])
    made.relabel(("2", "1", "unknown"))
    assert made.update("a", np.array([1.0, 0.0, 0.0]), SECOND)[1] > 0.6


def test_merged_prototypes_add_up() -> None:
    made = seen(("1", "2", "3", "unknown"), [0.4, 0.1, 0.4, 0.1])
    made.relabel(("1", "2", "unknown"), {"3": "5", "5": "1"})
    mean = made.update("a", np.array([0.0, 1.0, 0.0]), SECOND)
    faded = sum(np.exp(-np.arange(1, 11) / 30))  # ten frames, 0.1 s apart, memory 3 s
    assert mean == pytest.approx(np.array([0.8 * faded, 0.1 * faded + 1, 0.1 * faded]) / (faded + 1), abs=1e-6)


def test_a_new_prototype_need_not_fight_the_time_it_was_unknown() -> None:
    made = seen(("1", "unknown"), [0.05, 0.95], 100)
    made.relabel(("1", "2", "unknown"))
    assert made.update("a", np.array([0.05, 0.9, 0.05]), 10 * SECOND).argmax() == 1


def test_what_is_gone_counts_no_more() -> None:
    made = seen(("1", "2", "unknown"), [0.0, 1.0, 0.0], 50)
    made.relabel(("1", "unknown"))
    assert made.update("a", np.array([0.7, 0.3]), 5 * SECOND) == pytest.approx([0.7, 0.3])


@given(
    st.lists(st.sampled_from("123456"), unique=True, min_size=1),
    st.lists(st.sampled_from("123456"), unique=True, min_size=1),
    st.dictionaries(st.sampled_from("123456"), st.sampled_from("123456")),
)
def test_any_change_of_columns_leaves_probabilities(old: list[str], new: list[str], merged: dict[str, str]) -> None:
    reading = np.arange(1.0, len(old) + 2)
    made = seen((*old, "unknown"), list(reading / reading.sum()))
    made.relabel((*new, "unknown"), merged)
    mean = made.update("a", np.full(len(new) + 1, 1 / (len(new) + 1)), SECOND)
    assert mean.shape == (len(new) + 1,) and mean.sum() == pytest.approx(1) and (mean >= 0).all()
