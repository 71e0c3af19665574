"""Learner steps per second on made-up triplets, alone on the machine, and the time of an export."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import common
import numpy as np


def main() -> int:
    """Run it."""
    options = common.argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=30.0)
    options.add_argument("--threads", type=int, default=1)
    given = options.parse_args()
    before = common.machine()
    sys.path.insert(0, str(common.ROOT))
    import torch

    from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
    from pose_ssl_ros.learning.config import LearnerConfig
    from pose_ssl_ros.learning.online import OnlineLearner
    from pose_ssl_ros.viewpoint import scores_from_azimuth

    torch.set_num_threads(given.threads)
    rng = np.random.default_rng(0)
    config = LearnerConfig()
    triplets = []
    for i in range(600):
        crops = rng.integers(0, 255, (3, config.size, config.size, 3), np.uint8)
        teacher = TeacherEvidence(scores_from_azimuth(float(rng.uniform(-3.1, 3.1))))
        triplets.append(Triplet(str(i // 10), i * 10**8, crops, Box(0, 0, 50, 50), teacher))
    with tempfile.TemporaryDirectory(prefix="pose_ssl_benchmark_") as folder:
        learner = OnlineLearner(config, Path(folder))
        learner.add(triplets)
        steps, begun = 0, time.monotonic()
        # The first step compiles and allocates; it is not what the loop sees.
        learner.step()
        times = []
        while time.monotonic() - begun < given.seconds:
            start = time.monotonic()
            if learner.step() is None:
                learner.add(triplets)  # the learner waits for new material: give it some
                continue
            times.append(time.monotonic() - start)
            steps += 1
        start = time.monotonic()
        size = len(learner.export())
        exported = time.monotonic() - start
    figures = {
        "steps": steps,
        "steps_per_second": round(1 / float(np.mean(times)), 2) if times else None,
        "step_p95_ms": round(1e3 * float(np.percentile(times, 95)), 1) if times else None,
        "triplets_per_second": round(config.batch / float(np.mean(times)), 1) if times else None,
        "batch": config.batch,
        "crop_size": config.size,
        "threads": given.threads,
        "export_s": round(exported, 2),
        "model_mib": round(size / common.MIB, 2),
    }
    return common.report("learner", figures, {}, before)


if __name__ == "__main__":
    raise SystemExit(main())
