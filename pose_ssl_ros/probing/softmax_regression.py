"""Multinomial logistic regression on soft targets: small, convex, the same answer every time."""

from __future__ import annotations

import numpy as np
import torch


def fit_softmax(
    features: np.ndarray, targets: np.ndarray, weights: np.ndarray, l2: float, iterations: int = 40
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise weighted cross entropy plus l2 |W|^2 / 2 by L-BFGS.

    Args:
        features: (N, P) float32.
        targets: (N, B), each row sums to 1.
        weights: (N,), not negative, not all zero.
        l2: Strength of the penalty relative to the mean cross entropy.
        iterations: Most steps of L-BFGS.

    Returns:
        Weight matrix (P, B) and bias (B,), float32.
    """
    x = torch.from_numpy(np.ascontiguousarray(features, np.float32))
    y = torch.from_numpy(np.ascontiguousarray(targets, np.float32))
    sample = torch.from_numpy(np.asarray(weights / weights.sum(), np.float32))
    matrix = torch.zeros(x.shape[1], y.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [matrix, bias], max_iter=iterations, history_size=10, line_search_fn="strong_wolfe", tolerance_change=1e-6
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        log_p = torch.log_softmax(x @ matrix + bias, dim=1)
        loss = -((y * log_p).sum(1) * sample).sum() + 0.5 * l2 * matrix.pow(2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimiser.step(closure)
    return matrix.detach().numpy().copy(), bias.detach().numpy().copy()
