"""Declared parameters refuse what is not allowed and say what is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pose_ssl_ros.parameters import ParameterError, from_values, nested, parameter, specs, to_values


@dataclass(frozen=True)
class Inner:
    """Inner."""

    rate: float = parameter(2.0, "A rate.", minimum=0.5, maximum=4.0, unit="Hz")


@dataclass(frozen=True)
class Outer:
    """Outer."""

    size: int = parameter(64, "A side.", minimum=16, maximum=256, unit="px")
    mode: str = parameter("raw", "A mode.", choices=("raw", "compressed"))
    on: bool = parameter(True, "A switch.")
    inner: Inner = nested(Inner)


def test_defaults_and_nested_names() -> None:
    assert set(specs(Outer)) == {"size", "mode", "on", "inner.rate"}
    assert from_values(Outer, {}) == Outer()


def test_values_and_back() -> None:
    values = {"size": 32, "mode": "compressed", "on": False, "inner.rate": 1.5}
    assert to_values(from_values(Outer, values)) == values


def test_an_integer_serves_where_a_number_is_wanted() -> None:
    rate = from_values(Outer, {"inner.rate": 3}).inner.rate
    assert rate == 3.0
    assert isinstance(rate, float)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sise": 3}, "there is no parameter 'sise'.*inner.rate, mode, on, size"),
        ({"size": 8}, "'size' is 8 but must be an integer from 16 to 256 px"),
        ({"size": 64.5}, "must be an integer"),
        ({"size": True}, "must be an integer"),
        ({"inner.rate": float("nan")}, "must be a number from 0.5 to 4 Hz"),
        ({"mode": "jpeg"}, "must be one of 'raw', 'compressed'"),
        ({"on": 1}, "must be true or false"),
    ],
)
def test_what_is_refused_says_what_is_allowed(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        from_values(Outer, values)
