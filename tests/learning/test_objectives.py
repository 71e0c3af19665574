"""The formulas: hand-worked cases, an independent computation and lightly's."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from lightly_reference import reference

from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.objectives import registry
from pose_ssl_ros.learning.objectives.combined import Combined
from pose_ssl_ros.learning.objectives.terms import Batch, Terms
from pose_ssl_ros.learning.objectives.trajectory import trajectory_loss
from pose_ssl_ros.learning.objectives.vicreg import VICReg, covariance_loss, invariance_loss, variance_loss

ARCHITECTURE = Architecture(32, 8)


def views(count: int = 12, dimension: int = 7, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    a = torch.randn(count, dimension, generator=random, dtype=torch.float64)
    return a, a + 0.3 * torch.randn(count, dimension, generator=random, dtype=torch.float64)


def on_circle(*degrees: float, dimension: int = 5) -> list[torch.Tensor]:
    """Points of one great circle in a random plane."""
    plane, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(dimension, 2)))
    return [torch.tensor(plane @ [math.cos(math.radians(d)), math.sin(math.radians(d))])[None] for d in degrees]


def test_vicreg_equals_an_independent_computation() -> None:
    a, b = views()
    x, y = a.numpy(), b.numpy()
    count, dimension = x.shape
    inv = sum((x[i, j] - y[i, j]) ** 2 for i in range(count) for j in range(dimension)) / (count * dimension)
    var = np.mean([np.maximum(0, 1 - np.sqrt(np.var(z, axis=0, ddof=1) + 1e-4)).mean() for z in (x, y)])
    cov = 0.0
    for z in (x, y):
        c = np.cov(z.T)
        cov += sum(c[i, j] ** 2 for i in range(dimension) for j in range(dimension) if i != j) / dimension
    parts = VICReg(7)(a, b)
    assert float(parts["invariance"]) == pytest.approx(inv)
    assert float(parts["variance"]) == pytest.approx(var)
    assert float(parts["covariance"]) == pytest.approx(cov)
    assert float(parts["loss"]) == pytest.approx(25 * inv + 25 * var + cov)


@pytest.mark.parametrize("weights", [(25.0, 25.0, 1.0), (1.0, 3.0, 0.5)])
def test_vicreg_equals_lightly(weights: tuple[float, float, float]) -> None:
    lightly = reference("lightly.loss.vicreg_loss")
    a, b = views(seed=3)
    theirs = lightly.VICRegLoss(*weights)(a, b)
    ours = VICReg(7, invariance=weights[0], variance=weights[1], covariance=weights[2])(a, b)
    assert float(ours["loss"]) == pytest.approx(float(theirs))


def test_vicreg_is_symmetric_and_zero_for_equal_white_views() -> None:
    a, b = views()
    assert float(VICReg(7)(a, b)["loss"]) == pytest.approx(float(VICReg(7)(b, a)["loss"]))
    white = 3 * torch.cat([torch.eye(6), -torch.eye(6)])
    assert float(invariance_loss(white, white)) == 0
    assert float(variance_loss(white)) == 0
    assert float(covariance_loss(white)) == pytest.approx(0, abs=1e-10)


def test_vicreg_punishes_collapse() -> None:
    a, _ = views()
    constant = torch.ones_like(a)
    assert float(VICReg(7)(constant, constant)["variance"]) == pytest.approx(1 - 0.01)
    same = a[:, :1].expand_as(a)  # all dimensions alike
    assert float(covariance_loss(same)) > 3 * float(covariance_loss(a))


def test_vicreg_refuses_what_does_not_fit() -> None:
    a, b = views()
    with pytest.raises(ValueError, match="needs equal"):
        VICReg(7)(a, b[:-1])
    with pytest.raises(ValueError, match="N >= 2"):
        VICReg(7)(a[:1], b[:1])


@pytest.mark.parametrize("step", [0.5, 5, 20, 45, 80])
def test_trajectory_is_minus_one_on_a_geodesic_at_any_step(step: float) -> None:
    left, centre, right = on_circle(-step, 0, step)
    assert float(trajectory_loss(left, centre, right)) == pytest.approx(-1, abs=1e-3)
    left, centre, right = on_circle(-step, 0, step / 3)  # nor do the steps have to be equal
    assert float(trajectory_loss(left, centre, right)) == pytest.approx(-1, abs=1e-3)


def test_trajectory_at_a_right_angle_and_back() -> None:
    x, y, z = (torch.eye(3, dtype=torch.float64)[i][None] for i in range(3))
    assert float(trajectory_loss(x, y, z)) == pytest.approx(0, abs=1e-6)
    assert float(trajectory_loss(x, y, x)) == pytest.approx(1, abs=1e-6)


def test_trajectory_ignores_the_scale_of_features() -> None:
    random = torch.Generator().manual_seed(0)
    left, centre, right = (torch.randn(4, 9, generator=random, dtype=torch.float64) for _ in range(3))
    plain = float(trajectory_loss(left, centre, right))
    assert float(trajectory_loss(0.01 * left, 50 * centre, 3 * right)) == pytest.approx(plain, abs=1e-6)


def test_trajectory_gradient_straightens_the_path() -> None:
    left, centre, right = on_circle(-20, 0, 20)
    bent = (centre + 0.1 * torch.randn(1, 5, generator=torch.Generator().manual_seed(2))).requires_grad_()
    before = trajectory_loss(left, bent, right)
    for _ in range(200):
        (gradient,) = torch.autograd.grad(trajectory_loss(left, bent, right), bent)
        bent = (bent - 0.01 * gradient).detach().requires_grad_()
    after = trajectory_loss(left, bent, right)
    assert float(before.detach()) > -0.97
    assert float(after.detach()) < -0.999


def test_trajectory_of_views_that_do_not_move_is_zero_with_finite_gradient() -> None:
    same = torch.randn(3, 6, requires_grad=True)
    zero = torch.zeros(3, 6, requires_grad=True)
    loss = trajectory_loss(same, same, same) + trajectory_loss(zero, zero, zero)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0, abs=1e-5)
    assert torch.isfinite(same.grad).all() and torch.isfinite(zero.grad).all()


def test_an_unknown_objective_names_those_that_exist() -> None:
    with pytest.raises(registry.ObjectiveError, match="no objective 'best'; there are: .*vicreg"):
        registry.create("best", 8)
    with pytest.raises(ValueError, match="middle, last"):
        Terms(trajectory_layer="first")


@pytest.mark.parametrize("layer", ["middle", "last", "projector"])
def test_combined_is_the_weighted_sum(layer: str) -> None:
    torch.manual_seed(0)
    combined = Combined(ARCHITECTURE, Terms(projector=16, trajectory_weight=2.0, trajectory_layer=layer))
    batch = Batch(255 * torch.rand(6, 3, 3, 32, 32))
    with torch.no_grad():
        parts = combined(batch, lambda x: x)
    assert float(parts["loss"]) == pytest.approx(float(parts["semantic"] + 2 * parts["trajectory"]), rel=1e-5)
    assert -1 <= float(parts["trajectory"]) <= 1
    assert float(parts["invariance"]) == pytest.approx(0, abs=1e-9)  # no augmentation: both views are one
    combined.terms = replace(combined.terms, trajectory_weight=0.0)
    assert "trajectory" not in combined(batch, lambda x: x)
