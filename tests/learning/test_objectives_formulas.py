"""Each formula against an independent computation in numpy and against lightly's; symmetry and gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from lightly_reference import reference

from pose_ssl_ros.learning.objectives import registry
from pose_ssl_ros.learning.objectives.azimuth import azimuth_loss, azimuth_targets
from pose_ssl_ros.learning.objectives.barlow import BarlowTwins, cross_correlation
from pose_ssl_ros.learning.objectives.base import ObjectiveError
from pose_ssl_ros.learning.objectives.byol import BYOL
from pose_ssl_ros.learning.objectives.category import category_loss
from pose_ssl_ros.learning.objectives.dino import DINO
from pose_ssl_ros.learning.objectives.moco import MoCo
from pose_ssl_ros.learning.objectives.simclr import SimCLR, nt_xent
from pose_ssl_ros.learning.objectives.similarity import mean_cosine
from pose_ssl_ros.learning.objectives.simsiam import SimSiam
from pose_ssl_ros.learning.objectives.target import cosine_momentum
from pose_ssl_ros.probing.heading_head import soft_targets

N, D = 6, 5


def views(count: int = N, dimension: int = D, seed: int = 0) -> list[torch.Tensor]:
    """Two views and their two targets, float64."""
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(count, dimension, generator=random, dtype=torch.float64) for _ in range(4)]


def made(name: str, dimension: int = D, **options: Any) -> Any:
    torch.manual_seed(1)
    kinds = {"simclr": SimCLR, "moco": MoCo, "simsiam": SimSiam, "byol": BYOL, "barlow": BarlowTwins, "dino": DINO}
    return (kinds[name](dimension, **options) if name in kinds else registry.create(name, dimension)).double()


def lightly(module: str) -> Any:
    return reference(f"lightly.loss.{module}")


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_simclr(temperature: float) -> None:
    a, b, *_ = views()
    z = unit(np.concatenate([a.numpy(), b.numpy()]))
    each = []
    for i in range(2 * N):
        chances = {k: math.exp(z[i] @ z[k] / temperature) for k in range(2 * N) if k != i}
        each.append(-math.log(chances[(i + N) % (2 * N)] / sum(chances.values())))
    ours = float(made("simclr", temperature=temperature)(a, b)["loss"])
    assert ours == pytest.approx(np.mean(each))
    assert ours == pytest.approx(float(lightly("ntx_ent_loss").NTXentLoss(temperature)(a, b)))


def test_moco() -> None:
    a, b, target_a, target_b = views()
    objective = made("moco", size=9, temperature=0.3)
    queue = objective.queue.numpy().copy()
    assert np.allclose(np.linalg.norm(queue, axis=1), 1)
    each = []
    for query, key in ((a, target_b), (b, target_a)):
        q, k = unit(query.numpy()), unit(key.numpy())
        logits = np.concatenate([(q * k).sum(1, keepdims=True), q @ queue.T], axis=1) / 0.3
        each.append(-np.log(softmax(logits)[:, 0]).mean())
    ours = float(objective(a, b, target_a, target_b)["loss"])
    assert ours == pytest.approx(np.mean(each))
    theirs = lightly("ntx_ent_loss").NTXentLoss(0.3, memory_bank_size=(9, D))
    theirs.memory_bank.bank = torch.from_numpy(queue.copy())
    theirs.memory_bank.bank_ptr = torch.zeros(1, dtype=torch.long)
    both = [float(theirs(query, key)) for query, key in ((a, target_b), (b, target_a))]  # no gradient: it stays
    assert ours == pytest.approx(np.mean(both))


def test_simsiam() -> None:
    a, b, *_ = views()
    objective = made("simsiam")
    p, q = objective.predictor(a), objective.predictor(b)
    expected = [(unit(x.detach().numpy()) * unit(y.numpy())).sum(1).mean() for x, y in ((p, b), (q, a))]
    ours = float(objective(a, b)["loss"].detach())
    assert ours == pytest.approx(-np.mean(expected))
    cosine = lightly("negative_cosine_similarity").NegativeCosineSimilarity()
    assert ours == pytest.approx(float((0.5 * (cosine(p, b) + cosine(q, a))).detach()))


def test_byol() -> None:
    a, b, target_a, target_b = views()
    objective = made("byol")
    p, q = objective.predictor(a), objective.predictor(b)
    # Equation 2: the squared distance of the unit vectors.
    squared = [
        ((unit(x.detach().numpy()) - unit(y.numpy())) ** 2).sum(1).mean() for x, y in ((p, target_b), (q, target_a))
    ]
    ours = float(objective(a, b, target_a, target_b)["loss"].detach())
    assert ours == pytest.approx(sum(squared))
    cosine = lightly("negative_cosine_similarity").NegativeCosineSimilarity()
    assert ours == pytest.approx(4 + 2 * float((cosine(p, target_b) + cosine(q, target_a)).detach()))


@pytest.mark.parametrize("redundancy", [5e-3, 0.7])
def test_barlow(redundancy: float) -> None:
    a, b, *_ = views(40)
    c = np.corrcoef(a.numpy().T, b.numpy().T)[:D, D:]
    off = ~np.eye(D, dtype=bool)
    parts = made("barlow", redundancy=redundancy)(a, b)
    # 1e-5 is added to each variance.
    assert float(parts["invariance"]) == pytest.approx(((1 - c.diagonal()) ** 2).sum(), rel=1e-4)
    assert float(parts["redundancy"]) == pytest.approx((c[off] ** 2).sum(), rel=1e-4)
    theirs = float(lightly("barlow_twins_loss").BarlowTwinsLoss(redundancy)(a, b))
    assert float(parts["loss"]) == pytest.approx(theirs)


def test_dino() -> None:
    a, b, target_a, target_b = views(dimension=4 * D)
    objective = made("dino")
    theirs = lightly("dino_loss").DINOLoss(4 * D, warmup_teacher_temp_epochs=1).double()
    for _ in range(3):  # the centre moves alike too
        centre = objective.centre.numpy().copy()
        each = []
        for student, teacher in ((a, target_b), (b, target_a)):
            target = softmax((teacher.numpy() - centre) / 0.04)
            each.append(-(target * np.log(softmax(student.numpy() / 0.1))).sum(1).mean())
        ours = float(objective(a, b, target_a, target_b)["loss"])
        assert ours == pytest.approx(np.mean(each))
        assert ours == pytest.approx(float(theirs([target_a, target_b], [a, b])))
        objective.after_step(0.0)
        mean = np.concatenate([target_a.numpy(), target_b.numpy()]).mean(0)
        assert np.allclose(objective.centre.numpy(), 0.9 * centre + 0.1 * mean)


def test_dinos_prototypes_do_not_know_scale() -> None:
    torch.manual_seed(0)
    head = made("dino").projector(7, D).double()
    head[-1].weight.data *= 5
    scores = head(torch.randn(9, 7, dtype=torch.float64))
    assert scores.shape == (9, 4 * D) and float(scores.detach().abs().max()) <= 1


def test_momentum_rises_along_a_half_cosine() -> None:
    assert cosine_momentum(0.99, 0.0) == pytest.approx(0.99)
    assert cosine_momentum(0.99, 0.5) == pytest.approx(0.995)
    assert cosine_momentum(0.99, 1.0) == cosine_momentum(0.99, 3.0) == 1.0
    scheduler = reference("lightly.utils.scheduler")
    for step in (0, 3, 7, 9):
        assert made("byol", base=0.9).momentum(step / 9) == pytest.approx(scheduler.cosine_schedule(step, 10, 0.9, 1.0))
    assert made("moco").momentum(0.1) == made("moco").momentum(0.9)


@pytest.mark.parametrize("name", registry.names())
def test_views_may_be_swapped_and_samples_reordered(name: str) -> None:
    objective = made(name)
    a, b, target_a, target_b = views(dimension=objective.width())
    first = float(objective(a, b, target_a, target_b)["loss"].detach())
    assert float(objective(b, a, target_b, target_a)["loss"].detach()) == pytest.approx(first)
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    again = objective(*(x[order] for x in (a, b, target_a, target_b)))["loss"]
    assert float(again.detach()) == pytest.approx(first)


@pytest.mark.parametrize("name", [name for name in registry.names() if name != "simsiam"])
def test_the_gradient_is_that_of_finite_differences(name: str) -> None:
    objective = made(name, 3)
    a, b, target_a, target_b = views(4, objective.width(), seed=2)
    a.requires_grad_(), b.requires_grad_()
    assert torch.autograd.gradcheck(lambda x, y: objective(x, y, target_a, target_b)["loss"], (a, b))


def test_the_gradient_of_simsiam_is_that_of_the_predicted_half() -> None:
    """Finite differences see through a stopped gradient, so the two halves are taken apart."""
    objective = made("simsiam")
    a, b, *_ = views(4)
    a.requires_grad_(), b.requires_grad_()
    fixed = [x.detach().clone() for x in (a, b)]

    def predicted(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return -0.5 * (mean_cosine(objective.predictor(x), fixed[1]) + mean_cosine(objective.predictor(y), fixed[0]))

    assert torch.autograd.gradcheck(predicted, (a, b))
    ours = torch.autograd.grad(objective(a, b)["loss"], (a, b))
    assert all(torch.allclose(x, y) for x, y in zip(ours, torch.autograd.grad(predicted(a, b), (a, b)), strict=True))


@pytest.mark.parametrize("name", ["byol", "moco", "dino"])
def test_no_gradient_reaches_the_moving_copy(name: str) -> None:
    objective = made(name)
    a, b, target_a, target_b = (x.requires_grad_() for x in views(dimension=objective.width()))
    objective(a, b, target_a, target_b)["loss"].backward()
    assert a.grad is not None and b.grad is not None and float(a.grad.abs().sum()) > 0
    assert target_a.grad is None and target_b.grad is None


def test_the_queue_rotates() -> None:
    objective = made("moco", size=10)
    start = objective.queue.clone()
    a, b, target_a, target_b = views(4)
    objective.eval()
    objective(a, b, target_a, target_b)
    objective.after_step(0.0)
    assert torch.equal(objective.queue, start)  # looking at a batch is no step
    objective.train()
    objective(a, b, target_a, target_b)
    assert torch.equal(objective.queue, start)  # nor is a step that may yet be rolled back
    objective.after_step(0.0)
    keys = torch.nn.functional.normalize(torch.cat([target_a, target_b]), dim=1)
    assert torch.allclose(objective.queue[:8], keys) and torch.equal(objective.queue[8:], start[8:])
    assert int(objective.cursor) == 8
    objective.after_step(0.0)
    assert int(objective.cursor) == 8  # a batch enters once
    objective(b, a, target_b, target_a)
    objective.after_step(0.0)
    assert torch.allclose(objective.queue[[8, 9, 0]], torch.nn.functional.normalize(target_b, dim=1)[:3])
    assert int(objective.cursor) == 6
    small = made("moco", size=3)
    small(a, b, target_a, target_b)
    small.after_step(0.0)
    assert torch.allclose(small.queue, keys[-3:])


@pytest.mark.parametrize("name", registry.names())
def test_constant_embeddings_are_no_minimum_unless_only_the_predictor_holds_them_off(name: str) -> None:
    objective = made(name)
    spread, *_ = views(32, objective.width())
    constant = torch.ones_like(spread)
    apart = objective(spread, spread, spread, spread)["loss"]
    collapsed = objective(constant, constant, constant, constant)["loss"]
    assert torch.isfinite(collapsed)
    if name in ("vicreg", "simclr", "moco", "barlow"):
        assert float(collapsed) > float(apart)
    elif name == "dino":  # the centre: what wins always stops winning, and the student cannot agree with sharpness
        objective.after_step(0.0)
        one = torch.zeros_like(spread)
        one[:, 0] = 1.0
        for _ in range(60):
            objective(one, one, one, one)
            objective.after_step(0.0)
        assert float(objective(one, one, one, one)["loss"]) > math.log(objective.width()) / 2
    else:
        assert name in ("byol", "simsiam")


def test_gradients_are_finite_where_everything_is_the_same() -> None:
    for name in registry.names():
        objective = made(name)
        for value in (0.0, 1.0):
            same = torch.full((4, objective.width()), value, dtype=torch.float64, requires_grad=True)
            objective(same, same, same.detach(), same.detach())["loss"].backward()
            assert torch.isfinite(same.grad).all(), name


@pytest.mark.parametrize("name", registry.names())
def test_what_does_not_fit_is_refused(name: str) -> None:
    objective = made(name)
    a, b, target_a, target_b = views(dimension=objective.width())
    with pytest.raises(ObjectiveError, match="needs equal"):
        objective(a, b[:-1], target_a, target_b)
    with pytest.raises(ObjectiveError, match="N >= 2"):
        objective(*(x[:1] for x in (a, b, target_a, target_b)))
    with pytest.raises(ObjectiveError, match="was made for"):
        objective(*(x[:, :-1] for x in (a, b, target_a, target_b)))
    if objective.needs_target:
        with pytest.raises(ObjectiveError, match="needs the target"):
            objective(a, b)
    with pytest.raises(ObjectiveError, match="no projector norm 'group'; there are: layer, batch"):
        registry.create(name, 8, "group")
    with pytest.raises(ObjectiveError, match="at least one dimension"):
        registry.create(name, 0)


def test_the_registry_refuses_a_taken_name_and_a_queue_without_room() -> None:
    with pytest.raises(ObjectiveError, match="registered already"):
        registry.register("byol", BYOL)
    with pytest.raises(ObjectiveError, match="at least one key"):
        MoCo(8, size=0)


def test_azimuths_and_categories_are_cross_entropies_of_what_is_known() -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 16, generator=random, dtype=torch.float64)
    azimuth = torch.tensor([0.1, math.nan, -3.1, 3.1, 1.5], dtype=torch.float64)
    assert np.allclose(azimuth_targets(azimuth[[0, 2, 3]]).numpy(), soft_targets(azimuth[[0, 2, 3]].numpy()))
    known = [0, 2, 3, 4]
    p = np.log(softmax(logits.numpy()[known]))
    targets = soft_targets(azimuth.numpy()[known])
    assert float(azimuth_loss(logits, azimuth)) == pytest.approx(-(targets * p).sum(1).mean(), rel=1e-6)
    smooth = 0.9 * targets + 0.1 / 16
    assert float(azimuth_loss(logits, azimuth, 0.1)) == pytest.approx(-(smooth * p).sum(1).mean(), rel=1e-6)
    category = torch.tensor([3, -1, 0, 15, 2])
    assert float(category_loss(logits, category)) == pytest.approx(
        -np.mean([np.log(softmax(logits.numpy()))[i, c] for i, c in enumerate(category.tolist()) if c >= 0])
    )


def test_nothing_known_is_no_loss_and_no_gradient() -> None:
    logits = torch.randn(3, 16, dtype=torch.float64, requires_grad=True)
    loss = azimuth_loss(logits, torch.full((3,), math.nan)) + category_loss(logits, torch.full((3,), -1))
    loss.backward()
    assert float(loss.detach()) == 0 and float(logits.grad.abs().sum()) == 0


def test_supervised_gradients_are_those_of_finite_differences() -> None:
    logits = torch.randn(4, 16, dtype=torch.float64, requires_grad=True)
    azimuth = torch.tensor([0.3, math.nan, 2.0, -1.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: azimuth_loss(x, azimuth, 0.1), (logits,))
    assert torch.autograd.gradcheck(lambda x: category_loss(x, torch.tensor([1, -1, 15, 0])), (logits,))


def test_nt_xent_prefers_pairs() -> None:
    a, b, *_ = views(16, 8)
    assert float(nt_xent(a, a, 0.2)) < float(nt_xent(a, b, 0.2))
    assert torch.allclose(cross_correlation(a, a).diagonal(), torch.ones(8, dtype=torch.float64), atol=1e-4)
