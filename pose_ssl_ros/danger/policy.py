"""From danger and headings to a speed: the planner's core, without ROS.

Three states.  GO: full speed.  SLOW: speed falls with danger.  STOP: stand until it
has been calm for a while.  STOP needs `stop_count` alarms in a row; leaving it needs
`resume_count` messages below a lower threshold, alarms in between taking three back,
so one bad frame neither stops nor starts the robot.  What is missing or old counts as danger.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pose_ssl_ros.danger.config import PolicyConfig


class State(enum.Enum):
    """What the robot does about danger."""

    GO = "go"
    SLOW = "slow"
    STOP = "stop"


@dataclass(frozen=True)
class Decision:
    """The policy's answer: share of the cruise speed (0..1), state and why."""

    scale: float
    state: State
    reason: str


class SpeedPolicy:
    """Turns `danger`, `headings` and the presence of odometry into a speed scale.

    Times are seconds of any clock that only rises; each input is stamped on arrival.

    Example:
        >>> policy = SpeedPolicy(PolicyConfig())
        >>> policy.decide(0.0).state  # nothing heard yet
        <State.STOP: 'stop'>
    """

    def __init__(self, config: PolicyConfig) -> None:
        """Start stopped: nothing is known yet."""
        self.config = config
        self._heard: dict[str, float] = {}
        self._danger = 1.0
        self._unknown = True  # every object in view has an unknown heading
        self._objects = 0
        self._alarms = 0
        self._calm = 0
        self._state = State.STOP
        self._fresh = False
        self._stopped_since: float | None = None
        self.stops = 0

    def on_danger(self, danger: float, now: float) -> None:
        """Take the greatest danger in view; what is not a number is danger 1."""
        self._heard["danger"] = now
        self._danger = min(1.0, max(0.0, danger)) if math.isfinite(danger) else 1.0
        self._alarms = self._alarms + 1 if self._danger >= self.config.stop_at else 0
        # A noisy perception never gives many calm messages in a row: count them up and down.
        if self._danger < self._resume_below:
            self._calm += 1
        elif self._danger >= self.config.stop_at:
            self._calm = max(0, self._calm - 3)

    def on_headings(self, headings: Sequence[Sequence[float]], now: float) -> None:
        """Take the heading probabilities of all objects in view (5 each, `unknown` last)."""
        self._heard["headings"] = now
        self._objects = len(headings)
        self._unknown = all(len(h) != 5 or not h[4] < 0.5 for h in headings)

    def on_odom(self, now: float) -> None:
        """Note that odometry arrived."""
        self._heard["odom"] = now

    def decide(self, now: float) -> Decision:
        """Decide on the speed now."""
        missing = self._missing(now)
        if missing:
            self._enter(State.STOP, now)
            self._fresh = False
            self._calm = 0
            return Decision(0.0, State.STOP, missing)
        if not self._fresh:
            # Data came (back): no need to sit out the calm messages if all is well.
            self._fresh = True
            if self._danger < self._resume_below:
                self._enter(State.SLOW, now)
        if self._state is State.STOP:
            if self._calm < self.config.resume_count and not self._patience_over(now):
                return Decision(0.0, State.STOP, f"danger {self._danger:.2f}")
            if self._calm < self.config.resume_count:
                return Decision(self.config.creep_scale, State.STOP, f"creeping past danger {self._danger:.2f}")
            self._enter(State.SLOW, now)
        if self._alarms >= self.config.stop_count:
            self._enter(State.STOP, now)
            return Decision(0.0, State.STOP, f"danger {self._danger:.2f}")
        scale = self._scale()
        if self._objects and self._unknown and scale > self.config.unknown_scale:
            self._enter(State.SLOW, now)
            return Decision(self.config.unknown_scale, State.SLOW, "all headings unknown")
        self._enter(State.SLOW if scale < 1.0 else State.GO, now)
        return Decision(scale, self._state, f"danger {self._danger:.2f}" if scale < 1.0 else "clear")

    @property
    def _resume_below(self) -> float:
        # A threshold set above the stopping one would make the robot jitter.
        return min(self.config.resume_below, self.config.stop_at)

    def _scale(self) -> float:
        """Share of the cruise speed for the present danger while not stopped."""
        low, high = self.config.slow_at, self.config.stop_at
        if self._danger <= low:
            return 1.0
        if high <= low or self._danger >= high:
            return self.config.creep_scale
        return 1.0 - (self._danger - low) / (high - low) * (1.0 - self.config.creep_scale)

    def _patience_over(self, now: float) -> bool:
        if self.config.patience_s <= 0 or self._stopped_since is None or self._danger >= self.config.patience_below:
            return False
        return now - self._stopped_since >= self.config.patience_s

    def _enter(self, state: State, now: float) -> None:
        if state is State.STOP and self._state is not State.STOP:
            self._stopped_since = now
            self._calm = 0
            self.stops += 1
        elif state is State.STOP and self._stopped_since is None:
            self._stopped_since = now
        elif state is not State.STOP:
            self._stopped_since = None
        self._state = state

    def _missing(self, now: float) -> str:
        """Say which input is missing or old, or nothing."""
        for name in ("danger", "headings", "odom"):
            heard = self._heard.get(name)
            if heard is None:
                return f"no {name} yet"
            # A clock that jumped back must not keep old data fresh for ever.
            if not 0 <= now - heard <= self.config.stale_s:
                return f"{name} is {now - heard:.1f} s old"
        return ""
