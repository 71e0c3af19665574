"""Image to detections at VGA, 10 Hz, while the learner trains, and on the same drive without a learner.

`p95_ms` is taken by the evaluator between the arrivals of an image and of its
detections; `inference_*` are the inference node's own figures.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import common
import yaml


def main() -> int:
    """Run it."""
    options = common.parser(__doc__, 60.0).parse_args()
    before = common.machine()
    summary = common.run_loop(options).summary
    with tempfile.TemporaryDirectory(prefix="pose_ssl_benchmark_") as folder:
        file = Path(folder) / "inference.yaml"
        values = yaml.safe_load((common.ROOT / "config" / "inference.yaml").read_text(encoding="utf-8"))
        values["/**"]["ros__parameters"]["model_path"] = str(common.ROOT / "models" / "base" / "encoder.onnx")
        file.write_text(yaml.safe_dump(values), encoding="utf-8")
        alone = common.run_loop(options, extra=("learn:=false", f"inference_params:={file}")).summary["latency_ms"]
    latency, wall = summary["latency_ms"], summary["wall_seconds"]
    own = summary["inference"]["diagnostics"]
    figures = {
        **{f"{key}_ms": latency[key] for key in ("p50", "p95", "p99")},
        "p95_without_learner_ms": alone["p95"],
        "p95_times_that_without": round(latency["p95"] / max(alone["p95"], 1e-9), 2),
        "frames": summary["frames"],
        "frames_dropped": summary["frames_dropped"],
        "frames_per_wall_second": round(summary["frames"] / wall, 2) if wall else None,
        "objects_per_frame": round(summary["answers"]["n"] / max(1, latency["n"]), 2),
        "learner_steps": summary["learner_steps"],
        "learner_steps_per_second": round(summary["learner_steps"] / wall, 2) if wall else None,
        "robot_seconds": summary["robot_seconds"],
        "wall_seconds": wall,
        **{f"inference_{key}": value for key, value in own.items() if "latency" in key or key.endswith("_ms")},
    }
    return common.report("latency", figures, {"p95_ms": 100.0, "p95_times_that_without": 1.5}, before)


if __name__ == "__main__":
    raise SystemExit(main())
