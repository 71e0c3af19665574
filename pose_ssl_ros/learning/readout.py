"""Fits the probes to the buffer with the encoder as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pose_ssl_ros.learning.identity_readout import Features, fit_identity
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.learning.taught import is_judge
from pose_ssl_ros.probing.features import mirrored
from pose_ssl_ros.probing.gallery import Gallery
from pose_ssl_ros.probing.heading_head import HeadingHead
from pose_ssl_ros.probing.heading_probe import HeadingReport, fit_heading, sector_of
from pose_ssl_ros.probing.identity_head import IdentityHead
from pose_ssl_ros.probing.identity_names import IdentityNames
from pose_ssl_ros.probing.identity_probe import IdentityProbe


@dataclass(frozen=True)
class Readout:
    """Both heads, fitted to one state of the encoder.

    Attributes:
        heading, identity: The heads.
        report: What the fit of the heading found.
        trust: How far the label of a buffered entry is believed, 0..1 by its serial; entries that the fit did not
            read are missing.
    """

    heading: HeadingHead
    identity: IdentityHead
    report: HeadingReport
    trust: Mapping[int, float] = field(default_factory=dict)


def choose_labelled(entries: Sequence[Entry], most: int, min_weight: float) -> list[Entry]:
    """At most `most` labelled entries, taken in turn from each (sector, track), newest first.

    Entries that are held back for the guards are left out.
    """
    piles: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.weight >= min_weight and not entry.held:
            piles[(int(sector_of(np.array([entry.azimuth]))[0]), entry.track)].append(entry)
    return _in_turn(list(piles.values()), most)


def fit_readout(
    features: Features,
    entries: Sequence[Entry],
    gallery: Gallery | None,
    identity: IdentityProbe,
    most: int,
    min_weight: float,
    taught: bool = False,
    seed: int = 0,
    exemplars: Sequence[Entry] = (),
    known: np.ndarray | None = None,
    names: IdentityNames | None = None,
) -> Readout:
    """Fit the heading head to labelled crops and their mirror images, and the identity head to all tracks.

    Args:
        features: The encoder.
        entries: The replay buffer.
        gallery: Labelled crops of a person, or None.
        identity: Keeps its grouping between fits.
        most: Most labelled crops; half as many are used for identity.
        min_weight: Least teacher weight that counts as a label.
        taught: Whether labels (not those of `taught.is_judge`) shaped the encoder.
        seed: Of folds and anchors.
        exemplars: Labelled entries of the start model, used beside the buffer's.
        known: (F, K) directions that the start model's own head reads heading from, or None.
        names: What a person said of prototypes.
    """
    own = choose_labelled(entries, most, min_weight)
    labelled = [*exemplars, *own]
    crops = [entry.crops[1] for entry in labelled]
    azimuths = [entry.azimuth for entry in labelled]
    weights = [entry.weight for entry in labelled]
    tracks = [entry.track for entry in labelled]
    if gallery is not None:
        for row in np.flatnonzero(np.isfinite(gallery.azimuths)):
            crops.append(gallery.crops[row])
            azimuths.append(float(gallery.azimuths[row]))
            weights.append(1.0)
            tracks.append(f"gallery/{row}")
    size = next((e.crops.shape[1] for e in (*entries, *exemplars)), 0)
    images = np.stack(crops) if crops else np.zeros((0, size, size, 3), np.uint8)
    both = np.concatenate([images, mirrored(images)]) if crops else images
    last, pose = features(both)
    angle = np.array(azimuths)
    flag = np.zeros(len(both), bool)
    flag[len(images) :] = True
    # Labels that shaped the encoder cannot judge it; a gallery never shapes it.
    judges = [not taught or is_judge(track) or track.startswith("gallery/") for track in tracks]
    heading, report = fit_heading(
        pose,
        np.concatenate([angle, -angle]),
        np.tile(weights, 2),
        np.tile(np.array(tracks, dtype=str), 2),
        flag,
        np.tile(np.array(judges, dtype=bool), 2),
        seed=seed,
        known=known,
        start=np.tile(np.arange(len(labelled)) < len(exemplars), 2) if exemplars else None,
    )
    # Kinds that only the start model met would stay in the list of classes for ever.
    nuisance = (last, np.tile(np.array(tracks, dtype=str), 2)) if len(both) else None
    head = fit_identity(features, entries or exemplars, gallery, identity, most // 2, size, names, nuisance)
    trust: dict[int, float] = {}
    if report.trust is not None:
        found = report.trust[len(exemplars) : len(labelled)]
        trust = {entry.serial: float(value) for entry, value in zip(own, found, strict=True)}
    return Readout(heading, head, report, trust)


def _in_turn(piles: list[list[Entry]], most: int) -> list[Entry]:
    piles = [list(pile) for pile in piles]
    chosen: list[Entry] = []
    while piles and len(chosen) < most:
        for pile in piles:
            chosen.append(pile.pop())
        piles = [pile for pile in piles if pile]
    return chosen[:most]
