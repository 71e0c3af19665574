"""Features on a plane, for people: t-SNE of our own after principal components.

Source: van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 2008; exact, so for a thousand points or so.
"""

from __future__ import annotations

import math

import numpy as np
import torch

#: Components that distances are taken over.
COMPONENTS = 30
PERPLEXITY = 30.0
ITERATIONS = 350
_EXAGGERATED = 100  # iterations with attraction exaggerated
_EXAGGERATION = 12.0


def principal(features: np.ndarray, components: int) -> np.ndarray:
    """The first principal components (n, components) of features (n, F), signs fixed; short of them zeros."""
    x = torch.from_numpy(np.asarray(features, np.float64))
    x = x - x.mean(0)
    u, s, _ = torch.linalg.svd(x, full_matrices=False)
    u = u * torch.sign(u.gather(0, u.abs().argmax(0, keepdim=True)))
    found = (u * s)[:, :components].numpy()
    return np.pad(found, ((0, 0), (0, components - found.shape[1])))


def on_plane(features: np.ndarray, iterations: int = ITERATIONS) -> np.ndarray:
    """Features (n, F) as points (n, 2) float32 whose neighbours are the features' neighbours.

    Deterministic: it starts from the first two principal components. Fewer than ten points stay there.
    """
    reduced = principal(features, COMPONENTS)
    plane = reduced[:, :2]
    if len(features) < 10:
        return plane.astype(np.float32)
    p = torch.from_numpy(affinities(reduced, min(PERPLEXITY, (len(features) - 1) / 3)))
    y = torch.from_numpy(1e-2 * plane / max(float(plane[:, 0].std()), 1e-12))
    velocity, gains = torch.zeros_like(y), torch.ones_like(y)
    step = max(len(y) / _EXAGGERATION / 4, 50.0)
    for index in range(iterations):
        early = index < _EXAGGERATED
        near = 1 / (1 + torch.cdist(y, y).square())
        near.fill_diagonal_(0)
        pull = ((_EXAGGERATION if early else 1.0) * p - near / near.sum()) * near
        gradient = 4 * (pull.sum(1, keepdim=True) * y - pull @ y)
        same = torch.sign(gradient) == torch.sign(velocity)
        gains = torch.where(same, gains * 0.8, gains + 0.2).clamp_min(0.01)
        velocity = (0.5 if early else 0.8) * velocity - step * gains * gradient
        y = y + velocity
        y = y - y.mean(0)
    return np.asarray(y.numpy(), np.float32)


def affinities(points: np.ndarray, perplexity: float) -> np.ndarray:
    """Symmetric neighbour probabilities (n, n) summing to 1; each point's have the given perplexity before."""
    x = torch.from_numpy(np.asarray(points, np.float64))
    squared = torch.cdist(x, x).square()
    squared = squared / squared.mean().clamp_min(1e-12)
    count = len(x)
    low, high = torch.full((count, 1), -12.0), torch.full((count, 1), 24.0)
    p = torch.zeros(count, count)
    for _ in range(40):  # bisection of each point's precision, in logarithms
        beta = torch.exp((low + high) / 2).double()
        logits = -beta * squared
        logits.fill_diagonal_(-math.inf)
        p = torch.softmax(logits, 1)
        entropy = -(p * torch.log(p.clamp_min(1e-300))).sum(1, keepdim=True)
        wide = entropy > math.log(perplexity)
        low, high = torch.where(wide, (low + high) / 2, low), torch.where(wide, high, (low + high) / 2)
    joint = (p + p.T) / (2 * count)
    return np.asarray(joint.numpy())
