"""The training run: batches made in a thread of their own, one cosine of learning rate, averaged weights."""

from __future__ import annotations

import copy
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from pose_ssl_ros.learning.objectness.data import Pictures, augment, pad
from pose_ssl_ros.learning.objectness.net import ExportedNet, ObjectnessNet
from pose_ssl_ros.learning.objectness.targets import box_loss, encode, heat_loss

#: Parts of a `Target`, as a batch holds them.
_MAPS = ("heat", "boxes", "weight", "counts")


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int = 3800
    batch: int = 16
    rate: float = 3e-3
    decay: float = 1e-4
    warmup: int = 100
    average: float = 0.998  # of the weights that are kept, per step
    seed: int = 0
    half: bool = True  # bfloat16 where the machine has it: three times as fast on AMX


@dataclass(frozen=True)
class Progress:
    """Where the training stands; losses are running means."""

    step: int
    heat: float
    giou: float
    edges: float
    seconds: float


def batches(pictures: Pictures, plan: Plan) -> Iterator[tuple[Tensor, ...]]:
    """Endless augmented batches: images, heat, boxes, weight, counts; the same for the same seed."""
    rng = np.random.default_rng([plan.seed, 1])
    order: list[int] = []
    while True:
        images, targets = [], []
        for _ in range(plan.batch):
            if not order:
                order = rng.permutation(len(pictures.images)).tolist()
            image, boxes = augment(pictures, order.pop(), rng)
            image = pad(image)
            images.append(image)
            targets.append(encode(boxes, *image.shape[:2]))
        yield (
            torch.from_numpy(np.stack(images)),
            *(torch.from_numpy(np.stack([getattr(t, name) for t in targets])) for name in _MAPS),
        )


def train(
    pictures: Pictures, plan: Plan, report: Callable[[Progress, ObjectnessNet], None] | None = None, every: int = 100
) -> ObjectnessNet:
    """Train from random weights.

    Args:
        pictures: What to learn from.
        plan: How.
        report: Told every `every` steps, with the averaged net in evaluation mode.
        every: Steps between reports.

    Returns:
        The averaged net in evaluation mode.
    """
    torch.manual_seed(plan.seed)
    cv2.setNumThreads(1)
    net = ObjectnessNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    kept = copy.deepcopy(net).eval()
    optimizer = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    begin = time.monotonic()
    sums = np.zeros(3)
    with _Ahead(batches(pictures, plan)) as source:
        for step in range(1, plan.steps + 1):
            for group in optimizer.param_groups:
                group["lr"] = plan.rate * _schedule(step, plan)
            images, heat, boxes, weight, counts = next(source)
            x = images.permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=plan.half):
                logits, sides = net(x)
            first = heat_loss(logits.float()[:, 0], heat, counts)
            giou, edges = box_loss(sides.float(), boxes, weight)
            optimizer.zero_grad(set_to_none=True)
            (first + 3.0 * giou + 3.0 * edges).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            optimizer.step()
            _average(kept, net, min(plan.average, (1 + step) / (10 + step)))
            sums += (first.item(), giou.item(), edges.item())
            if step % every == 0 or step == plan.steps:
                count = every if step % every == 0 else step % every
                if report is not None:
                    heat_mean, giou_mean, edge_mean = (sums / count).tolist()
                    report(Progress(step, heat_mean, giou_mean, edge_mean, time.monotonic() - begin), kept)
                sums[:] = 0
    return kept


@torch.no_grad()
def judge(net: ObjectnessNet, pictures: Pictures, threshold: float = 0.3, batch: int = 16) -> dict[str, float]:
    """Recall of wanted boxes at IoU >= 0.5, their mean IoU, and false boxes (IoU < 0.3 to anything) per picture."""
    seen = ExportedNet(net).eval()
    wanted = found = false = 0
    overlap_sum = 0.0
    for start in range(0, len(pictures.images), batch):
        images = np.stack([pad(i) for i in pictures.images[start : start + batch]])
        scores, corners = seen(torch.from_numpy(images))
        for k in range(len(images)):
            boxes = pictures.boxes[start + k]
            truth = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]], axis=1)
            got = corners[k][scores[k] > threshold].numpy()
            overlap = _iou(truth, got)
            best = overlap.max(axis=1, initial=0.0)[boxes[:, 4] > 0]
            wanted += len(best)
            found += int((best >= 0.5).sum())
            overlap_sum += float(best[best >= 0.5].sum())
            false += int((overlap.max(axis=0, initial=0.0) < 0.3).sum())
    return {
        "recall": found / max(1, wanted),
        "iou": overlap_sum / max(1, found),
        "false_per_frame": false / max(1, len(pictures.images)),
    }


def _iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """IoU (n, m) of boxes given as corners."""
    size = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    common = np.maximum(size, 0).prod(axis=-1)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(axis=1), (b[:, 2:] - b[:, :2]).prod(axis=1)
    return common / np.maximum(area_a[:, None] + area_b[None] - common, 1e-6)


def _schedule(step: int, plan: Plan) -> float:
    if step < plan.warmup:
        return step / plan.warmup
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - plan.warmup) / max(1, plan.steps - plan.warmup)))


@torch.no_grad()
def _average(kept: ObjectnessNet, net: ObjectnessNet, share: float) -> None:
    """Move the kept weights, and the statistics of the normalisation, a little towards the newest."""
    for old, new in zip(kept.state_dict().values(), net.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - share)
        else:
            old.copy_(new)


class _Ahead:
    """Prepares a few batches in a thread, in order."""

    def __init__(self, source: Iterator[tuple[Tensor, ...]], depth: int = 4) -> None:
        self._source = source
        self._queue: queue.Queue[tuple[Tensor, ...] | BaseException] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)

    def _run(self) -> None:
        try:
            for item in self._source:
                while not self._stop.is_set():
                    try:
                        self._queue.put(item, timeout=0.2)
                        break
                    except queue.Full:
                        continue
                if self._stop.is_set():
                    return
        except BaseException as error:  # shown where the batch is taken
            self._queue.put(error)

    def __next__(self) -> tuple[Tensor, ...]:
        item = self._queue.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def __enter__(self) -> _Ahead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
