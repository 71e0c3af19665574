"""Seconds from the command to the first image, the first detections and the first model."""

from __future__ import annotations

import common


def main() -> int:
    """Run it."""
    options = common.parser(__doc__, 60.0).parse_args()
    before = common.machine()
    loop = common.run_loop(options, extra=("video:=false",))
    events = loop.summary.get("events", {})
    figures = {
        f"{name}_s": round(events[name] - loop.started, 2) if name in events else None
        for name in ("first_image", "first_detections", "first_object", "first_model")
    }
    return common.report("demo_start", figures, {"first_detections_s": 20.0, "first_object_s": 20.0}, before)


if __name__ == "__main__":
    raise SystemExit(main())
