"""Whether new weights may replace those that were exported last, and when training has gone wrong.

The judges are triplets that are never trained on (`ReplayBuffer.held`).  Old and new weights are measured on the same
triplets with the same augmentations, and compared track by track, so that what the triplets are like cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from pose_ssl_ros.learning.augment import Augmentation
from pose_ssl_ros.learning.collapse import effective_rank, embedding_std
from pose_ssl_ros.learning.encoder import Encoder
from pose_ssl_ros.learning.objectives.trajectory import trajectory_cosines
from pose_ssl_ros.learning.replay_entry import Entry
from pose_ssl_ros.probing.features import spatial_pattern
from pose_ssl_ros.probing.heading_head import HeadingHead, SecondOpinion

#: Fewer held-back tracks than this tell nothing.
MIN_TRACKS = 4
#: Of the cosines between an augmented view and all centres.
_TEMPERATURE = 0.1
#: By how much a measure may be worse before it counts, and how many standard errors it must be.
_MARGINS = {"invariance": 0.1, "trajectory": 0.3, "heading": 0.1}
_ERRORS = 2.5
#: So many margins worse (and as many errors as above) is no accident any more: back to the last good weights.
_ALARM = 4.0
#: Effective rank below which features have collapsed, and the share of the last good one's that is as bad.
_LEAST_RANK, _LEAST_SHARE = 2.0, 0.4
#: Spread of features that are all but equal, see `collapse.embedding_std`.
_LEAST_STD = 0.01
#: Names of a second opinion's values in a checkpoint begin with this.
_SECOND = "second."


@dataclass(frozen=True)
class Figures:
    """What weights do on held-back triplets; arrays are (N,), one value for each, lower is better.

    Attributes:
        tracks: Track of each triplet.
        invariance: Cross entropy of finding a centre view by its augmented copy among those of other tracks, by the
            last feature: it rises when copies drift apart and when all features become alike.
        trajectory: Negative cosine of the two steps through the middle map, see `objectives.trajectory`.
        heading: 1 minus how far the heading head's answer points where motion pointed, NaN where it told nothing.
        rank, std: Of the last features of a sample of the buffer, see `collapse`.
    """

    tracks: tuple[str, ...]
    invariance: np.ndarray
    trajectory: np.ndarray
    heading: np.ndarray
    rank: float
    std: float

    @property
    def finite(self) -> bool:
        """Whether every figure is a number; headings may be missing."""
        whole = np.isfinite(self.invariance).all() and np.isfinite(self.trajectory).all()
        return bool(whole) and math.isfinite(self.rank) and math.isfinite(self.std)


@dataclass(frozen=True)
class Verdict:
    """What the guards say of new weights.

    Attributes:
        ok: They may be exported.
        alarm: They must not be trained on either.
        reason: Why not, or what could not be judged; empty if all is well.
        changes: Mean change of each measure that was compared, positive is worse.
    """

    ok: bool = True
    alarm: bool = False
    reason: str = ""
    changes: dict[str, float] = field(default_factory=dict)


@torch.no_grad()
def measure(
    encoder: Encoder,
    head: HeadingHead | None,
    held: Sequence[Entry],
    sample: Sequence[Entry],
    min_weight: float,
    device: torch.device,
) -> Figures:
    """Measure weights.

    Args:
        encoder: The weights.
        head: The heading head fitted to them, if it answers.
        held: Triplets that were never trained on.
        sample: Any triplets, for the spread of features.
        min_weight: Least teacher weight that counts as a heading.
        device: Where the encoder is.
    """
    encoder.eval()
    spread = _views([entry.crops[1] for entry in sample], device)
    last = encoder(spread)[0] if len(sample) else torch.zeros(2, 2)
    finite = bool(torch.isfinite(last).all())
    rank, std = (effective_rank(last), embedding_std(last)) if finite and len(last) > 1 else (math.nan, math.nan)
    tracks = tuple(entry.track for entry in held)
    none = np.zeros(0, np.float32)
    if not held:
        return Figures(tracks, none, none, none, rank, std)
    crops = [entry.crops for entry in held]
    centre = _views([views[1] for views in crops], device)
    generator = torch.Generator().manual_seed(0)
    copies = Augmentation()(centre, generator)
    plain, middle = encoder(centre)
    sides = [spatial_pattern(encoder.middle(_views([views[k] for views in crops], device))) for k in (0, 2)]
    pattern = spatial_pattern(middle)
    heading = np.full(len(held), np.nan)
    if head is not None and head.gate > 0:
        pointing = head.apply(pattern.cpu().numpy())[1]
        azimuths = np.array([entry.azimuth for entry in held])
        agreement = (pointing * np.stack([np.cos(azimuths), np.sin(azimuths)], 1)).sum(1)
        told = np.array([entry.weight >= min_weight for entry in held])
        heading = np.where(told, 1 - agreement, np.nan)
    cosines = trajectory_cosines(sides[0], pattern, sides[1])
    return Figures(tracks, _invariance(plain, encoder(copies)[0], tracks), -cosines.cpu().numpy(), heading, rank, std)


def compare(new: Figures, old: Figures | None, settled: bool = True) -> Verdict:
    """Judge new weights by those that were exported last.

    Args:
        new: Of the new weights.
        old: Of those that were exported last, measured on the same triplets; None: there are none.
        settled: Whether the old ones were learned. Random weights spread features over many dimensions, so the rank
            falls while the first things are learned: then only what is next to nothing counts as a collapse.
    """
    if not new.finite:
        return Verdict(False, True, "features are not finite")
    if new.std < _LEAST_STD and (old is None or old.std >= _LEAST_STD):
        return Verdict(False, True, f"features collapsed: their spread is {new.std:.3f}")
    if old is None:
        return Verdict()
    least = max(_LEAST_RANK, _LEAST_SHARE * old.rank if settled else 0.0)
    if new.rank < least and new.rank < old.rank - 1:
        return Verdict(False, True, f"features collapsed: effective rank {new.rank:.1f}, {old.rank:.1f} before")
    if len(set(new.tracks)) < MIN_TRACKS:
        return Verdict(reason=f"only {len(set(new.tracks))} tracks are held back, {MIN_TRACKS} are needed to judge")
    changes, worse, alarm = {}, [], False
    for name, margin in _MARGINS.items():
        found = _change(getattr(new, name), getattr(old, name), new.tracks)
        if found is None:
            continue
        change, error = found
        changes[name] = change
        if change > margin and change > _ERRORS * error:
            worse.append(f"{name} {change:+.2f} (± {error:.2f})")
            alarm |= change > _ALARM * margin
    if not worse:
        return Verdict(changes=changes)
    return Verdict(False, alarm, "worse on held-back tracks: " + ", ".join(worse), changes)


class LossWatch:
    """Says when the loss has run away: far above what it was, several steps in a row."""

    #: Steps before it says anything; far means so many mean deviations, in so many steps on end.
    WARM_UP, FAR, IN_A_ROW = 50, 20.0, 5
    _MEMORY = 0.98

    def __init__(self) -> None:
        self._mean = self._deviation = 0.0
        self._count = self._high = 0

    def runs_away(self, loss: float) -> bool:
        """Take the loss of a step."""
        high = self._count >= self.WARM_UP and loss > self._mean + self.FAR * max(
            self._deviation, 0.01 * abs(self._mean)
        )
        self._high = self._high + 1 if high else 0
        if not high:  # what is far off does not become what is usual
            keep = min(self._MEMORY, self._count / (self._count + 1))
            self._deviation = keep * self._deviation + (1 - keep) * abs(loss - self._mean) * (self._count > 0)
            self._mean = keep * self._mean + (1 - keep) * loss
            self._count += 1
        return self._high >= self.IN_A_ROW

    def restart(self) -> None:
        """Forget the steps that were far off."""
        self._high = 0

    def state(self) -> list[float]:
        """For a checkpoint."""
        return [self._mean, self._deviation, float(self._count), float(self._high)]

    def resume(self, state: Sequence[float]) -> None:
        """Inverse of `state`.

        Raises:
            ValueError: If it is no such state.
        """
        mean, deviation, count, high = state
        self._mean, self._deviation, self._count, self._high = mean, deviation, int(count), int(high)


def spread(entries: Sequence[Entry], most: int) -> list[Entry]:
    """At most `most` entries: of each track in turn, from its newest back."""
    tracks: dict[str, list[Entry]] = {}
    for entry in entries:
        tracks.setdefault(entry.track, []).append(entry)
    found: list[Entry] = []
    piles = [pile for pile in reversed(list(tracks.values()))]
    while piles and len(found) < most:
        found += [pile.pop() for pile in piles]
        piles = [pile for pile in piles if pile]
    return found[:most]


def head_state(head: HeadingHead) -> tuple[dict[str, torch.Tensor], dict[str, float]]:
    """Arrays and numbers of a heading head, for a checkpoint."""
    values = {name: value for name, value in vars(head).items() if name != "second"}
    if head.second is not None:
        values.update({_SECOND + name: value for name, value in vars(head.second).items()})
    arrays = {k: torch.from_numpy(np.array(v)) for k, v in values.items() if isinstance(v, np.ndarray)}
    return arrays, {k: float(v) for k, v in values.items() if not isinstance(v, np.ndarray)}


def head_from(arrays: Mapping[str, torch.Tensor], numbers: Mapping[str, Any]) -> HeadingHead:
    """Inverse of `head_state`.

    Raises:
        TypeError: If fields are missing.
    """
    values: dict[str, Any] = {k: v.numpy() for k, v in arrays.items()}
    values.update({k: float(v) for k, v in numbers.items()})
    second = {k[len(_SECOND) :]: values.pop(k) for k in list(values) if k.startswith(_SECOND)}
    return HeadingHead(**values, second=SecondOpinion(**second) if second else None)


def _views(crops: Sequence[np.ndarray], device: torch.device) -> torch.Tensor:
    if not crops:
        return torch.zeros(0)
    return torch.from_numpy(np.stack(crops)).to(device).permute(0, 3, 1, 2).float()


def _invariance(plain: torch.Tensor, copies: torch.Tensor, tracks: Sequence[str]) -> np.ndarray:
    centre = plain.mean(0)
    cosines = functional.normalize(copies - centre, dim=1) @ functional.normalize(plain - centre, dim=1).T
    names = np.array(tracks)
    same = torch.from_numpy(names[:, None] == names[None]).to(plain.device)
    same.fill_diagonal_(False)
    logits = (cosines / _TEMPERATURE).masked_fill(same, -math.inf)
    losses = functional.cross_entropy(logits, torch.arange(len(names), device=plain.device), reduction="none")
    return np.asarray(losses.cpu().numpy())


def _change(new: np.ndarray, old: np.ndarray, tracks: Sequence[str]) -> tuple[float, float] | None:
    """Mean over tracks of the change, and its standard error; None for too few tracks with both."""
    names = np.array(tracks)
    gap = new.astype(float) - old.astype(float)
    means = np.array([np.nanmean(gap[names == t]) for t in dict.fromkeys(tracks) if np.isfinite(gap[names == t]).any()])
    if len(means) < MIN_TRACKS:
        return None
    return float(means.mean()), float(means.std(ddof=1) / math.sqrt(len(means)))
