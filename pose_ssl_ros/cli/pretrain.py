"""`pose-ssl pretrain`: make a start model from a dataset of crops, without labels."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.rendering import draw_profile

#: The documented command renders its dataset with this seed.
RENDER_SEED = 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "pretrain",
        help="make a start model from a dataset, without labels",
        description="Trains on the training split of a dataset and writes encoder.safetensors, encoder.onnx, "
        "exemplars, manifest.json and MODEL_CARD.md. A training that was killed goes on from its checkpoint.",
    )
    parser.add_argument("--dataset", type=Path, help="folder or CSV; without it one is rendered beside --out")
    parser.add_argument("--render", default="base", help="profile of the dataset that is rendered")
    parser.add_argument("--out", type=Path, default=Path("models/base"), help="folder of the model")
    parser.add_argument("--method", default="ours", help="see pose-ssl benchmark --list")
    parser.add_argument("--steps", type=int, default=10000, help="training steps")
    parser.add_argument("--batch", type=int, default=48, help="triplets in a step")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="peak of AdamW's")
    parser.add_argument("--width", type=int, default=32, help="channels of the encoder's first stage")
    parser.add_argument("--depth", type=int, default=2, help="further blocks at the middle map")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches")
    parser.add_argument("--jobs", type=int, default=2, help="processes that render")
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    parser.add_argument(
        "--half",
        action="store_true",
        help="convolve in bfloat16: nearly twice as fast on a CPU with AMX, slower on one without",
    )
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Render if needed, train, write, print what was measured."""
    for name in ("steps", "batch", "jobs", "threads"):
        if getattr(options, name) < 1:
            msg = f"--{name} must be 1 or more, got {getattr(options, name)}"
            raise CommandError(msg)
    # Before torch is imported: spinning pools of many threads take the cores from each other.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, str(options.threads))
    import torch

    from pose_ssl_ros.benchmark.errors import BenchmarkError
    from pose_ssl_ros.benchmark.methods import method
    from pose_ssl_ros.benchmark.start_model import make_start_model
    from pose_ssl_ros.benchmark.telling import teller
    from pose_ssl_ros.benchmark.training import Training
    from pose_ssl_ros.datasets.dataset import DatasetError
    from pose_ssl_ros.datasets.reading import load
    from pose_ssl_ros.learning.checkpoint import CheckpointError
    from pose_ssl_ros.learning.encoder import Architecture

    torch.set_num_threads(options.threads)
    try:
        chosen = method(options.method)
        if chosen.terms is None or chosen.terms.supervision != "none":
            msg = f"'{options.method}' is no self-supervised method: a start model is learned without labels"
            raise CommandError(msg)
        folder = options.dataset
        if folder is None:
            folder = draw_profile(options.render, RENDER_SEED, options.out / "dataset", options.jobs)
        dataset = load(folder)
        size = dataset.crops([0]).shape[1] if len(dataset) else Architecture().size
        training = Training(
            chosen.terms,
            Architecture(size, options.width, depth=options.depth),
            options.steps,
            options.batch,
            options.learning_rate,
            options.seed,
            options.half,
        )
        origin = (
            f"Rendered by `pose-ssl dataset render --profile {options.render} --seed {RENDER_SEED}`."
            if options.dataset is None
            else f"From `{options.dataset.name}`."
        )
        command = f"pose-ssl {_portable(sys.argv[1:])}"
        manifest = make_start_model(dataset, training, options.out, command, origin, teller("pretraining"))
    except (BenchmarkError, DatasetError, CheckpointError, ValueError) as error:
        raise CommandError(str(error)) from error
    for domain, figures in manifest["metrics"].items():
        print(domain, ", ".join(f"{name} {value:g}" for name, value in figures.items()))
    print(f"{options.out}: {', '.join(sorted(p.name for p in options.out.iterdir()))}")
    return 0


def _portable(arguments: list[str]) -> str:
    """The command without this machine's folders; the rest makes the model again."""
    kept = list(arguments)
    for index, argument in enumerate(kept[:-1]):
        if argument in ("--dataset", "--out"):
            kept[index + 1] = argument.removeprefix("--").upper()
    return shlex.join(kept)
