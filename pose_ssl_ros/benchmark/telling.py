"""What a person reads while something trains."""

from __future__ import annotations

import time
from collections.abc import Callable

from pose_ssl_ros.benchmark.training import Progress

#: Seconds between two lines of a training.
SAY_EVERY = 10.0
#: Parts of the loss that tell whether it learns, and whether it collapses.
_SHOWN = ("loss", "semantic", "trajectory", "teacher", "equivariance", "embedding_std", "embedding_rank")


def say(text: str) -> None:
    """A line of progress, at once."""
    print(text, flush=True)


def teller(title: str, tell: Callable[[str], None] = say) -> Callable[[Progress], None]:
    """Says every ten seconds how far a training is, how fast, and how long it takes.

    Steps that a checkpoint brought along do not count into the rate.
    """
    began: list[tuple[float, int]] = []
    said = [time.monotonic()]

    def told(progress: Progress) -> None:
        now = time.monotonic()
        if not began:
            began.append((now, progress.step))
        if now - said[0] < SAY_EVERY:
            return
        said[0] = now
        start, first = began[0]
        speed = (progress.step - first) / max(now - start, 1e-6)
        left = (progress.steps - progress.step) / max(speed, 1e-6)
        text = ", ".join(f"{name} {progress.losses[name]:.3g}" for name in _SHOWN if name in progress.losses)
        tell(f"{title}: step {progress.step} of {progress.steps}, {speed:.1f}/s, {left / 60:.1f} min left; {text}")

    return told
