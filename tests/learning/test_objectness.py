"""Training of the objectness proposer: targets, losses, export."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pose_ssl_ros.learning.objectness.data import ObjectnessDataError, Pictures, augment, load, pad
from pose_ssl_ros.learning.objectness.export import to_onnx
from pose_ssl_ros.learning.objectness.net import ExportedNet, ObjectnessNet, to_corners
from pose_ssl_ros.learning.objectness.targets import box_loss, encode, heat_loss
from pose_ssl_ros.learning.objectness.train import Plan, Progress, judge, train


def draw(count: int, seed: int = 0) -> Pictures:
    """Bright oblongs on a dark ground."""
    rng = np.random.default_rng(seed)
    images = rng.integers(20, 60, (count, 96, 128, 3), dtype=np.uint8)
    boxes = []
    for image in images:
        x, y, w, h = (int(v) for v in rng.integers((4, 4, 20, 20), (70, 50, 50, 40)))
        image[y : y + h, x : x + w] = rng.integers(150, 255, 3)
        boxes.append(np.array([(x, y, w, h, 1)], np.float32))
    return Pictures(images, boxes)


def test_cells_are_taught_the_object_that_they_belong_to():
    large, small, ignored = (0, 0, 64, 64, 1), (28, 28, 12, 12, 1), (80, 0, 16, 16, 0)
    target = encode(np.array([large, small, ignored], np.float32), 64, 96)
    assert target.heat.shape == (16, 24)
    assert target.heat[8, 8] == 1.0  # both centres are at pixel 32 or 34
    assert target.boxes[8, 8].tolist() == [28, 28, 40, 40]  # the smaller one has the shared cell
    assert target.boxes[6, 8].tolist() == [0, 0, 64, 64]
    assert target.counts[2, 21] == 0.0 and target.counts[10, 20] == 1.0


def test_right_boxes_cost_nothing_and_a_shift_costs_its_share():
    sides = torch.full((1, 4, 2, 2), 8.0)  # boxes of 16 around every cell's middle
    boxes, weight = to_corners(sides), torch.zeros(1, 2, 2)
    weight[0, 1, 1] = 1.0
    assert [float(v) for v in box_loss(sides, boxes, weight)] == pytest.approx([0.0, 0.0], abs=1e-6)
    moved = boxes + torch.tensor([8.0, 0.0, 8.0, 0.0])
    giou, edges = box_loss(sides, moved, weight)
    # Half of each box is common: IoU 128 / 384, and the hull of 24 x 16 is all covered.
    assert float(giou) == pytest.approx(1 - 1 / 3, abs=1e-5)
    assert float(edges) == pytest.approx(4.0 / 16.0)


def test_the_heatmap_loss_is_that_of_the_paper_and_skips_what_is_ignored():
    heat, counts = torch.tensor([[[1.0, 0.5, 0.0]]]), torch.ones(1, 1, 3)
    logits = torch.zeros(1, 1, 3)
    near, half, far = 0.25 * np.log(2), 0.5**4 * 0.25 * np.log(2), 0.25 * np.log(2)
    assert float(heat_loss(logits, heat, counts)) == pytest.approx(near + half + far, rel=1e-5)
    counts[0, 0, 2] = 0.0
    assert float(heat_loss(logits, heat, counts)) == pytest.approx(near + half, rel=1e-5)


def test_boxes_stay_on_their_objects_when_pictures_are_changed():
    pictures, rng = draw(4), np.random.default_rng(1)
    inside, outside = [], []
    for i in range(40):
        image, boxes = augment(pictures, i % 4, rng)
        assert image.shape == (96, 128, 3) and image.dtype == np.uint8
        if not len(boxes) or not boxes[0, 4]:
            continue
        x, y, w, h = (round(float(v)) for v in boxes[0, :4])
        grey = image.mean(axis=2)
        inside.append(np.median(grey[y + 2 : y + h - 2, x + 2 : x + w - 2]))
        if x > 8:
            outside.append(np.median(grey[y : y + h, max(0, x - 6) : x - 2]))
    assert len(inside) > 15
    assert np.mean(inside) > np.mean(outside) + 40


def test_a_short_training_finds_bright_oblongs_and_is_repeatable():
    seen: list[Progress] = []
    plan = Plan(steps=60, batch=8, warmup=5, average=0.9, seed=3)
    pictures = draw(32)
    net = train(pictures, plan, lambda progress, _: seen.append(progress), every=15)
    assert seen[-1].heat < 0.7 * seen[0].heat
    assert seen[-1].giou < 0.8 * seen[0].giou
    assert set(judge(net, pictures)) == {"recall", "iou", "false_per_frame"}
    short = Plan(steps=3, batch=4, warmup=1, seed=3)
    first, second = train(pictures, short).state_dict(), train(pictures, short).state_dict()
    assert all(torch.allclose(first[name].float(), second[name].float(), atol=1e-5) for name in first)


def test_the_onnx_file_computes_what_torch_does():
    import onnxruntime

    torch.manual_seed(0)
    net = ObjectnessNet()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    net.eval()
    session = onnxruntime.InferenceSession(to_onnx(net), providers=["CPUExecutionProvider"])
    for height, width in ((64, 96), (256, 320)):
        image = np.random.default_rng(0).integers(0, 255, (1, height, width, 3), dtype=np.uint8)
        scores, boxes = session.run(None, {"image": image})
        with torch.no_grad():
            true_scores, true_boxes = ExportedNet(net)(torch.from_numpy(image))
        assert scores.shape == (1, height // 4, width // 4)
        # Weights are stored in 16 bits: boxes agree to a fraction of a pixel, peaks of a flat map may move.
        assert np.abs(boxes - true_boxes.numpy()).max() < 0.2
        both = (scores > 0) & (true_scores.numpy() > 0)
        assert both.sum() > 0.9 * (scores > 0).sum()
        assert np.abs(scores - true_scores.numpy())[both].max() < 1e-3


def test_pictures_are_padded_with_what_the_net_sees_as_nought():
    image = pad(np.zeros((240, 320, 3), np.uint8))
    assert image.shape == (256, 320, 3)
    assert (image[240:] == 128).all() and (image[:240] == 0).all()


def test_a_folder_without_pictures_or_with_a_damaged_one_is_said(tmp_path):
    with pytest.raises(ObjectnessDataError, match="objectness_data"):
        load(tmp_path)
    (tmp_path / "seed_1.npz").write_bytes(b"PK\x03\x04cut")
    with pytest.raises(ObjectnessDataError, match=r"seed_1\.npz"):
        load(tmp_path)
