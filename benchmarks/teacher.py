"""What motion teaches on rendered streets: how much of it, how much of it is right, and what a probe makes of it.

    python benchmarks/teacher.py --seeds 211 212 213 --seconds 60 --out teacher.json
    python benchmarks/teacher.py --dataset data/quick --seeds 0 1 2

Every street is driven through with the triplet node's own pipeline (its proposals, tracks and odometry).  Truth is
only compared with afterwards.  Reported, per street and as mean and deviation over streets:

`taught`: by situation, the share of sightings (tracks at least half on an object, half visible, 24 rows high) that
the teacher speaks of, and how often it is right: class of four, within 30 degrees, more than a quarter turn off.
`probe`: heading of objects on one street, read from appearance alone by a probe that was fitted to the labels of
the triplets of the *other* streets: by the teacher, by truth for the same crops, and by truth for all crops (parked
ones too);
`share` is what the teacher reaches of what true labels for the same crops reach.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.world import SimFrame, World

from pose_ssl_ros.datasets.reading import load as load_dataset
from pose_ssl_ros.interfaces import Box, Frame, Mounting
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.exemplars import read_exemplars
from pose_ssl_ros.learning.trainer import Trainer
from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.perception.boxes import iou_matrix
from pose_ssl_ros.perception.crops import cut
from pose_ssl_ros.probing.features import mirrored
from pose_ssl_ros.probing.heading_probe import fit_heading, heading_class
from pose_ssl_ros.triplets.config import TripletNodeConfig
from pose_ssl_ros.triplets.pipeline import TripletPipeline
from pose_ssl_ros.viewpoint import azimuth_from_scores

SITUATIONS = ("oncoming", "receding", "crossing", "parked")
MOVES = 0.4  # m/s
ENDS = math.sqrt(0.5)


@dataclass
class Sight:
    """A track in one image, and the object that it is at least half on."""

    street: int
    track: str
    thing: str
    category: str
    time: float
    place: tuple[float, float]  # metres in odom
    azimuth: float  # true, radians
    turning: bool  # the robot turned
    crop: np.ndarray | None  # twice a second
    said: float | None  # the teacher's azimuth
    weight: float = 0.0
    situation: str = ""


@dataclass
class Street:
    """What one drive gave."""

    seed: int
    sights: list[Sight] = field(default_factory=list)
    crops: list[np.ndarray] = field(default_factory=list)  # centre views of triplets
    labels: list[tuple[str, str, float, float, float]] = field(default_factory=list)  # track, thing, said, weight, true
    counts: dict[str, float] = field(default_factory=dict)


def drive(seed: int, scenario: str, seconds: float, odometry: str, size: int) -> Street:
    """Drive through one world; `odometry` is true, none or frozen (the wheels' counter stands still)."""
    street = Street(seed)
    with World(from_values(SimConfig, {"seed": seed, "scenario": scenario})) as world:
        pipeline = TripletPipeline(TripletNodeConfig(size=size))
        pipeline.mounting = world.mounting
        first = world.ego()
        recent: dict[tuple[str, int], tuple[str, float]] = {}
        for step in range(round(seconds * 10)):
            # A gentle weave: the robot turns half of the time.
            world.step(0.1, 1.2, 0.25 * math.sin(0.7 * step * 0.1) - 0.4 * world.ego().yaw)
            frame = world.render()
            ego = {"true": frame.ego, "none": None, "frozen": _frozen(frame, first)}[odometry]
            tracks, triplets = pipeline.process(Frame(frame.rgb, frame.stamp_ns), ego, frame.camera)
            seen = [t for t in frame.truth if t.visible_fraction >= 0.5 and t.box[3] >= 24]
            overlap = iou_matrix([t.box for t in tracks], [Box(*t.box) for t in seen]) if seen and tracks else None
            for row, track in enumerate(tracks):
                if overlap is None or track.missed or overlap[row].max() < 0.5:
                    continue
                thing = seen[int(overlap[row].argmax())]
                evidence = pipeline.evidence.get(track.id)
                said = None if evidence is None else azimuth_from_scores(evidence.scores)
                recent[track.id, frame.stamp_ns] = (thing.id, thing.azimuth)
                crop = cut(frame.rgb, track.box, size, pipeline.config.margin) if step % 5 == 0 else None
                street.sights.append(
                    Sight(
                        seed,
                        track.id,
                        thing.id,
                        thing.category,
                        frame.stamp_ns * 1e-9,
                        _place(frame, world.mounting, thing.position),
                        thing.azimuth,
                        abs(frame.ego.yaw_rate) > 0.1,
                        crop,
                        None if said is None else said[0],
                        0.0 if said is None else said[1],
                    )
                )
            for triplet in triplets:
                known = recent.get((triplet.track_id, triplet.stamp_ns))
                if known is None:
                    continue
                heard = (math.nan, 0.0) if triplet.teacher is None else azimuth_from_scores(triplet.teacher.scores)
                street.crops.append(triplet.crops[1])
                street.labels.append((f"{seed}/{triplet.track_id}", known[0], heard[0], heard[1], known[1]))
            if step % 50 == 49:
                print(f"street {seed}: {(step + 1) / 10:.0f} of {seconds:.0f} s", file=sys.stderr, flush=True)
        street.counts = {k: v for k, v in pipeline.stats().items() if v}
    _name_situations(street.sights)
    return street


def _frozen(frame: SimFrame, first: Any) -> Any:
    return type(first)(frame.stamp_ns, first.x, first.y, first.yaw, 0.0, 0.0)


def _place(frame: SimFrame, mounting: Mounting, position: tuple[float, float, float]) -> tuple[float, float]:
    ego, ahead, left = frame.ego, position[2], -position[0]
    yaw = ego.yaw + mounting.yaw
    x = ego.x + mounting.x * math.cos(ego.yaw) + ahead * math.cos(yaw) - left * math.sin(yaw)
    y = ego.y + mounting.x * math.sin(ego.yaw) + ahead * math.sin(yaw) + left * math.cos(yaw)
    return (x, y)


def _name_situations(sights: list[Sight]) -> None:
    """By the object's own true speed in the half second before and after, and its azimuth."""
    for thing in {s.thing for s in sights}:
        own = [s for s in sights if s.thing == thing]
        for sight in own:
            near = [s for s in own if abs(s.time - sight.time) <= 0.55]
            a, b = near[0], near[-1]
            speed = math.dist(a.place, b.place) / max(0.1, b.time - a.time)
            ends = "oncoming" if math.cos(sight.azimuth) > 0 else "receding"
            moving = ends if abs(math.cos(sight.azimuth)) >= ENDS else "crossing"
            sight.situation = moving if speed > MOVES and len(near) > 2 else "parked"


def judge_teacher(sights: list[Sight]) -> dict[str, Any]:
    """Shares by situation."""
    found: dict[str, Any] = {}
    groups = {name: [s for s in sights if s.situation == name] for name in SITUATIONS}
    groups["moving, robot turns"] = [s for s in sights if s.situation != "parked" and s.turning]
    groups["moving"] = [s for s in sights if s.situation != "parked"]
    groups["all"] = sights
    for name, group in groups.items():
        spoken = [s for s in group if s.said is not None]
        errors = np.array([abs(math.remainder(float(s.said or 0.0) - s.azimuth, 2 * math.pi)) for s in spoken])
        same = [heading_class(np.array([s.said, s.azimuth], float)) for s in spoken]
        found[name] = {
            "n": len(group),
            "objects": len({s.thing for s in group}),
            "taught": _share([s.said is not None for s in group]),
            "objects_taught": len({s.thing for s in spoken}) / max(1, len({s.thing for s in group})),
            "right_of_four": _share([bool(a == b) for a, b in same]),
            "within_30": _share((errors < math.pi / 6).tolist()),
            "reversed": _share((errors > math.pi / 2).tolist()),
            "median_error_deg": math.degrees(float(np.median(errors))) if len(errors) else math.nan,
        }
    return found


def _share(hits: list[bool]) -> float:
    return float(np.mean(hits)) if hits else math.nan


class Reader:
    """Fits probes to one street's crops and asks them about the others'."""

    def __init__(self, start: Path, most: int, exemplars: bool, size: int) -> None:
        """Load the encoder; `exemplars` offers the start model's own labelled crops beside the street's."""
        self.trainer = Trainer(LearnerConfig(start=str(start), threads=1, size=size))
        self.most = most
        self.extra = read_exemplars(start.parent, size) if exemplars else []

    def features(self, crops: list[np.ndarray]) -> np.ndarray:
        """Pose features (N, F)."""
        return self.trainer.features(np.stack(crops))[1]

    def fit(self, streets: list[Street], labels: str, seed: int) -> Any:
        """A probe fitted to labels `teacher`, `true` (of the crops that the teacher taught) or `all true`."""
        known = [label for street in streets for label in street.labels]
        pictures = [crop for street in streets for crop in street.crops]
        rows = [i for i, label in enumerate(known) if labels == "all true" or label[3] >= 0.3]
        random = np.random.default_rng(seed)
        rows = sorted(random.permutation(rows)[: self.most].tolist())
        crops = [pictures[i] for i in rows] + [e.crops[1] for e in self.extra]
        azimuths = [known[i][2 if labels == "teacher" else 4] for i in rows] + [e.azimuth for e in self.extra]
        weights = [known[i][3] if labels == "teacher" else 1.0 for i in rows] + [e.weight for e in self.extra]
        tracks = [known[i][0] for i in rows] + [e.track for e in self.extra]
        images = np.stack(crops)
        both = np.concatenate([self.features(crops), self.features(list(mirrored(images)))])
        angle, flag = np.array(azimuths), np.zeros(len(both), bool)
        flag[len(images) :] = True
        return fit_heading(
            both,
            np.concatenate([angle, -angle]),
            np.tile(weights, 2),
            np.tile(np.array(tracks), 2),
            flag,
            seed=seed,
            known=self.trainer.known_directions(),
        )


def judge_probe(reader: Reader, streets: list[Street]) -> list[dict[str, Any]]:
    """One entry per street that was asked about, with a probe that was fitted to the others."""
    asked = {s.seed: [x for x in s.sights if x.crop is not None] for s in streets}
    seen = {seed: reader.features([x.crop for x in part]) for seed, part in asked.items()}  # type: ignore[misc]
    found = []
    for street in streets:
        others = [s for s in streets if s.seed != street.seed] or [street]
        sights, features = asked[street.seed], seen[street.seed]
        entry: dict[str, Any] = {"street": street.seed}
        for labels in ("teacher", "true", "all true"):
            head, report = reader.fit(others, labels, street.seed)
            entry[labels] = {"labels": report.labels, "ready": report.ready, "contradicted": report.contradicted}
            if not report.ready:
                entry[labels]["reason"] = report.reason
                continue
            heading, resultant = head.apply(features)
            read = np.arctan2(resultant[:, 1], resultant[:, 0])
            for name, wanted in (("moving", False), ("parked", True)):
                rows = np.array([(x.situation == "parked") == wanted for x in sights])
                true = np.array([x.azimuth for x in sights])[rows]
                entry[labels][name] = figures(true, read[rows], heading[rows].argmax(1))
        found.append(entry)
    return found


def figures(true: np.ndarray, read: np.ndarray, answer: np.ndarray) -> dict[str, float]:
    """What a reading is worth; `read` answers always, `answer` may be unknown (4)."""
    ends = np.abs(np.cos(true)) >= ENDS
    error = np.abs(np.angle(np.exp(1j * (read - true))))
    right = answer == heading_class(true)
    given = ends & (answer < 4)
    return {
        "n": len(true),
        "toward_away": float((heading_class(read) == heading_class(true))[ends].mean()) if ends.any() else math.nan,
        "front_back": float((np.cos(read) * np.cos(true) > 0)[ends].mean()) if ends.any() else math.nan,
        "within_30": float((error < math.pi / 6).mean()) if len(true) else math.nan,
        "four_way": float((heading_class(read) == heading_class(true)).mean()) if len(true) else math.nan,
        "unknown": float((answer == 4).mean()) if len(true) else math.nan,
        "toward_away_answered": float(right[given].mean()) if given.any() else math.nan,
    }


def judge_dataset(reader: Reader, path: Path, seeds: list[int], asked: int = 1200) -> dict[str, Any]:
    """What motion labels of a rendered dataset reach of what true azimuths of the same crops reach, on test objects."""
    dataset = load_dataset(path)
    train, test = dataset.part("train", "in_domain"), dataset.part("test", "in_domain")
    taught = np.flatnonzero(np.isfinite(train.motion))
    runs = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        tracks = random.permutation(np.unique(train.trajectory[taught]))
        # Whole trajectories, as a robot meets them, until there are enough crops.
        order = {track: rank for rank, track in enumerate(tracks.tolist())}
        rows = np.array(sorted(taught.tolist(), key=lambda row: order[int(train.trajectory[row])])[: reader.most])
        target = np.sort(random.permutation(len(test))[:asked])
        features, wanted = reader.features(list(test.crops(target))), test.azimuth[target].astype(float)
        crops, names = train.crops(rows), np.array([f"t{t}" for t in train.trajectory[rows]])
        both = np.concatenate([reader.features(list(crops)), reader.features(list(mirrored(crops)))])
        flag = np.arange(len(both)) >= len(rows)
        error = np.abs(np.angle(np.exp(1j * (train.motion[rows] - train.azimuth[rows]))))
        run: dict[str, Any] = {"seed": seed, "labels": len(rows), "reversed": float((error > math.pi / 2).mean())}
        for labels in ("motion", "azimuth"):
            angle = np.asarray(getattr(train, labels)[rows], float)
            head, report = fit_heading(
                both, np.concatenate([angle, -angle]), np.ones(len(both)), np.tile(names, 2), flag, seed=seed
            )
            if not report.ready:
                run[labels] = {"reason": report.reason}
                continue
            heading, resultant = head.apply(features)
            read = np.arctan2(resultant[:, 1], resultant[:, 0])
            run[labels] = {**figures(wanted, read, heading.argmax(1)), "contradicted": report.contradicted}
        runs.append(run)
    share = {
        key: spread([r["motion"][key] / r["azimuth"][key] for r in runs if key in r["motion"] and key in r["azimuth"]])
        for key in ("toward_away", "front_back", "within_30", "four_way")
    }
    return {"share": share, "runs": runs}


def shares(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """What the teacher's labels reach of what true ones reach, mean and deviation over streets."""
    found: dict[str, Any] = {}
    for part in ("moving", "parked"):
        for key in ("toward_away", "front_back", "within_30", "four_way"):
            ratios = [
                e["teacher"][part][key] / e["true"][part][key]
                for e in entries
                if part in e["teacher"] and part in e["true"]
            ]
            found[f"{part} {key}"] = spread(ratios)
    return found


def spread(values: list[float]) -> dict[str, float]:
    """Mean, deviation and number of the values that are known."""
    known = [v for v in values if math.isfinite(v)]
    mean = statistics.fmean(known) if known else math.nan
    return {"mean": mean, "std": statistics.stdev(known) if len(known) > 1 else math.nan, "n": len(known)}


def rounded(value: Any) -> Any:
    """The same with four digits, and None for what is not known."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[211, 212, 213])
    parser.add_argument("--scenario", default="street")
    parser.add_argument("--seconds", type=float, default=60.0, help="robot seconds of each street")
    parser.add_argument("--odometry", choices=("true", "none", "frozen"), default="true")
    parser.add_argument("--start", type=Path, default=Path("models/base/encoder.safetensors"))
    parser.add_argument("--exemplars", action="store_true", help="the start model's labelled crops beside the street's")
    parser.add_argument("--labelled", type=int, default=600, help="most labelled crops that a probe is fitted to")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--out", type=Path, help="write the JSON here instead of to the screen")
    parser.add_argument("--dataset", type=Path, help="a rendered dataset with a column `motion` instead of streets")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    result: dict[str, Any] = {"benchmark": "teacher", "settings": {k: str(v) for k, v in vars(options).items()}}
    reader = Reader(options.start, options.labelled, options.exemplars, options.size)
    if options.dataset is not None:
        result |= judge_dataset(reader, options.dataset, options.seeds)
    else:
        result |= judge_streets(reader, options)
    text = json.dumps(rounded(result), indent=1)
    if options.out is None:
        print(text)
    else:
        options.out.write_text(text + "\n", encoding="utf-8")


def judge_streets(reader: Reader, options: argparse.Namespace) -> dict[str, Any]:
    """Drive, and compare with truth."""
    streets = [drive(s, options.scenario, options.seconds, options.odometry, options.size) for s in options.seeds]
    taught = [judge_teacher(s.sights) for s in streets]
    return summary(reader, streets, taught)


def summary(reader: Reader, streets: list[Street], taught: list[dict[str, Any]]) -> dict[str, Any]:
    """All figures of streets that were driven."""
    names, moments = list(taught[0]), [*taught[0]["all"]]
    result: dict[str, Any] = {
        "taught": {name: {key: spread([t[name][key] for t in taught]) for key in moments} for name in names},
        "streets": [{"seed": s.seed, "taught": t, "counts": s.counts} for s, t in zip(streets, taught, strict=True)],
    }
    if any(label[3] >= 0.3 for s in streets for label in s.labels):
        entries = judge_probe(reader, streets)
        result |= {"probe": entries, "share": shares(entries)}
    return result


if __name__ == "__main__":
    main()
