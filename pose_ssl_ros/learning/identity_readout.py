"""Fits the identity head: which buffered crops are looked at, and what a person or a gallery adds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.probing.gallery import Gallery
from pose_ssl_ros.probing.identity_head import IdentityHead
from pose_ssl_ros.probing.identity_names import EXAMPLE, IdentityNames, order
from pose_ssl_ros.probing.identity_probe import IdentityProbe

#: Crops (N, S, S, 3) to last features and pose features.
Features = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

#: Crops of one track that identity is read from; more views of one object say little more.
PER_TRACK = 4
#: Part of the crops that tracks without a group may take: new kinds must not wait behind known ones.
_NEW = 0.5


def choose_for_identity(entries: Sequence[Entry], groups: Mapping[str, str], most: int) -> list[Entry]:
    """At most `most` entries: the newest tracks that have no group yet, then every prototype in turn.

    Within a prototype, tracks are taken evenly over its time; within a track, views are.

    Args:
        entries: From oldest to newest.
        groups: Track to prototype.
        most: Greatest number.
    """
    tracks: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        tracks[entry.track].append(entry)
    views = {track: _evenly(rows, PER_TRACK) for track, rows in tracks.items()}
    members: dict[str, list[str]] = defaultdict(list)
    fresh: list[str] = []
    for track in tracks:
        if track in groups:
            members[groups[track]].append(track)
        else:
            fresh.insert(0, track)
    chosen = _until([views[track] for track in fresh], round(most * _NEW) if members else most)
    piles = [[views[track] for track in _spread_order(members[number])] for number in sorted(members, key=order)]
    for turn in range(max(map(len, piles), default=0)):
        rows = [pile[turn] for pile in piles if turn < len(pile)]
        chosen += _until(rows, most - len(chosen))
        if len(chosen) >= most:
            break
    return chosen


def fit_identity(
    features: Features,
    entries: Sequence[Entry],
    gallery: Gallery | None,
    identity: IdentityProbe,
    most: int,
    size: int,
    names: IdentityNames | None = None,
    nuisance: tuple[np.ndarray, np.ndarray] | None = None,
) -> IdentityHead:
    """Group tracks and name the groups, with the encoder as it is now.

    Args:
        features: The encoder.
        entries: The replay buffer.
        gallery: Labelled crops of a person, or None.
        identity: Keeps its grouping between fits.
        most: Most crops that are looked at; examples of names come on top.
        size: Side of a crop in pixels.
        names: What a person said of prototypes.
        nuisance: Last features and tracks of further crops, to learn what varies within a track.
    """
    names = names or IdentityNames()
    chosen = choose_for_identity(entries, identity.groups, most)
    crops = [entry.crops[1] for entry in chosen]
    tracks = [entry.track for entry in chosen]
    for number in sorted(names.examples, key=order):
        for index, data in enumerate(names.examples[number]):
            crop = decoded(data, size)
            if crop is not None:
                crops.append(crop)
                tracks.append(f"{EXAMPLE}{number}/{index}")
    last, _ = features(np.stack(crops) if crops else np.zeros((0, size, size, 3), np.uint8))
    named: dict[str, np.ndarray] = {}
    if gallery is not None and gallery.names:
        feature, _ = features(gallery.crops)
        owner = np.array(gallery.names)
        named = {name: feature[owner == name] for name in dict.fromkeys(gallery.names)}
    alive = {entry.track for entry in entries}
    return identity.fit(last, np.array(tracks, dtype=str), named, nuisance=nuisance, names=names, alive=alive)


def encoded(crop: np.ndarray) -> bytes:
    """An RGB crop as the JPEG that is kept with a name."""
    options = [cv2.IMWRITE_JPEG_QUALITY, 92]
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(crop[:, :, ::-1]), options)[1].tobytes())


def decoded(data: bytes, size: int) -> np.ndarray | None:
    """The crop (size, size, 3) of a JPEG, None if it is none."""
    image = cv2.imdecode(np.frombuffer(data or b"\0", np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return None
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return rgb if rgb.shape[:2] == (size, size) else cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA)


def _evenly(rows: list[Entry], most: int) -> list[Entry]:
    """At most `most` rows, from the first to the last."""
    picks = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    return [rows[index] for index in picks]


def _spread_order(tracks: list[str]) -> list[str]:
    """The newest first, then the oldest, then halves between: any beginning of it is spread over time."""
    found: list[str] = []
    seen: set[int] = set()
    parts = 1
    while len(found) < len(tracks):
        for position in np.linspace(len(tracks) - 1, 0, parts + 1).round().astype(int):
            if int(position) not in seen:
                seen.add(int(position))
                found.append(tracks[position])
        parts *= 2
    return found


def _until(piles: list[list[Entry]], most: int) -> list[Entry]:
    """Whole piles one after the other, cut at `most` entries."""
    found: list[Entry] = []
    for pile in piles:
        if len(found) >= most:
            break
        found += pile[: most - len(found)]
    return found
