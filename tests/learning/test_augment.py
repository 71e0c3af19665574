"""What augmented views may and may not be."""

from __future__ import annotations

import torch

from pose_ssl_ros.learning.augment import Augmentation


def test_same_shape_range_and_each_sample_differs() -> None:
    x = torch.randint(0, 256, (1, 3, 32, 32), generator=torch.Generator().manual_seed(0)).float().expand(5, -1, -1, -1)
    y = Augmentation()(x, torch.Generator().manual_seed(1))
    assert y.shape == x.shape and y.min() >= 0 and y.max() <= 255
    assert all(not torch.allclose(y[0], y[i]) for i in range(1, 5))


def test_same_seed_same_view() -> None:
    x = 255 * torch.rand(3, 3, 32, 32)
    first, second = (Augmentation()(x, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, second)


def test_nothing_is_ever_mirrored() -> None:
    # Dark left half, bright right half: whatever crop and colour, the right stays brighter.
    x = torch.full((200, 3, 32, 32), 60.0)
    x[..., 16:] = 200.0
    y = Augmentation()(x, torch.Generator().manual_seed(2))
    left, right = y[..., :8].mean(dim=(1, 2, 3)), y[..., -8:].mean(dim=(1, 2, 3))
    assert (right - left > -4).all()
    assert ((right - left) > 20).float().mean() > 0.9


def test_everything_off_changes_nothing() -> None:
    off = Augmentation(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, occlusion=0.0)
    x = 255 * torch.rand(2, 3, 32, 32)
    assert torch.allclose(off(x), x, atol=1e-2)


def test_a_neighbour_covers_at_most_the_given_part_of_some_views() -> None:
    only = Augmentation(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, occlusion=0.5, occluded=0.4)
    x = torch.arange(400).view(-1, 1, 1, 1).expand(-1, 3, 32, 32) % 2 * 200.0
    covered = (only(x, torch.Generator().manual_seed(3)) - x).abs().mean(dim=1).gt(1).float().mean(dim=(1, 2))
    assert 0.4 < (covered > 0).float().mean() < 0.6
    assert 0.3 < covered.max() <= 0.45
