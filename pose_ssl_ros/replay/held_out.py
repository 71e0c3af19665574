"""What a site model gained, without truth: headings of tracks whose labels it was not fitted to.

One track in four judges (`learning.taught.is_judge`).  The probe that is measured is fitted without these
tracks; the motion teacher says what is right.  It sees moving objects only, and is itself wrong now and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.learning.export import export
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.readout import fit_readout
from pose_ssl_ros.learning.taught import is_judge
from pose_ssl_ros.probing.identity_probe import IdentityProbe
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.replay.triplet_store import TripletStore
from pose_ssl_ros.viewpoint import azimuth_from_scores

#: Crops that are judged at most, spread evenly over all.
_MOST = 2000
#: Fewer tracks say nothing.
_FEWEST_TRACKS = 5
_CHUNK = 256
_KEYS = ("within_30", "median_error_deg", "toward_away_answered", "front_back", "unknown")


def held_out(
    store: TripletStore, counts: Sequence[int], learner: OnlineLearner, before: bytes | None
) -> dict[str, Any]:
    """Figures of the model before and after on judging tracks.

    Args:
        store: All triplets.
        counts: Triplets of each recording.
        learner: After learning; it is not changed.
        before: The model file before, or None.

    Returns:
        `tracks`, `crops`, `before` (None without a model) and `after`, each with figures of
        `probing.pose_figures`; or `tracks` and `reason` where there are too few.
    """
    least = learner.config.min_teacher
    rows: list[tuple[int, int, float]] = []
    names = set()
    for bag, count in enumerate(counts):
        for row, (track, scores) in enumerate(store.tracks_and_scores(bag, count)):
            name = f"{bag + 1}/{track}"
            if not is_judge(name) or not np.isfinite(scores).all():
                continue
            toward, left, away, right = map(float, scores)
            azimuth, weight = azimuth_from_scores((toward, left, away, right))
            if weight >= least:
                rows.append((bag, row, azimuth))
                names.add(name)
    if len(names) < _FEWEST_TRACKS:
        return {
            "tracks": len(names),
            "reason": f"motion told the heading of {len(names)} held-out tracks, {_FEWEST_TRACKS} are needed",
        }
    rows = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, min(_MOST, len(rows))).astype(int))]
    crops = np.stack([store.triplet(bag, row).crops[1] for bag, row, _ in rows])
    azimuths = np.array([azimuth for _, _, azimuth in rows])
    return {
        "tracks": len(names),
        "crops": len(rows),
        "before": None if before is None else figures(before, crops, azimuths),
        "after": figures(without_judges(learner), crops, azimuths),
    }


def without_judges(learner: OnlineLearner) -> bytes:
    """The model that the learner would export had it never been told the judging tracks' headings."""
    c = learner.config
    entries = [entry for entry in learner.buffer.entries if not is_judge(entry.track)]
    identity = IdentityProbe()
    readout = fit_readout(
        learner.exported_features,
        entries if entries or learner.exemplars else learner.buffer.entries,
        None,
        identity,
        c.max_labelled,
        c.min_teacher,
        False,
        c.seed,
        learner.exemplars,
        learner.trainer.known_directions(learner.exported),
    )
    return export(learner.exported_encoder, readout.heading, readout.identity, ModelVersion(1))


def figures(model: bytes, crops: np.ndarray, azimuths: np.ndarray) -> dict[str, float | None]:
    """Figures of a model's answers to crops (N, S, S, 3) against azimuths (N,); None where nothing was counted."""
    engine = Engine(model)
    azimuth, heading = [], []
    for start in range(0, len(crops), _CHUNK):
        answer = engine.run(crops[start : start + _CHUNK])
        azimuth.append(np.arctan2(answer.azimuth[:, 1], answer.azimuth[:, 0]))
        heading.append(answer.heading.argmax(1))
    found = pose_figures(azimuths, np.concatenate(azimuth), np.concatenate(heading))
    return {key: round(float(found[key]), 4) if np.isfinite(found[key]) else None for key in _KEYS}
