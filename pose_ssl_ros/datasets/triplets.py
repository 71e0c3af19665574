"""Triplets of adjacent views along trajectories, without a look at any label."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pose_ssl_ros.datasets.dataset import Dataset, DatasetError

#: How often a triplet takes the second neighbours, so that steps of two sizes are seen.
_SHARE_OF_DOUBLE = 0.2
#: The steps to the left and to the right neighbour may differ by this factor (a missing frame makes 2).
_EVEN = 1.5


class TripletBatch(NamedTuple):
    """Positions in the dataset.

    Attributes:
        indices: (n, 3) int64, left, centre and right view of one trajectory.
        wide: (n,) int64, another view of the same trajectory far from the centre; the centre itself if there is none.
    """

    indices: np.ndarray
    wide: np.ndarray


class TripletSampler:
    """Draws triplets: trajectories uniformly, centres uniformly, direction at random; the same seed draws the same.

    Reads `trajectory` and `step` alone.  A centre needs a neighbour on both sides, `stride` views away or twice that
    (one time in five, where there are such), with even steps on both sides.  Some trajectories are too short or too
    uneven for any triplet; `too_short` counts them.

    Args:
        dataset: Positions in the batches are its; take a part of one for training.
        seed: Of the draws.
        wide: False gives the centre as wide view always.
        stride: Views between neighbours; more than 1 for video, where adjacent frames hardly differ.

    Raises:
        DatasetError: If no trajectory has a triplet; the text says why.

    Example:
        >>> sampler = TripletSampler(dataset.part("train", "in_domain"), seed=0)  # doctest: +SKIP
        >>> left, centre, right = sampler.batch(256).indices.T                    # doctest: +SKIP
    """

    def __init__(self, dataset: Dataset, seed: int, wide: bool = True, stride: int = 1) -> None:
        if stride < 1:
            msg = f"stride is {stride}, it must be at least 1"
            raise DatasetError(msg)
        runs = dataset.sequences()
        single = [_centres(dataset.step[run], stride) for run in runs]
        double = [_centres(dataset.step[run], 2 * stride) for run in runs]
        usable = [i for i in range(len(runs)) if len(single[i]) or len(double[i])]
        self.trajectories = len(usable)
        self.too_short = len(runs) - len(usable)
        if not usable:
            why = f"none of its {len(runs)} sequences has three evenly spaced views" if runs else "it has no sequences"
            msg = f"the dataset gives no triplet: {why} (stride {stride})"
            raise DatasetError(msg)
        self._wide, self._stride = wide, stride
        self._order = np.concatenate([runs[i] for i in usable])
        self._length = np.array([len(runs[i]) for i in usable], dtype=np.int64)
        self._start = np.cumsum(self._length) - self._length
        # Centres of both strides, flat: those of trajectory t begin at `first[k, t]` and are `count[k, t]`.
        self._centre = np.concatenate([*(single[i] for i in usable), *(double[i] for i in usable)])
        self._count = np.array([[len(of[i]) for i in usable] for of in (single, double)], dtype=np.int64)
        flat = self._count.reshape(-1)
        self._first = (np.cumsum(flat) - flat).reshape(self._count.shape)
        self._rng = np.random.default_rng(seed)

    @property
    def triplets(self) -> int:
        """How many different triplets there are, direction aside."""
        return len(self._centre)

    @property
    def state(self) -> dict[str, Any]:
        """Where the draws are, as JSON; setting it goes on from there."""
        return dict(self._rng.bit_generator.state)

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self._rng.bit_generator.state = state

    def batch(self, n: int) -> TripletBatch:
        """Draw n triplets, with repetition."""
        rng = self._rng
        trajectory = rng.integers(self.trajectories, size=n)
        double = (rng.random(n) < _SHARE_OF_DOUBLE).astype(np.int64)
        double = np.where(self._count[double, trajectory] > 0, double, 1 - double)
        drawn = rng.integers(self._count[double, trajectory])
        centre = self._centre[self._first[double, trajectory] + drawn]
        reach = self._stride * (1 + double)
        reach = np.where(rng.random(n) < 0.5, reach, -reach)
        views = centre[:, None] + reach[:, None] * np.array([-1, 0, 1])
        start, length = self._start[trajectory], self._length[trajectory]
        indices = self._order[start[:, None] + views]
        far = self._far(centre, np.abs(reach), length, rng.random(n)) if self._wide else centre
        return TripletBatch(indices, self._order[start + far])

    @staticmethod
    def _far(centre: np.ndarray, reach: np.ndarray, length: np.ndarray, draw: np.ndarray) -> np.ndarray:
        """A view outside the triplet, at least half as far from the centre as the farthest one; else the centre."""
        farthest = np.maximum(centre, length - 1 - centre)
        least = np.maximum(reach + 1, (farthest + 1) // 2)
        below = np.maximum(centre - least + 1, 0)  # views 0 .. centre - least
        above = np.maximum(length - centre - least, 0)  # views centre + least .. length - 1
        drawn = np.minimum((draw * (below + above)).astype(np.int64), np.maximum(below + above - 1, 0))
        found = np.where(drawn < below, drawn, centre + least + drawn - below)
        return np.where(below + above > 0, found, centre)


def _centres(step: np.ndarray, reach: int) -> np.ndarray:
    """Views of one trajectory with neighbours `reach` views away on both sides, evenly spaced by their steps.

    Args:
        step: (m,) int64, not falling.
        reach: Views to either side.

    Returns:
        (k,) int64.
    """
    if len(step) <= 2 * reach:
        return np.empty(0, np.int64)
    gap = step[reach:] - step[:-reach]
    left, right = gap[:-reach], gap[reach:]
    # Three views without steps between them (all 0) have no order.
    even = (np.minimum(left, right) > 0) & (np.maximum(left, right) <= _EVEN * np.minimum(left, right))
    return np.flatnonzero(even).astype(np.int64) + reach
