"""How far a taught heading is believed, seeing what the others teach about objects that look the same.

Motion is wrong in systematic ways: a car that reverses heads away from where it moves, a car on a trailer
heads anywhere, odometry that stands still sends everything towards us.  No label says so, but looks do: a probe
that was fitted to all other tracks says what heading this look usually has.  With

    right:  the label is what the look says,            p(y | x)
    wrong:  the object goes backwards, or the label      R p(y + pi | x) + (1 - R) / B
            has nothing to do with the look,

and a share E of wrong tracks beforehand, the trust in a track is the posterior probability that it is taught
right (Dawid and Skene 1979 for one rater a track; R, E: see below).  The held-out answers must be calibrated:
a probe that knows little then changes the trust little, which a fixed threshold does not.
"""

from __future__ import annotations

import numpy as np

from pose_ssl_ros.probing.heading_head import soft_targets

#: Share of tracks that are taught wrong, before looking (on rendered streets 3 to 6 in 100; twice that to be safe).
WRONG_SHARE = 0.1
#: Share of the wrong ones that are half a turn off: driving backwards is the usual way to be wrong.
REVERSED_SHARE = 0.5
#: Crops of one track are alike: however many there are, they count as at most 1 / CORRELATION.
CORRELATION = 0.2
#: Probability of a label against that of the most probable heading below which the two are opposed.
OPPOSED = 0.3
#: Tracks that must have taught a sector before anybody who teaches it can be contradicted.
MIN_OTHERS = 3


def label_trust(
    chances: np.ndarray, azimuths: np.ndarray, sectors: np.ndarray, tracks: np.ndarray, wrong_share: float = WRONG_SHARE
) -> np.ndarray:
    """Posterior probability that each label is right.

    Args:
        chances: (N, B) calibrated probabilities over azimuth bins, each by a fit that has not seen its track.
        azimuths: (N,) the labels, radians.
        sectors: (N,) the eighth of a turn of each label.
        tracks: (N,) names; the labels of a track in one half of the circle are right or wrong together.
        wrong_share: Prior share of wrong tracks.

    Returns:
        (N,) trust in 0..1; 1 - wrong_share where nothing speaks for or against.
    """
    bins = chances.shape[1]
    right = (chances * soft_targets(azimuths, bins)).sum(1)
    # Soft targets have a peak below 1: on the same scale, knowing nothing is 1 / bins for both.
    turned = (chances * soft_targets(azimuths + np.pi, bins)).sum(1)
    wrong = REVERSED_SHARE * turned + (1 - REVERSED_SHARE) / bins
    evidence = np.log(right + 1e-6) - np.log(wrong + 1e-6)
    prior = np.log((1 - wrong_share) / wrong_share)
    trust = np.empty(len(azimuths))
    # A car that reverses out of its place and drives on is taught both ways within a track.
    half = np.cos(azimuths) > 0
    groups = np.unique(tracks, return_inverse=True)[1] * 2 + half
    for group in np.unique(groups):
        own = groups == group
        count = int(own.sum())
        worth = count / (1 + CORRELATION * (count - 1))
        logit = prior + worth * float(evidence[own].mean())
        trust[own] = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
    for sector in np.unique(sectors):
        members = sectors == sector
        # The first to teach a heading are contradicted by everybody who has never seen it.
        if len(np.unique(tracks[members])) <= MIN_OTHERS:
            trust[members] = np.maximum(trust[members], 1 - wrong_share)
    return trust


def opposed(chances: np.ndarray, classes: np.ndarray, sectors: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """Which labels say another heading than the looks clearly do, whichever of the two is right.

    From them nothing can be learned about how certain an answer has to be.

    Args:
        chances: (N, 4) probabilities of the headings, each by a fit that has not seen its track.
        classes: (N,) the heading of each label.
        sectors: (N,) the eighth of a turn of each label.
        tracks: (N,) names.

    Returns:
        (N,) bool: another heading is several times more probable, for most crops that the track has in the sector.
    """
    found = np.zeros(len(classes), bool)
    ratio = chances[np.arange(len(classes)), classes] / chances.max(1)
    for track in np.unique(tracks):
        for sector in np.unique(sectors[tracks == track]):
            members = (tracks == track) & (sectors == sector)
            others = len(np.unique(tracks[(sectors == sector) & (tracks != track)]))
            found[members] = others >= MIN_OTHERS and float(np.median(ratio[members])) < OPPOSED
    return found
