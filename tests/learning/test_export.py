"""The exported file computes what torch and the heads compute."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.learning.encoder import Architecture, Encoder
from pose_ssl_ros.learning.export import export
from pose_ssl_ros.modelfile import read_version, weights_sha256
from pose_ssl_ros.probing import heading_head, identity_head
from pose_ssl_ros.probing.features import spatial_pattern
from pose_ssl_ros.viewpoint import UNKNOWN

RANDOM = np.random.default_rng(0)


def heads(a: Architecture, second: bool = True) -> tuple[heading_head.HeadingHead, identity_head.IdentityHead]:
    features = a.middle_channels * 16

    def normal(*shape: int) -> np.ndarray:
        return RANDOM.normal(size=shape).astype(np.float32)

    heading = heading_head.HeadingHead(
        0.1 * normal(features),
        normal(features, 20),
        normal(20, 16),
        normal(16),
        identity_head.unit(normal(30, 20)).T.copy(),
        np.repeat(np.array([1, 1, 0, 1], np.float32), 4),
        identity_head.unit(normal(30, 16)).T.copy(),
        0.3,
        10.0,
        0.6,
        5.0,
        min_length=0.5,
        length_slope=5.0,  # not so steep that all answers are certain or none
        second=heading_head.SecondOpinion(
            normal(20, 16), normal(16), identity_head.unit(normal(30, 20)).T.copy(), 0.3, 10.0, 0.5, 0.4
        )
        if second
        else None,
    )
    owner = np.eye(5, dtype=np.float32)[[0, 1, 1, 2, 3, 4]]  # two prototypes are of class b
    prototypes = identity_head.unit(normal(5, a.dimension)).T.copy()
    classes = ("a", "b", "c", "d", UNKNOWN)
    identity = identity_head.IdentityHead(0.1 * normal(a.dimension), prototypes, owner, classes)
    return heading, identity


@pytest.mark.parametrize(("size", "width", "depth", "second"), [(32, 8, 0, True), (64, 16, 2, True), (96, 8, 1, False)])
def test_export_equals_torch(size: int, width: int, depth: int, second: bool) -> None:
    torch.manual_seed(size)
    encoder = Encoder(Architecture(size, width, depth=depth))
    with torch.no_grad():  # weights as after training, not the ones and zeros of the start
        for parameter in encoder.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    heading, identity = heads(encoder.architecture, second)
    data = export(encoder, heading, identity, ModelVersion(3, 2, objective="vicreg", training={"steps": 7.0}))
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for count in (1, 5):
        crops = RANDOM.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
        found = session.run(["embedding", "identity", "heading", "azimuth"], {"crops": crops})
        with torch.no_grad():
            last, middle = encoder(torch.from_numpy(crops).permute(0, 3, 1, 2).float())
        pose = spatial_pattern(middle).numpy()
        expected = [identity.embed(last.numpy()), identity.apply(last.numpy()), *heading.apply(pose)]
        for mine, theirs in zip(found, expected, strict=True):
            assert mine.dtype == np.float32 and mine.shape == theirs.shape
            np.testing.assert_allclose(mine, theirs, atol=1e-4)
        np.testing.assert_allclose(np.linalg.norm(found[0], axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(found[1].sum(1), 1, atol=1e-4)
        np.testing.assert_allclose(found[2].sum(1), 1, atol=1e-4)
    without = dataclasses.replace(heading, second=None).apply(pose)[0]
    assert (np.abs(without - heading.apply(pose)[0]).max() > 1e-3) == second


def test_the_card_says_what_the_model_is() -> None:
    encoder = Encoder(Architecture(32, 8))
    heading, identity = heads(encoder.architecture)
    data = export(encoder, heading, identity, ModelVersion(3, 2, objective="vicreg", training={"steps": 7.0}))
    card = read_version(data)
    assert (card.version, card.parent, card.objective, card.input_size) == (3, 2, "vicreg", 32)
    assert card.classes == ("a", "b", "c", "d", UNKNOWN)
    assert card.heading_ready and card.identity_ready
    assert card.training == {"steps": 7.0}
    assert card.sha256 == weights_sha256(data)


def test_placeholders_answer_unknown() -> None:
    encoder = Encoder(Architecture(32, 8))
    a = encoder.architecture
    empty = heading_head.placeholder(a.middle_channels * 16), identity_head.placeholder(a.dimension)
    data = export(encoder, *empty, ModelVersion(1))
    card = read_version(data)
    assert not card.heading_ready and not card.identity_ready and card.classes == (UNKNOWN,)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    crops = RANDOM.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    _, identity, heading, azimuth = session.run(None, {"crops": crops})
    np.testing.assert_allclose(heading, np.tile([0, 0, 0, 0, 1], (4, 1)), atol=1e-6)
    np.testing.assert_allclose(identity, 1)
    np.testing.assert_allclose(azimuth, 0)


def test_only_changed_weights_change_the_hash() -> None:
    encoder = Encoder(Architecture(32, 8))
    pair = heads(encoder.architecture)
    first, second = (read_version(export(encoder, *pair, ModelVersion(n))).sha256 for n in (1, 2))
    assert first == second
    with torch.no_grad():
        encoder.stem.weight[0, 0, 0, 0] += 1e-3
    assert read_version(export(encoder, *pair, ModelVersion(3))).sha256 != first


@pytest.mark.parametrize(
    "architecture", [Architecture(48, 16), Architecture(160, 16), Architecture(64, 12), Architecture(64, 16, depth=9)]
)
def test_sizes_that_do_not_fit_are_refused(architecture: Architecture) -> None:
    with pytest.raises(ValueError, match="must be"):
        Encoder(architecture)
