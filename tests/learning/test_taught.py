"""Which labels shape the encoder: balanced, and never those that judge."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.replay import ReplayBuffer
from pose_ssl_ros.learning.taught import JUDGES, TaughtSampler, is_judge
from pose_ssl_ros.viewpoint import scores_from_azimuth


def buffer(counts: dict[str, tuple[float, int]]) -> ReplayBuffer:
    """Tracks with an azimuth in radians and a number of triplets each."""
    found = ReplayBuffer(32, 8.0, 200)
    for track, (azimuth, count) in counts.items():
        for number in range(count):
            teacher = TeacherEvidence(scores_from_azimuth(azimuth, 0.8))
            crops = np.zeros((3, 32, 32, 3), np.uint8)
            found.add(Triplet(track, number, crops, Box(0, 0, 1, 1), teacher))
    return found


def names(count: int, judges: bool) -> list[str]:
    return [n for n in (f"1/{i}" for i in range(200)) if is_judge(n) == judges][:count]


def test_about_one_track_in_so_many_judges() -> None:
    share = np.mean([is_judge(f"1/{i}") for i in range(2000)])
    assert abs(share - 1 / JUDGES) < 0.05


def test_judges_are_never_drawn() -> None:
    tracks = names(4, False) + names(4, True)
    sampler = TaughtSampler(buffer({t: (math.pi * (i % 2), 5) for i, t in enumerate(tracks)}), 0.3)
    drawn = {entry.track for entry in sampler.batch(500)}
    assert drawn == set(names(4, False))


def test_headings_are_drawn_alike_however_many_there_are() -> None:
    a, b, c = names(3, False)
    sampler = TaughtSampler(buffer({a: (0.0, 100), b: (math.pi, 10), c: (math.pi / 2, 3)}), 0.3)
    counts = Counter(entry.track for entry in sampler.batch(3000))
    assert all(abs(count - 1000) < 120 for count in counts.values()) and len(counts) == 3


def test_weak_labels_and_a_single_heading_teach_nothing() -> None:
    a, b = names(2, False)
    assert TaughtSampler(buffer({a: (0.0, 5), b: (0.1, 5)}), 0.3).batch(4) == []
    assert TaughtSampler(buffer({a: (0.0, 5), b: (math.pi, 5)}), 0.9).batch(4) == []
    assert TaughtSampler(buffer({}), 0.3).batch(4) == []


def test_labels_that_are_not_believed_are_drawn_rarely_and_a_restart_remembers_it() -> None:
    a, b, c = names(3, False)
    held = buffer({a: (0.0, 10), b: (math.pi, 10), c: (0.0, 10)})
    sampler = TaughtSampler(held, 0.3)
    sampler.believe({e.serial: 0.05 for e in held.entries if e.track == c})
    counts = Counter(entry.track for entry in sampler.batch(2000))
    assert abs(counts[b] - 1000) < 120 and 0 < counts[c] < 0.12 * counts[a]
    state = json.loads(json.dumps(sampler.state()))
    other = TaughtSampler(held, 0.3, seed=9)
    other.resume(state)
    assert [e.serial for e in other.batch(50)] == [e.serial for e in sampler.batch(50)]
    # A later fit may take it back.
    other.believe({e.serial: 1.0 for e in held.entries if e.track == c})
    counts = Counter(entry.track for entry in other.batch(2000))
    assert counts[c] > 0.7 * counts[a]
