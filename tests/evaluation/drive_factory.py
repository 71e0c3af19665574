"""A made-up drive of drawn cars with answers that are right for the most part, and the material of its report."""

import functools
import math

import numpy as np

from pose_ssl_ros.evaluation.drive_report.collector import Collector
from pose_ssl_ros.evaluation.drive_report.material import Answers, Assertion, Bag, Material, Model, Skipped
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Box, Frame, ObjectState, TeacherEvidence, Track
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.viewpoint import HEADINGS, heading_of, scores_from_azimuth, wrap

S = 1_000_000_000
START = 1_700_000_000 * S
COLOURS = ((200, 50, 40), (40, 70, 200), (220, 180, 40), (60, 150, 70))
CATEGORIES = ("sedan", "bus", "truck", "person")


def picture(boxes, seed=0):
    """A street with a coloured block for each box."""
    rgb = np.empty((240, 320, 3), np.uint8)
    rgb[:110] = np.linspace((150, 185, 225), (205, 220, 235), 110)[:, None]
    rgb[110:] = np.linspace((120, 120, 118), (85, 86, 88), 130)[:, None]
    for place, box in enumerate(boxes):
        x, y, w, h = (round(v) for v in box)
        rgb[max(0, y) : y + h, max(0, x) : x + w] = COLOURS[place % 4]
        rgb[max(0, y + h // 8) : y + h // 2, max(0, x + w // 6) : x + w - w // 6] = (40, 50, 60)
    return rgb


def heading(name, sure):
    """Five probabilities."""
    scores = [0.0] * 5
    place = 4 if name == "unknown" else HEADINGS.index(name)
    scores[place] = sure
    scores[4] += 1 - sure
    return tuple(scores)


def frames(bag=0, count=120, seed=0, skill=0.9, truth=True, objects=4):
    """Frames with results and truth at 10 Hz: each object turns slowly, comes nearer and goes again."""
    rng = np.random.default_rng((seed, bag))
    slips = {k: rng.uniform(0.1, 0.7) * count for k in range(objects)}
    for i in range(count):
        boxes, true, answers, evidence = [], [], [], {}
        for k in range(objects):
            azimuth = wrap(k * math.pi / 2 + 0.012 * i + 0.4 * bag)
            near = 0.5 + 0.5 * math.sin(0.03 * i + 2 * k)
            w, h = 34 + 40 * near, 24 + 34 * near
            box = Box(12 + 76 * k + 6 * math.sin(i / 9), 150 - h / 2, w, h)
            boxes.append(box)
            true.append(TruthObject(f"o{k}", CATEGORIES[k % 4], box, azimuth, ((k - 1.5) * 2, 0.6, 16 - 11 * near)))
            said, sure = wrap(azimuth + rng.normal(0, 0.25)), float(rng.uniform(0.6, 0.97))
            if rng.random() > skill or 0 < i - slips[k] < 14:
                said = wrap(said + math.pi)
            name = "unknown" if rng.random() < 0.08 else heading_of(said)
            if rng.random() < 0.03:
                continue  # not seen
            identity = ((f"object_{(k + bag) % 4}", float(rng.uniform(0.5, 0.99))),)
            track = f"t{k}"
            answers.append(
                ObjectState(
                    track, box, identity, heading(name, sure), said, 0.1, 0.0, 8.0, 1.0, (8.0, 0.0), (0.0, 0.0), 0.9,
                    danger=near if name == "toward" else 0.2 * near,
                )
            )  # fmt: skip
            if k % 2 == 0:
                evidence[track] = TeacherEvidence(scores_from_azimuth(azimuth))
        stamp = START + bag * 1000 * S + i * S // 10
        danger = max((a.danger for a in answers), default=0.0)
        result = FrameResult(
            bag, i, stamp, stamp + 3_000_000, "camera", 320, 240,
            tuple(Track(a.track_id, a.box, stamp) for a in answers), tuple(answers), evidence,
            danger=danger, speed_limit=0.0 if danger > 0.6 else 100.0, version=1 + (i > count // 2),
            heading_ready=True, work_ms=20 + 5 * float(rng.random()),
        )  # fmt: skip
        yield Frame(picture(boxes), stamp), result, true if truth else None


@functools.lru_cache
def model(name, bags=1, **how):
    """A model with its figures from the drives."""
    judge, collector = Judge(JudgeConfig(replicates=100)), Collector()
    for bag in range(bags):
        for frame, result, truth in frames(bag, **how):
            judge.add(result, truth)
            collector.add(frame, result, truth)
    about = {"path": f"models/{name}", "sha256": "ab" * 32, "objective": "vicreg"}
    return Model(name, judge.metrics(), Answers.of(judge), collector.finish(), about)


def material(models=2, bags=1, count=120, truth=True, **more):
    """Everything that a report shows."""
    made = [model(name, bags, count=count, truth=truth, skill=skill)
            for name, skill in (("site", 0.92), ("base", 0.7), ("old", 0.5))[:models]]  # fmt: skip
    topics = {"image": "/camera/image_raw", "odom": "/odom"}
    recordings = [
        Bag(f"drive_{b}", f"bags/drive {b}", START + b * 1000 * S - S, count / 10 + 1, count, "mcap", topics)
        for b in range(bags)
    ]
    defaults = {
        "title": "Yard, Tuesday morning",
        "truth": "topic /ground_truth" if truth else "",
        "settings": {"iou": 0.3, "inference.threads": 1, "triplet.detector": False},
        "skipped": (
            Skipped("drive_0", "undecodable", 3, "pictures could not be decoded"),
            Skipped("drive_0", "cut", 1, "the last chunk is cut off: everything before it was read"),
        ),
        "assertions": (
            Assertion("toward_away>=0.7", True, "0.83"),
            Assertion("false_alarms_per_minute<=0.5", False, "4.2"),
        ),
        "video": "annotated.mp4",
        "result_bags": ("bag",),
        "command": "pose-ssl evaluate drive_0 --model site=models/site --model base=models/base --out report",
    }
    return Material(tuple(made), tuple(recordings), **{**defaults, **more})
