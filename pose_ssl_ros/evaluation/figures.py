"""Figures with intervals: every figure is a function of sums over tracks, and tracks are resampled.

Frames of one track are nearly copies of each other, so an interval over frames would be far too narrow.  Each
track's contribution is therefore added up once (one row of `sums`), and the bootstrap draws tracks with
replacement (Efron 1979; the cluster bootstrap of Field and Welsh 2007), which here is one product of a matrix of
counts with `sums`.  Medians and calibration fit in, too: their sums are histograms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Tracks that are drawn one by one at most.
MOST_DRAWN = 1000
#: Rows of counts that are drawn at once; bounds the memory.
_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True)
class Resampling:
    """How intervals are taken.

    Attributes:
        replicates: Number of draws.
        level: Share of the draws that the interval holds.
        seed: Of the generator; the same data give the same interval.
    """

    replicates: int = 1000
    level: float = 0.95
    seed: int = 0


def missing(reason: str) -> dict[str, Any]:
    """A figure that was not measured, and why."""
    return {"value": None, "low": None, "high": None, "n": 0, "tracks": 0, "reason": reason}


def figure(
    sums: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    n: int,
    how: Resampling,
    *,
    reason: str = "nothing to count",
) -> dict[str, Any]:
    """A figure with its interval.

    Args:
        sums: (tracks, k) what each track adds; rows of zeros count for nothing and are left out.
        statistic: Takes (..., k) sums to (...) values; NaN where nothing can be said.
        n: Number of observations behind it.
        how: The resampling.
        reason: Said when there is no value.

    Returns:
        `value`, `low`, `high` (None with fewer than two tracks), `n`, `tracks`; and `reason` if there is no value.
    """
    sums = np.asarray(sums, dtype=float)
    sums = sums[np.any(sums != 0, axis=1)] if len(sums) else sums
    if not len(sums):
        return missing(reason)
    value = float(statistic(sums.sum(0)))
    if not np.isfinite(value):
        return {**missing(reason), "n": int(n), "tracks": len(sums)}
    low, high = interval(sums, statistic, how)
    return {"value": value, "low": low, "high": high, "n": int(n), "tracks": len(sums)}


def interval(
    sums: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], how: Resampling
) -> tuple[float | None, float | None]:
    """Percentile interval of a statistic over tracks; (None, None) with fewer than two tracks."""
    if len(sums) < 2:
        return None, None
    if len(sums) > MOST_DRAWN:  # bundles of tracks are drawn then: as good, and quick
        bundles = np.zeros((MOST_DRAWN, sums.shape[1]))
        np.add.at(bundles, np.arange(len(sums)) % MOST_DRAWN, sums)
        sums = bundles
    tracks = len(sums)
    generator = np.random.default_rng(how.seed)
    chances = np.full(tracks, 1.0 / tracks)
    values = []
    left = how.replicates
    while left > 0:
        count = min(left, max(1, _CHUNK_CELLS // max(sums.shape)))
        weights = generator.multinomial(tracks, chances, size=count).astype(float)
        values.append(np.asarray(statistic(weights @ sums), dtype=float))
        left -= count
    drawn = np.concatenate(values)
    drawn = drawn[np.isfinite(drawn)]
    # A draw may hold nothing to count; too many of those and the interval means nothing.
    if len(drawn) < how.replicates / 2:
        return None, None
    tail = 100.0 * (1.0 - how.level) / 2
    low, high = np.percentile(drawn, [tail, 100.0 - tail])
    return float(low), float(high)


def quotient(sums: np.ndarray) -> np.ndarray:
    """First sum over the second; NaN where the second is zero."""
    part, whole = sums[..., 0], sums[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def add_up(track: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Sums by track.

    Args:
        track: (n,) numbers of tracks, whole and not negative.
        columns: (n, k) what each observation adds.

    Returns:
        (tracks, k), tracks in rising order, those without observation left out.
    """
    columns = np.asarray(columns, dtype=float)
    numbers, row = np.unique(track, return_inverse=True)
    sums = np.zeros((len(numbers), columns.shape[1]))
    np.add.at(sums, row, columns)
    return sums


def share(
    track: np.ndarray, part: np.ndarray, whole: np.ndarray | None, how: Resampling, reason: str
) -> dict[str, Any]:
    """A share of observations.

    Args:
        track: (n,) which track each observation belongs to.
        part: (n,) whether it is meant.
        whole: (n,) whether it is counted at all; None for all.
        how: The resampling.
        reason: Said when none is counted.
    """
    counted = np.ones(len(part), dtype=bool) if whole is None else np.asarray(whole, dtype=bool)
    sums = add_up(track, np.stack([np.asarray(part, dtype=bool) & counted, counted], axis=1))
    return figure(sums, quotient, int(counted.sum()), how, reason=reason)


def share_by_track(
    track: np.ndarray, part: np.ndarray, whole: np.ndarray | None, how: Resampling, reason: str
) -> dict[str, Any]:
    """The mean over tracks of each track's share: a long track weighs no more than a short one."""
    counted = np.ones(len(part), dtype=bool) if whole is None else np.asarray(whole, dtype=bool)
    sums = add_up(track, np.stack([np.asarray(part, dtype=bool) & counted, counted], axis=1))
    sums = sums[sums[:, 1] > 0]
    rates = np.stack([sums[:, 0] / sums[:, 1], np.ones(len(sums))], axis=1) if len(sums) else np.zeros((0, 2))
    return figure(rates, quotient, len(sums), how, reason=reason)


def median(track: np.ndarray, values: np.ndarray, limit: float, how: Resampling, reason: str) -> dict[str, Any]:
    """The median of what is finite; the interval is taken on a histogram of 720 bins from 0 to `limit`.

    Args:
        track: (n,) which track each observation belongs to.
        values: (n,) from 0 on, NaN for none.
        limit: What lies beyond is counted in the last bin.
        how: The resampling.
        reason: Said when there is no value.
    """
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values)
    if not known.any():
        return missing(reason)
    bins = 720
    number = np.minimum((values[known] / limit * bins).astype(int), bins - 1)
    numbers, row = np.unique(np.asarray(track)[known], return_inverse=True)
    sums = np.zeros((len(numbers), bins))
    np.add.at(sums, (row, number), 1.0)
    low, high = interval(sums, lambda s: _median_of_bins(s) * limit / bins, how)
    return {
        "value": float(np.median(values[known])),
        "low": low,
        "high": high,
        "n": int(known.sum()),
        "tracks": len(numbers),
    }


def _median_of_bins(counts: np.ndarray) -> np.ndarray:
    """Median in bins of (..., bins) counts, straight within a bin."""
    rising = np.cumsum(counts, axis=-1)
    half = rising[..., -1:] / 2
    place = np.argmax(rising >= half, axis=-1)
    within = np.take_along_axis(counts, place[..., None], -1)[..., 0]
    before = np.take_along_axis(rising, place[..., None], -1)[..., 0] - within
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(within > 0, place + (half[..., 0] - before) / within, np.nan)
