"""Identity without names: prototypes that grow, merge and keep their number over versions.

A track is one object, so it is tracks that are grouped, each by the mean
embedding of its crops.  The groups are kept as sets of tracks, not as vectors:
when the encoder changes, the prototypes are recomputed from their members and
`object_3` stays `object_3`.  A gallery gives names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.probing.identity_head import IdentityHead, placeholder, unit
from pose_ssl_ros.viewpoint import UNKNOWN


@dataclass(frozen=True)
class IdentitySettings:
    """When prototypes grow and merge.

    Attributes:
        most: Most unnamed prototypes.
        grow_below: A track whose cosine with every prototype is lower starts a new one.
        merge_above: Two prototypes with a greater cosine become one.
        rounds: Rounds of spherical k-means.
        floor, sharpness: See `IdentityHead`.
        min_tracks: Fewest tracks for an answer.
    """

    most: int = 12
    grow_below: float = 0.45
    merge_above: float = 0.75
    rounds: int = 5
    floor: float = 0.25
    sharpness: float = 12.0
    min_tracks: int = 2


class IdentityProbe:
    """Keeps the grouping of tracks between fits."""

    def __init__(self, settings: IdentitySettings | None = None) -> None:
        self.settings = settings or IdentitySettings()
        self.groups: dict[str, int] = {}  # track to prototype number, from 1
        self._next = 1

    def reset(self) -> None:
        """Forget the grouping."""
        self.groups.clear()
        self._next = 1

    def state(self) -> dict[str, int]:
        """The grouping, for a checkpoint."""
        return {**self.groups, "": self._next}

    def restore(self, state: Mapping[str, int]) -> None:
        """Take a grouping back from a checkpoint."""
        self.groups = {track: int(number) for track, number in state.items() if track}
        self._next = max([int(state.get("", 1)), *(n + 1 for n in self.groups.values())])

    def fit(
        self,
        features: np.ndarray,
        tracks: np.ndarray,
        gallery: Mapping[str, np.ndarray] | None = None,
    ) -> IdentityHead:
        """Group tracks and return the head.

        Args:
            features: (N, D) last features of buffered crops.
            tracks: (N,) track of each.
            gallery: Class name to last features (M, D) of its labelled crops.
        """
        gallery = {name: x for name, x in (gallery or {}).items() if len(x)}
        names = np.unique(tracks)
        if len(names) < self.settings.min_tracks and not gallery:
            return placeholder(features.shape[1])
        # The mean over tracks and galleries, so that one long track does not become the centre.
        owned = [_track_mean(features, tracks)] if len(names) else []
        centre = np.mean([*owned, *(x.mean(0) for x in gallery.values())], axis=0)
        means = np.stack([unit(features[tracks == name] - centre).mean(0) for name in names]) if len(names) else None
        named = {name: unit(unit(x - centre).mean(0)) for name, x in gallery.items()}
        prototypes = self._group(unit(means), list(names)) if means is not None else {}
        return self._head(centre, prototypes, named)

    def _group(self, means: np.ndarray, names: list[str]) -> dict[int, np.ndarray]:
        """Spherical k-means over tracks that starts from the last grouping and may grow."""
        s = self.settings
        self.groups = {name: self.groups[name] for name in names if name in self.groups}
        for _ in range(s.rounds):
            centres = self._centres(means, names)
            for row, name in enumerate(names):
                best, cosine = _nearest(means[row], centres)
                if best is None or (cosine < s.grow_below and len(centres) < s.most and name not in self.groups):
                    best, self._next = self._next, self._next + 1
                    centres[best] = means[row]
                self.groups[name] = best
            self._merge(self._centres(means, names))
        return self._centres(means, names)

    def _centres(self, means: np.ndarray, names: list[str]) -> dict[int, np.ndarray]:
        numbers = np.array([self.groups.get(name, 0) for name in names])
        return {int(n): unit(means[numbers == n].mean(0)) for n in np.unique(numbers) if n > 0}

    def _merge(self, centres: dict[int, np.ndarray]) -> None:
        numbers = sorted(centres)
        for index, low in enumerate(numbers):
            for high in numbers[index + 1 :]:
                if low in centres and high in centres and centres[low] @ centres[high] > self.settings.merge_above:
                    self.groups = {t: low if n == high else n for t, n in self.groups.items()}
                    del centres[high]

    def _head(
        self, centre: np.ndarray, prototypes: dict[int, np.ndarray], named: dict[str, np.ndarray]
    ) -> IdentityHead:
        columns, owners = list(named.values()), list(named)
        for number, prototype in sorted(prototypes.items()):
            name, cosine = _nearest(prototype, named)
            columns.append(prototype)
            owners.append(name if name is not None and cosine > self.settings.merge_above else f"object_{number}")
        classes = (*dict.fromkeys(owners), UNKNOWN)
        owner = np.zeros((len(columns) + 1, len(classes)), np.float32)
        owner[-1, -1] = 1
        for row, name in enumerate(owners):
            owner[row, classes.index(name)] = 1
        s = self.settings
        return IdentityHead(
            centre.astype(np.float32),
            np.ascontiguousarray(np.stack(columns, axis=1), np.float32),
            owner,
            classes,
            s.floor,
            s.sharpness,
        )


def _track_mean(features: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    return np.asarray(np.mean([features[tracks == name].mean(0) for name in np.unique(tracks)], axis=0))


def _nearest(x: np.ndarray, centres: Mapping) -> tuple:  # type: ignore[type-arg]
    """Key and cosine of the nearest centre, (None, -1) when there is none."""
    if not centres:
        return None, -1.0
    cosines = {key: float(x @ centre) for key, centre in centres.items()}
    best = max(cosines, key=lambda key: cosines[key])
    return best, cosines[best]
