"""Memory of all processes of the loop together, and its growth.  Use --seconds 600 for the budget."""

from __future__ import annotations

import common
import numpy as np

#: Growth is judged after the start-up, when buffers have been filled for the first time.
SETTLED = 0.5
#: Runs shorter than this have no figure for growth, wall seconds.
SHORTEST = 240.0


def main() -> int:
    """Run it."""
    options = common.parser(__doc__, 300.0).parse_args()
    before = common.machine()
    loop = common.run_loop(options)
    time, size = np.array(loop.memory).T
    late = time >= SETTLED * time[-1]
    # The last moments are the end of the run: some processes have left already.
    late &= size > 0.8 * size.max()
    # In the first minutes buffers fill and libraries load: a short run says nothing about growth.
    long = time[-1] >= SHORTEST and late.sum() >= 5
    slope = float(np.polyfit(time[late], size[late], 1)[0]) * 60 if long else None
    figures = {
        "peak_mib": round(float(size.max()), 1),
        "growth_mib_per_minute": None if slope is None else round(slope, 2),
        "growth_over": f"last {1 - SETTLED:.0%} of {time[-1]:.0f} s",
        "processes": loop.processes,
        "by_process_at_peak_mib": loop.by_process,
        "samples": [[round(float(t), 1), round(float(s), 1)] for t, s in zip(time, size, strict=True)][::5],
    }
    return common.report("memory", figures, {"peak_mib": 4096.0, "growth_mib_per_minute": 5.0}, before)


if __name__ == "__main__":
    raise SystemExit(main())
