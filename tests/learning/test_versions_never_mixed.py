"""Every model that leaves holds a heading head that was fitted to the very encoder beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from learner_factory import CONFIG, SIZE, stream

from pose_ssl_ros.interfaces import Box, Triplet
from pose_ssl_ros.learning import online
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.probing.features import spatial_pattern
from pose_ssl_ros.probing.heading_head import HeadingHead

ASKED = np.stack([t.crops[1] for t in stream(8, 2, seed=8)])


class Witness:
    """Remembers what every head was fitted to, and looks at every pair that leaves."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        # Heads by identity, and kept here so that no identity is given twice.
        self.fitted: dict[int, tuple[HeadingHead, np.ndarray]] = {}
        self.seen: list[np.ndarray] = []
        fit, export = online.fit_readout, online.export

        def fitting(features: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], *args: Any) -> Any:
            found = fit(features, *args)
            self.fitted[id(found.heading)] = (found.heading, features(ASKED)[1])
            return found

        def exporting(encoder: Any, heading: HeadingHead, *args: Any) -> bytes:
            with torch.no_grad():
                middle = encoder(torch.from_numpy(ASKED).permute(0, 3, 1, 2).float())[1]
            now = spatial_pattern(middle).numpy()
            np.testing.assert_allclose(self.fitted[id(heading)][1], now, atol=1e-5)
            data = export(encoder, heading, *args)
            # And the file says what this head says of these features.
            session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
            answer = session.run(["heading"], {"crops": ASKED})[0]
            np.testing.assert_allclose(answer, heading.apply(now)[0], atol=2e-3)
            self.seen.append(now)
            return data

        patch.setattr(online, "fit_readout", fitting)
        patch.setattr(online, "export", exporting)


def test_probe_and_encoder_leave_as_a_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = Witness(monkeypatch)
    config = dataclasses.replace(CONFIG, replays=1000.0)
    learner = OnlineLearner(config, tmp_path)
    learner.add(stream(70, 2))
    for _ in range(2):
        for _ in range(6):
            learner.step()
        learner.export()
    # A storm of noise at a high rate: what the guards refuse must not leave in halves either.
    random = np.random.default_rng(0)
    crops = random.integers(0, 256, (12, 3, SIZE, SIZE, 3), dtype=np.uint8)
    learner.add([Triplet(f"n{i}", i, c, Box(0, 0, 9, 9)) for i, c in enumerate(crops)])
    learner.reconfigure(dataclasses.replace(config, learning_rate=0.05, new_ratio=1.0))
    for _ in range(6):
        learner.step()
    learner.export()
    assert len(witness.seen) == 3 and learner.version == 3
    # The encoders were not all the same, or the test would show nothing.
    assert max(float(np.abs(a - witness.seen[0]).max()) for a in witness.seen[1:]) > 1e-3
