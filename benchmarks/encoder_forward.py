"""Milliseconds a crop of a model's forward pass in ONNX Runtime: one core, batch 8.

    python benchmarks/encoder_forward.py --model models/base/encoder.onnx

The whole exported graph is timed as the inference node runs it: normalisation, encoder and both probes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import common
import numpy as np


def main() -> int:
    """Run it."""
    options = common.argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--model", type=Path, default=common.ROOT / "models" / "base" / "encoder.onnx")
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--seconds", type=float, default=10.0)
    given = options.parse_args()
    before = common.machine()
    sys.path.insert(0, str(common.ROOT))
    from pose_ssl_ros.inference.engine import Engine, ModelError

    try:
        data = given.model.read_bytes()
        engine = Engine(data, threads=1)
    except (OSError, ModelError) as error:
        print(f"{given.model} cannot be measured: {error}", file=sys.stderr)
        return 1
    size = engine.input_size
    crops = np.random.default_rng(0).integers(0, 255, (given.batch, size, size, 3), np.uint8)
    for _ in range(5):
        engine.run(crops)  # the first ones allocate
    times = []
    begun = time.monotonic()
    while time.monotonic() - begun < given.seconds:
        start = time.perf_counter()
        engine.run(crops)
        times.append((time.perf_counter() - start) * 1e3 / given.batch)
    figures = {
        "ms_per_crop": round(float(np.median(times)), 3),
        "ms_per_crop_p95": round(float(np.percentile(times, 95)), 3),
        "ms_per_crop_best": round(float(np.min(times)), 3),
        "runs": len(times),
        "batch": given.batch,
        "crop_size": size,
        "threads": 1,
        "model_mib": round(len(data) / common.MIB, 2),
    }
    # The budget is for quiet machines; `load_before` says whether this was one.
    return common.report("encoder_forward", figures, {"ms_per_crop": 3.0}, before)


if __name__ == "__main__":
    raise SystemExit(main())
