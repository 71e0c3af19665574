"""Our VICReg step against lightly's on the same backbone, batch, augmentation and optimiser, side by side.

    python benchmarks/training_step.py --batch 64

Both have a projector of the same depth and width.  lightly's step is the one of its own example: two
forward passes, its projection head, its loss.  Steps alternate in rounds, who begins changes from round
to round, and the figure is the median over the rounds of the ratio of their medians, so that a machine
that grows busy slows both.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import common
import numpy as np


def main() -> int:
    """Run it."""
    options = common.argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--width", type=int, default=16, help="of the encoder (default %(default)d)")
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--steps", type=int, default=6, help="of each in a round (default %(default)d)")
    options.add_argument("--threads", type=int, default=1)
    given = options.parse_args()
    before = common.machine()
    import torch

    torch.set_num_threads(given.threads)
    try:
        contenders = {"ours": _ours(given), "lightly": _lightly(given), "ours_with_trajectory": _ours(given, 1.0)}
    except ImportError as error:
        print(f"lightly is needed for the comparison: {error}", file=sys.stderr)
        return 1
    rounds: dict[str, list[float]] = {name: [] for name in contenders}
    for step in contenders.values():
        step()  # the first one allocates
    for index in range(given.rounds):
        times: dict[str, list[float]] = {name: [] for name in contenders}
        order = list(contenders)[:: 1 if index % 2 else -1]
        for _ in range(given.steps):
            for name in order:
                start = time.perf_counter()
                contenders[name]()
                times[name].append(time.perf_counter() - start)
        for name, taken in times.items():
            rounds[name].append(float(np.median(taken)))
    ratios = np.array(rounds["ours"]) / np.array(rounds["lightly"])
    figures: dict[str, Any] = {
        "ratio": round(float(np.median(ratios)), 3),
        "ratio_lowest": round(float(ratios.min()), 3),
        "ratio_highest": round(float(ratios.max()), 3),
        **{f"{name}_ms": round(1e3 * float(np.median(taken)), 1) for name, taken in rounds.items()},
        "batch": given.batch,
        "crop_size": 64,
        "width": given.width,
        "rounds": given.rounds,
        "threads": given.threads,
        "torch": torch.__version__,
    }
    return common.report("training_step", figures, {"ratio": 1.0}, before)


def _material(given: Any, seed: int) -> tuple[Any, Callable[[Any], Any]]:
    """The same triplets and the same augmentation for everybody."""
    import torch

    from pose_ssl_ros.learning.augment import Augmentation

    random = torch.Generator().manual_seed(seed)
    views = 255 * torch.rand(given.batch, 3, 3, 64, 64, generator=random)
    augmentation = Augmentation()
    return views, lambda x: augmentation(x, random).contiguous(memory_format=torch.channels_last)


def _ours(given: Any, trajectory: float = 0.0) -> Callable[[], None]:
    import torch

    from pose_ssl_ros.learning.encoder import Architecture
    from pose_ssl_ros.learning.objectives.combined import Combined
    from pose_ssl_ros.learning.objectives.terms import Batch, Terms

    torch.manual_seed(0)
    model = Combined(Architecture(64, given.width), Terms("vicreg", trajectory_weight=trajectory)).train()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    views, augment = _material(given, 0)
    batch = Batch(views)

    def step() -> None:
        loss = model(batch, augment)["loss"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        model.after_step(0.0)

    return step


def _lightly(given: Any) -> Callable[[], None]:
    import torch
    from lightly_reference import load

    from pose_ssl_ros.learning.encoder import Architecture, Encoder

    torch.manual_seed(0)
    architecture = Architecture(64, given.width)
    backbone = Encoder(architecture)
    head = load("lightly.models.modules.heads").VICRegProjectionHead(architecture.dimension, 256, 256, num_layers=2)
    criterion = load("lightly.loss.vicreg_loss").VICRegLoss()
    model = torch.nn.ModuleList([backbone, head]).train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    views, augment = _material(given, 0)

    def step() -> None:
        centre = views[:, 1]
        first, second = augment(centre), augment(centre)
        loss = criterion(head(backbone(first)[0]), head(backbone(second)[0]))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    return step


if __name__ == "__main__":
    sys.path[:0] = [str(common.ROOT), str(common.ROOT / "tests")]
    raise SystemExit(main())
