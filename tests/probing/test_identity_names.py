"""Names as they are kept, and the rules of what may join."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.probing.identity_names import (
    LONGEST_NAME,
    IdentityNameError,
    IdentityNames,
    clean_name,
    is_number,
    order,
)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("  forklift \t truck ", "forklift truck"),
        ("Stapler/№ 5 <b>\"'&", "Stapler/№ 5 <b>\"'&"),
        ("u\u0308ber", "über"),  # composed
        ("👩‍🦽 chair", "👩‍🦽 chair"),  # with a joiner
        ("object", "object"),
    ],
)
def test_names_are_kept_as_one_clean_line(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@pytest.mark.parametrize(
    "bad", ["", "  \n", "x" * (LONGEST_NAME + 1), "a\0b", "\ud800", "unknown", "Unknown", "object_3", None, 3]
)
def test_names_that_cannot_be(bad: object) -> None:
    with pytest.raises(IdentityNameError):
        clean_name(bad)


@given(st.text(max_size=80))
def test_a_clean_name_stays_as_it_is_and_can_be_written(text: str) -> None:
    try:
        name = clean_name(text)
    except IdentityNameError:
        return
    assert clean_name(name) == name and name.encode() and "\n" not in name


def test_numbers() -> None:
    assert all(map(is_number, ("1", "12", "3.1", "3.12.4")))
    assert not any(map(is_number, ("", "0", "03", "3.", ".3", "3.0", "-1", "1e3", "٣", 3, None, "1/2")))
    assert sorted(["10", "3.10", "3", "3.9", "2"], key=order) == ["2", "3", "3.9", "3.10", "10"]


def test_titles_follow_merges_and_a_circle_is_no_end() -> None:
    names = IdentityNames({"1": "van"}, {"2": "1", "3": "2", "7": "8", "8": "7"}, frozenset({"5"}))
    assert [names.title(n) for n in ("1", "2", "3", "4", "5")] == ["van", "van", "van", "object_4", "unknown"]
    assert names.title("7").startswith("object_")


def test_what_a_person_told_apart_never_joins() -> None:
    names = IdentityNames({"1": "van", "2": "bus"}, pins={"t": "3.1"})
    assert not names.may_join("1", "2") and not names.may_join("3", "3.1") and not names.may_join("3.1", "3")
    assert names.may_join("1", "4") and names.may_join("4", "5") and names.may_join("3", "30")
