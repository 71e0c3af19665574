"""The loop of the learner process: one thread owns the learner, others leave orders with it.

No ROS here: the node gives callbacks for what is to be published.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch

from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.learning.checkpoint import CheckpointError
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.trainer import InterruptedWork

_log = logging.getLogger(__name__)
#: Triplets that may wait for the thread; older ones are dropped and counted.
QUEUE = 512
#: Seconds between two looks at the names that a person gives.
_LOOK_PERIOD = 0.5
#: Labels after which a first model with headings does not wait for more steps.
EARLY_LABELS = 60


class LearnerService:
    """Runs an `OnlineLearner` on a thread of its own.

    Args:
        make: Builds the learner; called on the thread, where torch is set up.
        config: Periods and thread settings.
        publish: Given the bytes of each new model, on the thread.
    """

    def __init__(
        self, make: Callable[[], OnlineLearner], config: LearnerConfig, publish: Callable[[bytes], None]
    ) -> None:
        self._make, self._publish = make, publish
        self.config = config
        self.paused = False
        self.dropped = 0
        self._queue: deque[Triplet] = deque()
        self._orders: deque[tuple[Callable[[OnlineLearner], Any], _Answer]] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._learner: OnlineLearner | None = None
        self._status: dict[str, float | str] = {}
        self._problems: dict[str, str] = {}  # what is wrong now, by the kind of work that fails
        self._saved_at = self._tried_at = self._looked_at = 0.0
        self._exported = (0.0, 0, 0)  # when, at which step, with how many triplets
        self._rates = _Rates()
        self._thread = threading.Thread(target=self._run, name="learner", daemon=True)
        self._thread.start()

    def put(self, triplets: Sequence[Triplet]) -> None:
        """Leave triplets for the learner; never waits."""
        with self._wake:
            self._queue.extend(triplets)
            while len(self._queue) > QUEUE:
                self._queue.popleft()
                self.dropped += 1
            self._wake.notify()

    def ask(self, order: Callable[[OnlineLearner], Any], timeout: float) -> Any:
        """Run an order on the learner's thread between two steps and return its result.

        Raises:
            TimeoutError: If it was not done in time; it may still be done later.
            Exception: What the order raised.
        """
        answer = _Answer()
        with self._wake:
            self._orders.append((order, answer))
            self._wake.notify()
        return answer.wait(timeout)

    def pause(self, paused: bool, timeout: float = 10.0) -> None:
        """Stop or go on; when it returns, no step is under way that the new state forbids.

        Raises:
            TimeoutError: If the step under way did not end in time; the new state holds after it.
        """
        self.paused = paused
        self.ask(lambda _: None, timeout)

    def save(self, timeout: float = 60.0) -> None:
        """Have a checkpoint on disk when this returns.

        Raises:
            CheckpointError: If it could not be written.
            TimeoutError: If it was not done in time.
        """
        self.ask(self._save, timeout)

    def reset(self, timeout: float = 30.0) -> None:
        """New weights and an empty buffer.

        Raises:
            TimeoutError: If it was not done in time.
        """
        with self._wake:
            self._queue.clear()

        def order(learner: OnlineLearner) -> None:
            learner.reset()
            self._exported = (0.0, 0, 0)
            self._save(learner)

        self.ask(order, timeout)

    def reconfigure(self, config: LearnerConfig) -> None:
        """Take live changes of parameters before the next step."""
        self.config = config
        with self._wake:
            self._orders.append((lambda learner: learner.reconfigure(config), _Answer()))
            self._wake.notify()

    def status(self) -> tuple[dict[str, float | str], str]:
        """Numbers for diagnostics, and what is wrong at the moment or an empty text."""
        saved = time.monotonic() - self._saved_at if self._saved_at else float("nan")
        own: dict[str, float | str] = {
            "paused": str(self.paused).lower(),
            "queue": len(self._queue),
            "dropped": self.dropped,
            "last_save_seconds": saved,
            **self._rates.values(),
        }
        return {**self._status, **own}, "; ".join(list(self._problems.values()))

    def close(self, timeout: float = 4.0) -> bool:
        """Save and end the thread; returns whether it ended in time."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._learner is not None:
            self._learner.trainer.interrupt.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        _set_up_thread(self.config)
        try:
            learner = self._make()
        except Exception as error:
            _log.exception("the learner cannot start")
            self._problems["start"] = f"cannot start: {error}"
            self._refuse_orders(error)
            return
        self._learner = learner
        self._tried_at = time.monotonic()
        if len(learner.buffer) or learner.exemplars:
            self._guarded("export", lambda: self._export(learner))  # resumed or pretrained, it answers at once
        while not self._stopping:
            self._guarded("turn", lambda: self._turn(learner))
        self._guarded("save", lambda: self._save(learner))

    def _guarded(self, kind: str, work: Callable[[], None]) -> None:
        """An error of one kind of work is said until that work succeeds; it does not end the thread."""
        try:
            work()
        except InterruptedWork:
            return  # the thread is about to end
        except CheckpointError as error:
            self._say(kind, str(error))
        except Exception as error:
            self._say(kind, f"{type(error).__name__}: {error}")
            _log.exception("the learner goes on after an error")
            time.sleep(0.1)
        else:
            self._problems.pop(kind, None)

    def _turn(self, learner: OnlineLearner) -> None:
        with self._wake:
            orders = list(self._orders)
            self._orders.clear()
            triplets = list(self._queue)
            self._queue.clear()
        for order, answer in orders:
            answer.run(order, learner)
        if triplets:
            self._rates.triplets += learner.add(triplets)
        report = None if self.paused else learner.step()
        if report is not None:
            self._rates.steps += 1
            if report.rolled_back:
                self._problems["loss"] = f"{report.reason}: rolled back to the last good weights"
            else:
                self._problems.pop("loss", None)
        if (not self.paused and self._export_due(learner)) or self._renamed(learner):
            self._guarded("export", lambda: self._export(learner))
        if time.monotonic() - self._tried_at > self.config.save_period and learner.buffer.added:
            # Set first: a full disk must not be tried again at every step.
            self._tried_at = time.monotonic()
            self._guarded("save", lambda: self._save(learner))
        self._status = learner.status()
        if report is None:
            with self._wake:
                if not (self._queue or self._orders or self._stopping):
                    self._wake.wait(0.2)

    def _export_due(self, learner: OnlineLearner) -> bool:
        when, step, added = self._exported
        if len(learner.buffer) < self.config.min_triplets:
            return False
        if not when:
            return True  # a first model at once, even of random weights
        if time.monotonic() - when < self.config.export_period:
            return False
        steps, triplets = learner.trainer.steps - step, learner.buffer.added - added
        return steps >= self.config.export_steps or triplets >= EARLY_LABELS

    def _renamed(self, learner: OnlineLearner) -> bool:
        """Names are for people, who wait: they go out at once, even while learning is paused."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_PERIOD:
            return False
        self._looked_at = now
        return learner.renamed()

    def _export(self, learner: OnlineLearner) -> None:
        data = learner.export()
        self._exported = (time.monotonic(), learner.trainer.steps, learner.buffer.added)
        self._publish(data)

    def _save(self, learner: OnlineLearner) -> None:
        learner.save()
        self._saved_at = self._tried_at = time.monotonic()
        self._problems.pop("save", None)

    def _say(self, kind: str, problem: str) -> None:
        if problem != self._problems.get(kind):
            _log.error("%s", problem)
        self._problems[kind] = problem

    def _refuse_orders(self, error: Exception) -> None:
        while not self._stopping:
            with self._wake:
                orders = list(self._orders)
                self._orders.clear()
                if not orders:
                    self._wake.wait(0.2)
            for _, answer in orders:
                answer.fail(error)


class _Answer:
    """The result of an order, waited for on another thread."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._result: Any = None
        self._error: Exception | None = None

    def run(self, order: Callable[[OnlineLearner], Any], learner: OnlineLearner) -> None:
        try:
            self._result = order(learner)
        except Exception as error:  # it belongs to the one who asked
            self._error = error
        self._done.set()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._done.set()

    def wait(self, timeout: float) -> Any:
        if not self._done.wait(timeout):
            msg = f"the learner did not answer within {timeout:g} s"
            raise TimeoutError(msg)
        if self._error is not None:
            raise self._error
        return self._result


class _Rates:
    """Steps and triplets per second since the last look, smoothed over a few seconds."""

    def __init__(self) -> None:
        self.steps = 0
        self.triplets = 0
        self._history: deque[tuple[float, int, int]] = deque(maxlen=10)

    def values(self) -> dict[str, float | str]:
        now = time.monotonic()
        self._history.append((now, self.steps, self.triplets))
        then, steps, triplets = self._history[0]
        span = max(now - then, 1e-3)
        return {
            "steps_per_second": (self.steps - steps) / span,
            "triplets_per_second": (self.triplets - triplets) / span,
        }


def _set_up_thread(config: LearnerConfig) -> None:
    torch.set_num_threads(config.threads)
    if hasattr(os, "setpriority"):  # niceness is per thread on Linux; torch's own threads inherit it
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), config.niceness)
        except OSError as error:
            _log.warning("niceness %d cannot be set: %s", config.niceness, error)
