"""The equivariance term: what two views read must differ by the known turn."""

from __future__ import annotations

import math

import pytest
import torch

from pose_ssl_ros.learning.objectives.equivariance import balance_loss, equivariance_loss
from pose_ssl_ros.learning.objectives.terms import Batch

BIN = 2 * math.pi / 16


def peaked(*bins: float) -> torch.Tensor:
    """Nearly all probability on one bin per sample."""
    return torch.log_softmax(60.0 * torch.nn.functional.one_hot(torch.tensor(bins).long(), 16).double(), dim=1)


def spread(count: int, seed: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.log_softmax(torch.randn(count, 16, generator=random, dtype=torch.float64), dim=1)


def test_readings_that_differ_by_the_turn_agree() -> None:
    turn = torch.tensor([3 * BIN, -2 * BIN, 0.0, 20 * BIN], dtype=torch.float64)
    right = equivariance_loss(peaked(2, 1, 5, 0), peaked(5, 15, 5, 4), turn)
    wrong = equivariance_loss(peaked(2, 1, 5, 0), peaked(13, 1, 6, 3), turn)
    assert float(right) == pytest.approx(0, abs=1e-4)
    assert float(wrong) > 5


def test_it_equals_the_sum_over_bins() -> None:
    first, second = spread(3, 0), spread(3, 1)
    turn = torch.tensor([1.25 * BIN, -0.5 * BIN, 7 * BIN], dtype=torch.float64)
    expected = 0.0
    for n in range(3):
        shift = float(turn[n]) / BIN
        whole, part = math.floor(shift + 1e-9), shift - math.floor(shift + 1e-9)
        p, q = first[n].exp(), second[n].exp()
        total = sum(
            float(p[b] * ((1 - part) * q[(b + whole) % 16] + part * q[(b + whole + 1) % 16])) for b in range(16)
        )
        expected -= math.log(total) / 3
    assert float(equivariance_loss(first, second, turn)) == pytest.approx(expected, rel=1e-4)


def test_the_views_may_be_swapped_with_the_turn() -> None:
    first, second, turn = spread(4, 0), spread(4, 1), torch.tensor([0.1, -2.0, 3.0, 0.7], dtype=torch.float64)
    there, back = equivariance_loss(first, second, turn), equivariance_loss(second, first, -turn)
    assert float(there) == pytest.approx(float(back), rel=1e-4)


def test_unknown_turns_are_masked_and_gradients_are_finite_differences() -> None:
    first, second = spread(4, 0).requires_grad_(), spread(4, 1).requires_grad_()
    turn = torch.tensor([0.1, math.nan, -1.0, 0.0], dtype=torch.float64)
    known = [0, 2, 3]
    some = equivariance_loss(first[known], second[known], turn[known])
    assert float(equivariance_loss(first, second, turn).detach()) == pytest.approx(float(some.detach()))
    assert torch.autograd.gradcheck(lambda x, y: equivariance_loss(x, y, turn), (first, second))
    nothing = equivariance_loss(first, second, torch.full((4,), math.nan))
    nothing.backward()
    assert float(nothing.detach()) == 0 and float(first.grad.abs().sum()) == 0  # type: ignore[union-attr]


def test_balance_is_zero_when_the_answers_of_a_batch_are_even() -> None:
    assert float(balance_loss(peaked(*range(16)))) == pytest.approx(0, abs=1e-6)
    # All on one bin of sixteen: log 16; half on each of two: log 8.
    assert float(balance_loss(peaked(3, 3, 3))) == pytest.approx(math.log(16), abs=1e-6)
    assert float(balance_loss(peaked(3, 9))) == pytest.approx(math.log(8), abs=1e-6)
    assert torch.autograd.gradcheck(balance_loss, (spread(4, 2).requires_grad_(),))


def test_a_mirrored_batch_turns_pictures_and_signs_together() -> None:
    count, ramp = 64, torch.arange(4.0)
    views = ramp.expand(count, 3, 3, 4, 4).clone()
    angle = torch.linspace(-3, 3, count)
    wide = {"wide": views[:, 0], "turn": angle}
    taught = {"taught": views[:, 0], "taught_azimuth": angle * 2, "centre_azimuth": angle / 2}
    batch = Batch(views, **wide, **taught)
    found = batch.mirrored(torch.Generator().manual_seed(0))
    flipped = found.views[:, 0, 0, 0, 0] == 3
    assert 16 < int(flipped.sum()) < 48
    assert torch.equal(found.views[flipped], views[flipped].flip(-1)) and torch.equal(
        found.views[~flipped], views[~flipped]
    )
    sign = torch.where(flipped, -1.0, 1.0)
    assert found.turn is not None and torch.equal(found.turn, sign * angle)
    assert found.centre_azimuth is not None and torch.equal(found.centre_azimuth, sign * angle / 2)
    assert found.taught is not None and found.taught_azimuth is not None
    alone = found.taught[:, 0, 0, 0] == 3
    assert 16 < int(alone.sum()) < 48 and not torch.equal(alone, flipped)
    assert torch.equal(found.taught_azimuth, torch.where(alone, -1.0, 1.0) * angle * 2)
    assert found.wide is not None and found.wide_mirrored is not None
    assert torch.equal(found.wide[:, 0, 0, 0] == 3, flipped ^ found.wide_mirrored)
    assert 16 < int(found.wide_mirrored.sum()) < 48
