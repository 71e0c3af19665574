"""Train the shipped objectness proposer.

    python -m pose_ssl_sim.objectness_data --out data/train --frames 8000 --first-seed 10000
    python -m pose_ssl_sim.objectness_data --out data/val --frames 600 --first-seed 20000
    python -m pose_ssl_ros.learning.objectness --train data/train --val data/val --out DIR

Writes objectness.onnx and objectness.json.  The same data, steps and seed give the same batches; the last digits
of the weights depend on the machine's arithmetic.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import torch

from pose_ssl_ros.learning.objectness.data import Pictures, load
from pose_ssl_ros.learning.objectness.export import save, to_onnx
from pose_ssl_ros.learning.objectness.net import ObjectnessNet
from pose_ssl_ros.learning.objectness.train import Plan, Progress, judge, train

VERSION = 1


def main() -> None:
    """Train, say how it goes, write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--val", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--batch", type=int, default=Plan.batch)
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--limit", type=int, default=0, help="use about so many pictures only")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    pictures, unseen = load(given.train, given.limit), load(given.val)
    plan = Plan(steps=given.steps, batch=given.batch, rate=given.rate, seed=given.seed)
    sample = Pictures(unseen.images[::6], unseen.boxes[::6])

    def report(progress: Progress, net: ObjectnessNet) -> None:
        line = {k: round(v, 4) for k, v in asdict(progress).items()}
        left = progress.seconds / progress.step * (plan.steps - progress.step)
        line["minutes_left"] = round(left / 60, 1)
        if progress.step % (5 * given.every) == 0:
            line |= {k: round(v, 3) for k, v in judge(net, sample).items()}
            save(given.out, to_onnx(net), {"unfinished": progress.step})
        print(json.dumps(line), flush=True)

    net = train(pictures, plan, report, given.every)
    card = {
        "version": VERSION,
        "data": {
            "source": "pose_ssl_sim.objectness_data",
            "train_seeds": [min(pictures.seeds), max(pictures.seeds)],
            "train_pictures": len(pictures.images),
            "val_seeds": [min(unseen.seeds), max(unseen.seeds)],
            "val_pictures": len(unseen.images),
        },
        "plan": asdict(plan),
        "command": f"python -m pose_ssl_ros.learning.objectness --steps {plan.steps} --batch {plan.batch}"
        f" --rate {plan.rate} --seed {plan.seed}",
        "metrics": {f"val_at_{t}": {k: round(v, 3) for k, v in judge(net, unseen, t).items()} for t in (0.2, 0.3, 0.4)},
    }
    save(given.out, to_onnx(net), card)
    print(json.dumps(card["metrics"]))


if __name__ == "__main__":
    main()
