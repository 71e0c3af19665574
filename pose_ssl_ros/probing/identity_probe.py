"""Identity without names: prototypes that grow, merge and keep their number over versions.

A track is one object, so it is tracks that are grouped, each by the mean
embedding of its crops.  The groups are kept as sets of tracks, not as vectors:
when the encoder changes, the prototypes are recomputed from their members and
`object_3` stays `object_3`.  A gallery or a person gives names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.probing.identity_head import IdentityHead, placeholder, unit
from pose_ssl_ros.probing.identity_names import EXAMPLE, IdentityNames, is_number, order
from pose_ssl_ros.probing.identity_space import whitening
from pose_ssl_ros.viewpoint import UNKNOWN

#: Numbers merged away that are still remembered, so that a name given to one of them finds its way.
_REMEMBERED = 256


@dataclass(frozen=True)
class IdentitySettings:
    """When prototypes grow and merge.  Cosines are means over pairs of tracks (average linkage).

    Attributes:
        most: Most prototypes that nobody named; the two closest merge to make room for one more.
        grow_below: A track whose mean cosine with the tracks of every prototype is lower starts a new one.
        merge_above: Two prototypes with a greater mean cosine become one.
        gallery_above: A prototype whose cosine with a class of the gallery is greater takes its name.
        rounds: Rounds of grouping at each fit.
        lost: Share of the crops of tracks not grouped yet that may fall below the floor; it sets the floor.
        floors: Least and greatest floor.
        alone: The floor where no kind was seen twice.
        sharpness: See `IdentityHead`.
        min_tracks: Fewest tracks for an answer.
    """

    most: int = 24
    grow_below: float = 0.25
    merge_above: float = 0.25
    gallery_above: float = 0.5
    rounds: int = 5
    lost: float = 0.1
    floors: tuple[float, float] = (0.1, 0.5)
    alone: float = 0.25
    sharpness: float = 12.0
    min_tracks: int = 2


class IdentityProbe:
    """Keeps the grouping of tracks between fits."""

    def __init__(self, settings: IdentitySettings | None = None) -> None:
        self.settings = settings or IdentitySettings()
        self.groups: dict[str, str] = {}  # track to prototype number
        self.merged: dict[str, str] = {}  # number that is no more to what it has become
        self._next = 1

    def reset(self) -> None:
        """Forget the grouping; numbers go on rising, so that a name never falls on another kind."""
        self.groups.clear()
        self.merged.clear()

    def state(self) -> dict[str, int | str]:
        """The grouping, for a checkpoint."""
        return {**self.groups, **{f"merged:{old}": new for old, new in self.merged.items()}, "": self._next}

    def restore(self, state: Mapping[str, int | str]) -> None:
        """Take a grouping back from a checkpoint.

        Raises:
            ValueError: If it is no such state.
        """
        said = {key: str(value) for key, value in state.items() if key}
        if not all(map(is_number, said.values())):
            msg = "the grouping of tracks holds what is no number of a prototype"
            raise ValueError(msg)
        head = "merged:"
        self.groups = {track: number for track, number in said.items() if not track.startswith(head)}
        self.merged = {key[len(head) :]: number for key, number in said.items() if key.startswith(head)}
        self._next = int(state.get("", 1))
        self.keep_above([*self.groups.values(), *self.merged])

    def keep_above(self, numbers: Collection[str]) -> None:
        """Give no number again that is among these."""
        self._next = max([self._next, *(order(number)[0] + 1 for number in numbers)])

    def fit(
        self,
        features: np.ndarray,
        tracks: np.ndarray,
        gallery: Mapping[str, np.ndarray] | None = None,
        *,
        nuisance: tuple[np.ndarray, np.ndarray] | None = None,
        names: IdentityNames | None = None,
        alive: Collection[str] | None = None,
    ) -> IdentityHead:
        """Group tracks and return the head.

        Args:
            features: (N, D) last features of buffered crops, and of the examples kept with names.
            tracks: (N,) track of each; an example of prototype 3 is `names/3/...`.
            gallery: Class name to last features (M, D) of its labelled crops.
            nuisance: Further features and their tracks, to learn what varies within a track.
            names: What a person said.
            alive: All tracks in the buffer: those without a crop here keep their group; None: there are none.
        """
        gallery = {name: x for name, x in (gallery or {}).items() if len(x)}
        names = names or IdentityNames()
        present = [str(name) for name in np.unique(tracks)]
        if len(present) < self.settings.min_tracks and not gallery and not names.touched():
            return placeholder(features.shape[1])
        projection = whitening((features, tracks), *([nuisance] if nuisance is not None else []))
        # The mean over tracks and galleries, so that one long track does not become the centre.
        owned = [_track_means(features, tracks, present).mean(0)] if present else []
        centre = np.mean([*owned, *(x.mean(0) for x in gallery.values())], axis=0)

        def embed(x: np.ndarray) -> np.ndarray:
            return unit(x - centre if projection is None else (x - centre) @ projection)

        crops = embed(features)
        means = unit(_track_means(crops, tracks, present)) if present else crops
        self._adopt(present, names, alive)
        first = self._next
        prototypes = self._group(means, present, names) if present else {}
        prototypes = self._close_gaps(prototypes, first)
        named = {name: unit(embed(x).mean(0)) for name, x in gallery.items()}
        floor = self._floor(crops, means, tracks, present, prototypes)
        return self._head(centre, projection, prototypes, named, names, floor)

    def _adopt(self, present: list[str], names: IdentityNames, alive: Collection[str] | None) -> None:
        """Take over what a person said, and forget tracks that are gone."""
        self.keep_above(names.touched())
        for number in {*names.examples, *names.pins.values()}:
            self.merged.pop(number, None)  # a person tells it apart again
        kept = {*present, *(alive or ())}
        self.groups = {track: number for track, number in self.groups.items() if track in kept}
        for track in kept:
            if track in names.pins:
                self.groups[track] = names.pins[track]
            elif track.startswith(EXAMPLE):
                self.groups[track] = track[len(EXAMPLE) :].split("/", 1)[0]

    def merged_into(self, number: str) -> str:
        """What a number has become by merging."""
        seen = {number}
        while (target := self.merged.get(number)) is not None and target not in seen:
            seen.add(target)
            number = target
        return number

    def _group(self, means: np.ndarray, present: list[str], names: IdentityNames) -> dict[str, np.ndarray]:
        """Group tracks by average linkage, from the last grouping on; it may grow and merge."""
        s = self.settings
        by_hand = {track for track in present if track in names.pins or track.startswith(EXAMPLE)}
        for _ in range(s.rounds):
            before = dict(self.groups)
            centres = self._centres(means, present)
            for row, track in enumerate(present):
                if track in by_hand:
                    continue
                best, cosine = _nearest(means[row], centres)
                if best is None or (cosine < s.grow_below and track not in self.groups):
                    best, self._next = str(self._next), self._next + 1
                    centres[best] = means[row]
                self.groups[track] = best
            self._merge(means, present, names)
            if self.groups == before:
                break
        return {number: unit(mean) for number, mean in self._centres(means, present).items()}

    def _centres(self, means: np.ndarray, present: list[str]) -> dict[str, np.ndarray]:
        """Mean over the members, not of unit length: its product with a track is the mean cosine with them."""
        numbers = np.array([self.groups.get(track, "") for track in present])
        return {str(n): means[numbers == n].mean(0) for n in sorted(set(numbers) - {""}, key=order)}

    def _merge(self, means: np.ndarray, present: list[str], names: IdentityNames) -> None:
        """Join the closest pair until none is close, and until there are not too many."""
        touched = names.touched()
        numbers = list(self._centres(means, present))
        owner = np.array([numbers.index(self.groups[track]) for track in present])
        counts = np.bincount(owner, minlength=len(numbers)).astype(float)
        sums = np.zeros((len(numbers), means.shape[1]))
        np.add.at(sums, owner, means)
        free = np.array([[a != b and names.may_join(a, b, touched) for b in numbers] for a in numbers])
        cosines = np.where(free, (sums @ sums.T) / np.outer(counts, counts), -np.inf)
        left = set(range(len(numbers)))
        while len(left) > 1:
            low, high = sorted(divmod(int(cosines.argmax()), len(numbers)))
            full = sum(numbers[index] not in touched for index in left) > self.settings.most
            if not cosines[low, high] > (-np.inf if full else self.settings.merge_above):
                break
            if numbers[high] in touched:
                low, high = high, low
            self._rename(numbers[high], numbers[low])
            left.discard(high)
            sums[low] += sums[high]
            counts[low] += counts[high]
            row = np.where(free[low], (sums @ sums[low]) / (counts * counts[low]), -np.inf)
            cosines[low], cosines[:, low] = row, row
            free[high], free[:, high] = False, False
            cosines[high], cosines[:, high] = -np.inf, -np.inf

    def _rename(self, old: str, new: str) -> None:
        """One prototype becomes part of another."""
        self.groups = {track: new if number == old else number for track, number in self.groups.items()}
        self.merged[old] = new
        while len(self.merged) > _REMEMBERED:
            del self.merged[next(iter(self.merged))]

    def _close_gaps(self, prototypes: dict[str, np.ndarray], first: int) -> dict[str, np.ndarray]:
        """Number the new prototypes without those that were born and merged in the same fit: nobody saw them."""
        born = [number for number in sorted(prototypes, key=order) if order(number) >= (first,) and "." not in number]
        moved = {number: str(first + index) for index, number in enumerate(born)}
        self._next = first + len(born)
        gone = [old for old in self.merged if order(old) >= (first,)]
        for old in gone:
            del self.merged[old]
        self.merged = {old: moved.get(new, new) for old, new in self.merged.items()}
        self.groups = {track: moved.get(number, number) for track, number in self.groups.items()}
        return {moved.get(number, number): vector for number, vector in prototypes.items()}

    def _head(
        self,
        centre: np.ndarray,
        projection: np.ndarray | None,
        prototypes: dict[str, np.ndarray],
        named: dict[str, np.ndarray],
        names: IdentityNames,
        floor: float,
    ) -> IdentityHead:
        columns, owners = list(named.values()), list(named)
        touched = names.touched()
        # Named by a number that was merged away before the name came.
        heirs = {self.merged_into(number): number for number in sorted(touched - set(prototypes), key=order)}
        for number in sorted(prototypes, key=order):
            said = number if number in touched else heirs.get(number, number)
            title = names.title(said)
            name, cosine = _nearest(prototypes[number], named)
            told = names.root(said) in {*names.names, *names.ignored}
            if not told and name is not None and cosine > self.settings.gallery_above:
                title = name
            columns.append(prototypes[number])
            owners.append(title)
        classes = (*dict.fromkeys(owner for owner in owners if owner != UNKNOWN), UNKNOWN)
        owner = np.zeros((len(columns) + 1, len(classes)), np.float32)
        owner[-1, -1] = 1
        for row, name in enumerate(owners):
            owner[row, classes.index(name)] = 1
        matrix = np.ascontiguousarray(np.stack(columns, axis=1), np.float32)
        return IdentityHead(
            centre.astype(np.float32),
            matrix,
            owner,
            classes,
            floor,
            self.settings.sharpness,
            projection=projection,
            ids=(*(f"gallery/{name}" for name in named), *sorted(prototypes, key=order)),
            merged=dict(self.merged),
        )

    def _floor(
        self,
        crops: np.ndarray,
        means: np.ndarray,
        tracks: np.ndarray,
        present: list[str],
        prototypes: dict[str, np.ndarray],
    ) -> float:
        """The cosine that most crops of a known kind reach where their own track has no part in its prototype."""
        low, high = self.settings.floors
        numbers = np.array([self.groups[track] for track in present]) if prototypes else np.zeros(0, str)
        matrix = np.stack(list(prototypes.values()), axis=1) if prototypes else np.zeros((crops.shape[1], 0))
        columns = list(prototypes)
        reached = []
        for row, track in enumerate(present):
            others = (numbers == numbers[row]) & (np.arange(len(present)) != row)
            if not others.any():
                continue  # alone in its prototype: it says nothing of others of its kind
            own = crops[tracks == track]
            cosines = own @ matrix
            cosines[:, columns.index(str(numbers[row]))] = own @ unit(means[others].mean(0))
            reached.append(cosines.max(1))
        if not reached:
            return max(low, self.settings.alone)
        return float(np.clip(np.quantile(np.concatenate(reached), self.settings.lost), low, high))


def _track_means(x: np.ndarray, tracks: np.ndarray, present: list[str]) -> np.ndarray:
    return np.stack([x[tracks == name].mean(0) for name in present])


def _nearest(x: np.ndarray, centres: Mapping[str, np.ndarray]) -> tuple[str | None, float]:
    """Key and product of the nearest centre, (None, -1) when there is none."""
    if not centres:
        return None, -1.0
    keys = list(centres)
    products = np.stack([centres[key] for key in keys]) @ x
    best = int(products.argmax())
    return keys[best], float(products[best])
