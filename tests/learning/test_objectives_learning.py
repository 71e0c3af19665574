"""Every objective in the whole loss: it takes a step, learns, does not collapse, and survives online."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pose_ssl_ros.learning.collapse import effective_rank, embedding_std
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.objectives import registry
from pose_ssl_ros.learning.objectives.base import ObjectiveError
from pose_ssl_ros.learning.objectives.combined import Combined
from pose_ssl_ros.learning.objectives.terms import Batch, Terms
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.learning.trainer import SNAPSHOT_STEPS, StartError, Trainer
from pose_ssl_ros.parameters import specs

ARCHITECTURE = Architecture(32, 8)
BASE = Path(__file__).parents[2] / "models" / "base"
COPIED = [name for name in registry.names() if registry.create(name, 8).needs_target]


def combined(terms: Terms, categories: int = 0) -> Combined:
    torch.manual_seed(0)
    return Combined(ARCHITECTURE, terms, categories)


def batch(count: int = 6, seed: int = 0) -> Batch:
    random = torch.Generator().manual_seed(seed)
    pixels = 255 * torch.rand(count, 4, 3, 32, 32, generator=random)
    turn = torch.randn(count, generator=random)
    taught, azimuth = pixels[:, 3].flip(0), torch.randn(count, generator=random)
    return Batch(pixels[:, :3], pixels[:, 3], turn, torch.arange(count) % 3, None, taught, azimuth)


def shaken(seed: int = 0):  # type: ignore[no-untyped-def]
    random = torch.Generator().manual_seed(seed)

    def augment(pixels: torch.Tensor) -> torch.Tensor:
        gain = 0.7 + 0.6 * torch.rand(len(pixels), 1, 1, 1, generator=random)
        return (pixels * gain + 20 * torch.randn(pixels.shape, generator=random)).clamp(0, 255)

    return augment


def toy(terms: Terms, steps: int) -> Iterator[dict[str, torch.Tensor]]:
    """Steps on eight blurred patterns that an augmentation shakes."""
    random = torch.Generator().manual_seed(0)
    patterns = torch.nn.functional.interpolate(255 * torch.rand(8, 3, 4, 4, generator=random), size=32, mode="bilinear")
    model, augment = combined(terms).train(), shaken()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-3)
    for step in range(steps):
        views = patterns[torch.randint(8, (16,), generator=random)][:, None].expand(-1, 3, -1, -1, -1)
        parts = model(Batch(views), augment)
        optimiser.zero_grad()
        parts["loss"].backward()
        optimiser.step()
        model.after_step(step / steps)
        yield {name: value.detach() for name, value in parts.items()}


@pytest.mark.parametrize("name", registry.names())
def test_it_learns_a_toy_problem_without_collapse(name: str) -> None:
    reports = list(toy(Terms(name, projector=32, trajectory_weight=0.0), 50))
    # Random directions leave MoCo's queue in some steps; only then are its negatives hard.
    begin = 20 if name == "moco" else 0
    first, last = (float(torch.stack([r["loss"] for r in part]).mean()) for part in (reports[begin:][:5], reports[-5:]))
    assert last < first - 0.01 * abs(first)
    assert embedding_std(reports[-1]["feature"]) > 0.1
    assert effective_rank(reports[-1]["feature"]) > 3


@pytest.mark.parametrize("name", ["byol", "simsiam"])
def test_collapse_is_detected_though_the_loss_looks_best_then(name: str) -> None:
    """With layer norm nothing holds samples apart: why these two ask for batch norm."""
    collapsing = list(toy(Terms(name, projector=32, projector_norm="layer", trajectory_weight=0.0), 40))
    assert embedding_std(collapsing[0]["feature"]) > 0.2
    assert embedding_std(collapsing[-1]["feature"]) < 0.08
    assert float(collapsing[-1]["loss"]) < float(collapsing[0]["loss"])
    assert registry.create(name, 8).norm == "batch" and registry.create("vicreg", 8).norm == "layer"


@pytest.mark.parametrize("name", registry.names())
def test_combined_takes_a_step_with_all_terms(name: str) -> None:
    terms = Terms(name, projector=16, teacher_weight=2.0, equivariance_weight=3.0, semantic_weight=0.5)
    model = combined(terms).train()
    parts = model(batch(), shaken())
    weighted = 0.5 * parts["semantic"] + parts["trajectory"] + 2 * parts["teacher"] + 3 * parts["equivariance"]
    assert float(parts["loss"].detach()) == pytest.approx(float(weighted.detach()), rel=1e-5)
    assert parts["feature"].shape == (6, 64) and not parts["feature"].requires_grad
    parts["loss"].backward()
    for part in (model.encoder, model.projector, model.heading, model.objective):
        assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in part.parameters())
    model.after_step(0.5)
    assert set(model.parts()) >= {"encoder", "projector", "teacher"}
    held = {name for name, _ in model.parts().named_parameters()} | {name for name, _ in model.parts().named_buffers()}
    assert len(held) == len(list(model.parameters())) + len(list(model.buffers()))  # none is left out


@pytest.mark.parametrize("name", COPIED)
def test_the_moving_copy_moves_as_it_should(name: str) -> None:
    model = combined(Terms(name, projector=16)).train()
    assert model.target is not None
    before = [p.clone() for p in model.target.parameters()]
    with torch.no_grad():
        for parameter in (*model.encoder.parameters(), *model.projector.parameters()):
            parameter.add_(1.0)
    model(batch(), shaken())["loss"].backward()
    assert all(p.grad is None and not p.requires_grad for p in model.target.parameters())
    stay = model.objective.momentum(0.3)
    assert 0.9 < stay < 1
    model.after_step(0.3)
    for old, new in zip(before, model.target.parameters(), strict=True):
        assert torch.allclose(new, old + (1 - stay), atol=1e-6)
    model.reset_target()
    for copied in ("encoder", "projector"):
        theirs = getattr(model, copied).state_dict()
        assert all(torch.equal(v, theirs[k]) for k, v in model.target[copied].state_dict().items())


def test_objectives_without_a_moving_copy_have_none() -> None:
    assert set(COPIED) == {"byol", "dino", "moco"}
    assert combined(Terms("vicreg")).target is None
    assert combined(Terms("byol", supervision="azimuth")).target is None
    assert set(combined(Terms("vicreg")).parts()) == {"encoder", "projector", "teacher"}


@pytest.mark.parametrize("supervision", ["category", "azimuth"])
def test_supervision_replaces_the_semantic_term(supervision: str) -> None:
    model = combined(Terms(supervision=supervision, trajectory_weight=0.0, semantic_weight=2.0), 3)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(15):
        parts = model(batch(), lambda x: x)
        assert set(parts) == {"loss", "supervised", "feature"}
        assert float(parts["loss"].detach()) == pytest.approx(2 * float(parts["supervised"].detach()))
        optimiser.zero_grad()
        parts["loss"].backward()
        optimiser.step()
        model.after_step(0.0)
        losses.append(float(parts["loss"].detach()))
    assert losses[-1] < 0.9 * losses[0]
    with pytest.raises(ObjectiveError, match=f"supervision by {supervision} needs a batch with"):
        model(Batch(batch().views), lambda x: x)


@pytest.mark.parametrize(
    ("field", "supervision", "key"),
    [
        ("taught_azimuth", "none", "teacher"),
        ("turn", "none", "equivariance"),
        ("taught_azimuth", "azimuth", "supervised"),
    ],
)
def test_what_is_not_known_is_masked(field: str, supervision: str, key: str) -> None:
    model = combined(Terms(teacher_weight=1.0, equivariance_weight=1.0, trajectory_weight=0.0, supervision=supervision))
    whole = batch()
    values = getattr(whole, field).clone()
    values[[1, 4]] = math.nan
    parts = model(replace(whole, **{field: values}), lambda x: x)
    kept = [0, 2, 3, 5]
    some = Batch(**{k: None if v is None else v[kept] for k, v in vars(whole).items()})
    assert float(parts[key].detach()) == pytest.approx(float(model(some, lambda x: x)[key].detach()), rel=1e-4)
    parts["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in model.encoder.parameters() if p.grad is not None)
    nothing = model(replace(whole, **{field: torch.full_like(values, math.nan)}), lambda x: x)
    assert float(nothing[key].detach()) == 0 and math.isfinite(float(nothing["loss"].detach()))


def test_centres_that_motion_told_of_are_taught_beside_the_taught_crops() -> None:
    terms = Terms(teacher_weight=1.0, trajectory_weight=0.0, semantic_weight=0.0)
    model, whole = combined(terms), batch()
    assert whole.taught is not None and whole.taught_azimuth is not None
    azimuth = torch.tensor([0.3, math.nan, -1.2, math.nan, 2.9, math.nan])
    found = float(model(replace(whole, centre_azimuth=azimuth), lambda x: x)["teacher"].detach())
    centres, told = whole.views[[0, 2, 4], 1], azimuth[[0, 2, 4]]
    crops = torch.cat([whole.taught, centres, centres])
    by_hand = replace(whole, taught=crops, taught_azimuth=torch.cat([whole.taught_azimuth, told, told]))
    assert found == pytest.approx(float(model(by_hand, lambda x: x)["teacher"].detach()), rel=1e-4)
    assert found != pytest.approx(float(model(whole, lambda x: x)["teacher"].detach()), rel=1e-3)


def test_half_precision_is_near_and_leaves_everything_in_float32() -> None:
    terms = Terms("byol", projector=16, teacher_weight=2.0, equivariance_weight=3.0)
    torch.manual_seed(0)
    half = Combined(ARCHITECTURE, terms, half_precision=True).train()
    whole = combined(terms).train()
    found, expected = half(batch(), lambda x: x), whole(batch(), lambda x: x)
    found["loss"].backward()
    assert all(value.dtype == torch.float32 for value in found.values())
    tensors = [t for p in half.parameters() for t in (p, p.grad) if t is not None]
    assert all(tensor.dtype == torch.float32 for tensor in tensors)
    assert torch.allclose(found["feature"], expected["feature"], atol=0.05, rtol=0.05)
    assert not torch.equal(found["feature"], expected["feature"])  # it was half precision indeed
    assert float(found["loss"].detach()) == pytest.approx(float(expected["loss"].detach()), rel=0.02)


def test_terms_without_what_they_need_are_left_out() -> None:
    model = combined(Terms(teacher_weight=1.0, equivariance_weight=1.0, semantic_weight=0.0))
    parts = model(Batch(batch().views), lambda x: x)
    assert set(parts) == {"loss", "trajectory", "feature"}
    assert float(parts["loss"].detach()) == pytest.approx(float(parts["trajectory"].detach()))


def test_terms_are_checked() -> None:
    for change, words in [
        ({"trajectory_layer": "first"}, "middle, last, projector"),
        ({"supervision": "name"}, "none, category, azimuth"),
        ({"projector_norm": "group"}, "auto, layer, batch"),
        ({"teacher_weight": -1.0}, "teacher_weight must be"),
        ({"trajectory_weight": math.nan}, "trajectory_weight must be"),
    ]:
        with pytest.raises(ObjectiveError, match=words):
            Terms(**change)  # type: ignore[arg-type]
    with pytest.raises(ObjectiveError, match="there are: .*byol.*vicreg"):
        combined(Terms("best"))
    with pytest.raises(ObjectiveError, match="two categories"):
        combined(Terms(supervision="category"))
    assert len(batch().to("cpu")) == 6


CONFIG = LearnerConfig(size=32, width=8, projector=16, batch=4, device="cpu", learning_rate=1e-3)


def entries(count: int = 6) -> list[Entry]:
    random = np.random.default_rng(0)
    return [Entry(str(i), random.integers(0, 255, (3, 32, 32, 3), np.uint8), float(i), 1.0, i, i) for i in range(count)]


def test_the_parameter_offers_what_is_registered() -> None:
    assert specs(LearnerConfig)["objective"].choices == registry.names()


@pytest.mark.parametrize("name", registry.names())
def test_online_it_learns_rolls_back_and_survives_a_restart(name: str) -> None:
    trainer = Trainer(replace(CONFIG, objective=name, teacher_weight=1.0))
    for _ in range(3):
        report = trainer.step(entries(), entries(3))
        assert not report.rolled_back and all(map(math.isfinite, report.losses.values()))
    assert trainer.teach(entries(3)) and report.step == 3
    saved = trainer.tensors()
    assert any(key.startswith("weights.target.") for key in saved) == (name in COPIED)
    again = Trainer(replace(CONFIG, objective=name, teacher_weight=1.0, seed=7))
    again.restore(saved, 3)
    restored = again.tensors()
    assert set(restored) == set(saved) and all(torch.equal(restored[key], saved[key]) for key in saved)
    with torch.no_grad():
        again.encoder.stem.weight[0, 0, 0, 0] = math.nan
    assert again.step(entries(), entries(3)).rolled_back and again.rollbacks == 1
    restored = again.tensors()
    assert all(torch.equal(restored[key], saved[key]) for key in saved)  # copy, queue, centre and predictor too
    assert not again.step(entries()).rolled_back and again.steps == 4 < SNAPSHOT_STEPS


def test_a_checkpoint_of_another_objective_is_refused_untouched() -> None:
    trainer = Trainer(replace(CONFIG, objective="byol"))
    before = trainer.tensors()
    with pytest.raises(RuntimeError, match=r"another objective or projector than 'byol' of width 16 .*'objective\.p"):
        trainer.restore(Trainer(replace(CONFIG, seed=9)).tensors(), 1)
    assert trainer.steps == 0 and all(torch.equal(value, before[key]) for key, value in trainer.tensors().items())


@pytest.mark.skipif(not (BASE / "encoder.safetensors").exists(), reason="there is no start model")
def test_any_objective_starts_from_the_start_model() -> None:
    start = str(BASE / "encoder.safetensors")
    usual, copied = (Trainer(LearnerConfig(start=start, objective=name, seed=3)) for name in ("vicreg", "byol"))
    theirs = usual.encoder.state_dict()
    assert copied.combined.target is not None
    for encoder in (copied.encoder, copied.combined.target["encoder"]):
        assert all(torch.equal(value, theirs[key]) for key, value in encoder.state_dict().items())
    with pytest.raises(StartError, match="resnet-gn"):
        Trainer(replace(CONFIG, start=start))
