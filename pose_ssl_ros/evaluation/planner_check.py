"""What a planner would ask of the danger signal, after the example of nav2's collision monitor.

A *threat* is a true object that heads towards us while the reference danger (what the formula says of the truth)
is raised.  From its first moment: how long until the danger told of that object is raised, which share of the
time it then stays raised, and, once the threat is over while the object is still seen, how long until it is
released.  A *false alarm* is danger in view, raised for `alarm_frames` frames in a row, while the reference danger
of everything in view stays below the level of release.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.figures import Resampling, add_up, figure, median, missing, quotient, share
from pose_ssl_ros.evaluation.judge_config import JudgeConfig

#: Threats raised or released later than this count as never, seconds.
LONGEST = 30.0
#: An object not seen for so long is gone, seconds.
_GONE = 0.5
#: A threat counts as turning towards us if the object headed elsewhere this short before, seconds.
_TURNED = 2.0
#: A release is waited for at least this long before it counts as never, seconds.
_PATIENCE = 2.0
#: Stretches of time that are resampled for rates that belong to no track, seconds.
_BLOCK = 10.0


@dataclass(frozen=True)
class Sight:
    """One true object in one frame."""

    object: int
    toward: bool  # the truth
    reference: float
    danger: float | None  # that was told of it or of a piece of it; None: no detection


@dataclass
class Threat:
    """A stretch of time in which an object threatened us."""

    object: int
    bag: int
    since: float
    turned: bool
    until: float
    raised_after: float | None = None
    held: float = 0.0  # seconds raised since it was first
    could_hold: float = 0.0  # seconds since it was first raised
    raised: bool = False  # now
    released_after: float | None = None  # after the end
    waits: bool = False  # over, raised, and the object still in view
    watched: float = 0.0  # seconds that the release was waited for


class PlannerCheck:
    """Watches true objects and the danger told of them, frame by frame.

    Args:
        config: Levels.
    """

    def __init__(self, config: JudgeConfig) -> None:
        self._config = config
        self._open: dict[int, Threat] = {}
        self._elsewhere: dict[int, float] = {}  # when each object last headed elsewhere
        self._seen: dict[int, float] = {}
        self._last: float | None = None
        self._streak = 0
        self._groundless = True
        self._alarmed = False
        self._blocks: dict[tuple[int, int], list[float]] = {}  # (bag, block): false alarms, minutes
        self.threats: list[Threat] = []
        self.alarms: list[tuple[int, float]] = []  # (bag, robot seconds) of false alarms
        self.unplaced = 0  # frames with true objects whose reference danger is not known

    def reset(self) -> None:
        """Close everything (time jumped, another recording)."""
        for threat in list(self._open.values()):
            self._close(threat)
        self._elsewhere.clear()
        self._seen.clear()
        self._last = None
        self._streak, self._alarmed = 0, False

    def unlabelled(self) -> None:
        """A frame without truth, or without azimuth or name of an object: nothing can be judged across it."""
        self._last = None
        self._streak = 0

    def add(self, bag: int, time: float, sights: Sequence[Sight], danger: float, reference: float) -> None:
        """One labelled frame.

        Args:
            bag: Number of the recording.
            time: Robot seconds.
            sights: The true objects that count.
            danger: Greatest danger told of the frame.
            reference: Greatest reference danger of all true objects in view, those that don't count too.
        """
        step = 0.0 if self._last is None else max(0.0, min(time - self._last, 1.0))
        self._last = time
        self._alarm(bag, time, step, danger, reference)
        for sight in sights:
            self._follow(bag, time, step, sight)
            self._seen[sight.object] = time
            if not sight.toward:
                self._elsewhere[sight.object] = time
        for threat in [t for t in self._open.values() if time - self._seen[t.object] > _GONE]:
            self._close(threat)

    def _follow(self, bag: int, time: float, step: float, sight: Sight) -> None:
        config = self._config
        threat = self._open.get(sight.object)
        if threat is not None and threat.waits:
            threat.watched += step
            if sight.danger is None or sight.danger < config.release_below:
                threat.released_after = time - threat.until
                self._close(threat)
                threat = None
            elif sight.toward and sight.reference >= config.raise_at:
                self._close(threat)  # it threatens again before it could be released
                threat = None
        if threat is None:
            if not (sight.toward and sight.reference >= config.raise_at):
                return
            turned = time - self._elsewhere.get(sight.object, -math.inf) <= _TURNED
            threat = self._open[sight.object] = Threat(sight.object, bag, time, turned, time)
            step = 0.0
        if threat.waits:
            return
        # Time up to this frame belongs to what was told in the frame before.
        if threat.raised_after is not None:
            threat.could_hold += step
            threat.held += step if threat.raised else 0.0
        threat.until = time
        told = -1.0 if sight.danger is None else sight.danger
        threat.raised = told >= (config.release_below if threat.raised else config.raise_at)
        if threat.raised and threat.raised_after is None:
            threat.raised_after = time - threat.since
        if not sight.toward or sight.reference < config.release_below:
            if threat.raised:
                threat.waits = True
            else:
                self._close(threat)

    def _close(self, threat: Threat) -> None:
        self._open.pop(threat.object, None)
        if threat.until - threat.since >= self._config.least_threat - 1e-9:
            self.threats.append(threat)

    def _alarm(self, bag: int, time: float, step: float, danger: float, reference: float) -> None:
        block = self._blocks.setdefault((bag, int(time // _BLOCK)), [0.0, 0.0])
        block[1] += step / 60
        if danger < self._config.release_below:
            self._alarmed = False
        if danger < self._config.raise_at:
            self._streak = 0
            return
        groundless = reference < self._config.release_below
        self._groundless = groundless and (self._streak == 0 or self._groundless)
        self._streak += 1
        if self._streak >= self._config.alarm_frames and not self._alarmed:
            self._alarmed = True
            if self._groundless:
                block[0] += 1
                self.alarms.append((bag, time))

    def figures(self, how: Resampling) -> dict[str, Any]:
        """All figures; those of times are medians over threats, resampled by object."""
        threats = [*self.threats, *(t for t in self._open.values() if t.until - t.since >= self._config.least_threat)]
        sums = np.array(list(self._blocks.values()), dtype=float).reshape(-1, 2)
        incomplete = "the truth tells no azimuths or no names of objects"
        no_places = incomplete if self.unplaced else "no frame had ground truth"
        judged = bool(len(sums)) and sums[:, 1].sum() > 0
        none = "no object threatened us while it was watched" if judged else no_places
        turned = [t for t in threats if t.turned]
        return {
            "threats": len(threats),
            "threats_turned": len(turned),
            "seconds_to_raise": _seconds(threats, "raised", how, none),
            "seconds_to_raise_turned": _seconds(turned, "raised", how, none if not threats else "no object turned"),
            "raised_rate": _share(threats, how, none),
            "held_share": _held(threats, how, none),
            "seconds_to_release": _seconds([t for t in threats if _release_seen(t)], "released", how, none),
            "false_alarms": len(self.alarms),
            "false_alarms_per_minute": {
                **figure(sums, quotient, int(sums[:, 0].sum()), how, reason=no_places),
                "over": f"stretches of {_BLOCK:g} s",
            },
            "minutes": float(sums[:, 1].sum()),
            "frames_without_reference": self.unplaced,
        }


def _release_seen(threat: Threat) -> bool:
    return threat.released_after is not None or (threat.waits and threat.watched >= _PATIENCE)


def _tracks(threats: Sequence[Threat]) -> np.ndarray:
    return np.array([t.object for t in threats], dtype=int)


def _seconds(threats: Sequence[Threat], verb: str, how: Resampling, none: str) -> dict[str, Any]:
    """Median of the times until danger was raised or released; never counts as longer than any."""
    if not threats:
        return missing(none if verb == "raised" else "no raised danger was watched to its end")
    times = [t.raised_after if verb == "raised" else t.released_after for t in threats]
    never = sum(value is None for value in times)
    values = np.array([LONGEST if value is None else min(value, LONGEST) for value in times])
    found = median(_tracks(threats), values, LONGEST * (1 + 1e-9), how, none)
    if found["value"] >= LONGEST:
        words = f"danger was never {verb} in {never} of {len(threats)} threats"
        return {**missing(words), "n": len(threats), "tracks": found["tracks"], "never": never}
    if found["high"] is not None and found["high"] >= LONGEST * (1 - 1e-2):
        found["high"] = None  # it may be never
    return {**found, "never": never}


def _share(threats: Sequence[Threat], how: Resampling, none: str) -> dict[str, Any]:
    if not threats:
        return missing(none)
    return share(_tracks(threats), np.array([t.raised_after is not None for t in threats]), None, how, none)


def _held(threats: Sequence[Threat], how: Resampling, none: str) -> dict[str, Any]:
    raised = [t for t in threats if t.could_hold > 0]
    if not raised:
        return missing(none if not threats else "danger was not raised long enough to be held")
    sums = add_up(_tracks(raised), np.array([(t.held, t.could_hold) for t in raised]))
    return figure(sums, quotient, len(raised), how)
