"""Moments of simulated encounters with what came of them: what danger is fitted to and tested on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from pose_ssl_sim.encounters import KINDS, Scene, draw

from pose_ssl_ros.danger.assess import motion_terms, urgency
from pose_ssl_ros.danger.config import DangerConfig, PlannerConfig
from pose_ssl_ros.danger.terms import Terms, kind_of
from pose_ssl_ros.experiments.danger_signals import signals
from pose_ssl_ros.experiments.driving import CAMERA, SAFETY_M, Moment, drive, least_gap_ahead
from pose_ssl_ros.experiments.heading_reader import HeadingReader

#: Fields of a moment: number of the encounter, its kind, kind of motion, urgency, outcome, then the terms.
COLUMNS = ("encounter", "kind", "motion", "urgency", "harmed", *Terms._fields)
#: Of the robots, one for each encounter in turn, m/s.
CRUISES = (1.0, 1.5, 2.0)
#: Frames from one moment that is kept to the next.
_EVERY = 5


def watch_encounter(seed: int, number: int, reader: HeadingReader) -> dict[str, Any]:
    """One encounter, driven once by a robot that heeds nothing and once by ours.

    Whether it came to harm is asked of the simulation at each moment: the robot goes on along its lane at its cruise
    speed, and everybody else does as they would, for three seconds.

    Args:
        seed: Of the encounters.
        number: Which.
        reader: Of headings.

    Returns:
        `rows`: lists of numbers by `COLUMNS`.
    """
    cruise = CRUISES[number // len(KINDS) % len(CRUISES)]
    config, weights = PlannerConfig(cruise_speed=cruise), DangerConfig()
    encounter = draw(seed, number, cruise)
    reader.begin(Scene(encounter, CAMERA))
    rows: list[list[float]] = []
    for signal in (lambda *_: 0.0, signals(weights)["ours"]):
        watched = 0

        def watch(scene: Scene, moment: Moment) -> None:
            nonlocal watched
            watched += 1
            if watched % _EVERY:
                return
            h = moment.heading
            found = motion_terms(h.heading, moment.point, moment.motion, weights, h.azimuth, h.variance)
            harmed = least_gap_ahead(scene, config) <= SAFETY_M
            kinds = (number, KINDS.index(encounter.kind), int(kind_of(moment.motion)))
            rows.append([*kinds, round(urgency(found), 5), int(harmed), *(round(t, 5) for t in found)])

        drive(encounter, signal, reader.read, config, watch=watch)
    return {"rows": rows}


def table(records: Iterable[dict[str, Any]]) -> np.ndarray:
    """All moments (n, len(COLUMNS)) float."""
    rows = [row for record in records for row in record["rows"]]
    return np.array(rows, float).reshape(-1, len(COLUMNS))
