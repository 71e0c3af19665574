"""The learner node over DDS: triplets in, models out, services that do what they say, restarts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import NodeProcess, Peer, private_domain

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.modelfile import read_version, weights_sha256

SIZE = 32


def params(folder: Path, **changes: Any) -> dict[str, Any]:
    return {
        "size": SIZE,
        "width": 8,
        "batch": 4,
        "min_triplets": 8,
        "projector": 16,
        "replay_mib": 4.0,
        "export_period": 0.5,
        "export_steps": 1,
        "replays": 1000000.0,
        "directory": str(folder),
        "niceness": 0,
        **changes,
    }


def triplets(count: int, start: int = 0) -> list[Triplet]:
    random = np.random.default_rng(start)
    return [
        Triplet(
            f"t{n % 8}",
            (start + 1) * 1_000_000_000 + n,
            random.integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8),
            Box(10, 10, 20, 20),
            TeacherEvidence((0.9, 0.0, 0.0, 0.0)) if n % 2 else None,
        )
        for n in range(count)
    ]


class Client:
    """What the tests say to the node and hear from it."""

    def __init__(self, peer: Peer) -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from std_msgs.msg import UInt8MultiArray

        from pose_ssl_ros.nodes.runtime import LATCHED, RESULT

        self.peer = peer
        self.models = peer.collect(UInt8MultiArray, "model", LATCHED)
        self.diagnostics = peer.collect(DiagnosticArray, "/diagnostics", RESULT)

    def send(self, items: list[Triplet]) -> None:
        from pose_ssl_ros.nodes.convert_triplets import to_messages
        from pose_ssl_ros.nodes.runtime import RESULT

        image, info = to_messages(items, "camera")
        # It imports torch before it subscribes.
        self.peer.publish("triplets", image, RESULT, wait=60)
        self.peer.publish("triplets/info", info, RESULT)

    def values(self) -> dict[str, str]:
        statuses = [s for m in self.diagnostics for s in m.status if s.name.endswith("learner")]
        return {v.key: v.value for v in statuses[-1].values} if statuses else {}

    def message(self) -> str:
        statuses = [s for m in self.diagnostics for s in m.status if s.name.endswith("learner")]
        return str(statuses[-1].message) if statuses else ""

    def steps(self) -> int:
        return int(float(self.values().get("steps", 0)))

    def fresh(self) -> dict[str, str]:
        """The values of a diagnosis that begins after now."""
        count = len(self.diagnostics)
        self.peer.wait_for(lambda: len(self.diagnostics) >= count + 2, 10, "diagnostics")
        return self.values()

    def trigger(self, name: str) -> Any:
        from std_srvs.srv import Trigger

        return self.peer.call(Trigger, name, timeout=30)

    def pause(self, paused: bool) -> Any:
        from std_srvs.srv import SetBool

        return self.peer.call(SetBool, "learner/pause", SetBool.Request(data=paused), timeout=30)


def model(message: Any) -> bytes:
    return np.frombuffer(message.data, np.uint8).tobytes()


def test_triplets_in_models_out_and_every_service(peer: Peer, tmp_path: Path) -> None:
    client = Client(peer)
    with NodeProcess("learner_node", params=params(tmp_path)):
        client.send(triplets(24))
        peer.wait_for(lambda: client.models, 40, "a model")
        data = model(client.models[0])
        card = read_version(data)
        assert card.version == 1 and card.input_size == SIZE and card.sha256 == weights_sha256(data)
        peer.wait_for(lambda: len(client.models) >= 3 and client.steps() > 0, 20, "more models")
        versions = [read_version(model(m)).version for m in client.models]
        assert versions == sorted(set(versions))
        expected = {"loss", "steps_per_second", "triplets_per_second", "buffer", "embedding_rank", "device", "version"}
        peer.wait_for(lambda: expected <= set(client.values()), 20, "all diagnostics")
        assert int(client.values()["buffer"]) == 24

        # Paused: not one step.
        assert client.pause(True).success
        before = int(client.fresh()["steps"])
        time.sleep(1.0)
        assert int(client.fresh()["steps"]) == before and client.values()["paused"] == "true"

        # Saved: on disk when it answers, paused or not.
        assert not list(tmp_path.rglob("manifest.json"))
        answer = client.trigger("learner/save")
        assert answer.success, answer.message
        assert list(tmp_path.rglob("manifest.json")) and list(tmp_path.rglob("weights-*.safetensors"))

        # Reset: new weights, empty buffer, and the version goes on rising.
        assert client.trigger("learner/reset").success
        fresh = client.fresh()
        assert fresh["buffer"] == "0" and fresh["steps"] == "0"
        last = read_version(model(client.models[-1])).version
        assert client.pause(False).success
        count = len(client.models)
        client.send(triplets(16, start=50))
        peer.wait_for(lambda: len(client.models) > count, 20, "a model after the reset")
        assert read_version(model(client.models[-1])).version > last


def test_killed_it_resumes_and_interrupted_it_saves(peer: Peer, tmp_path: Path) -> None:
    client = Client(peer)
    with NodeProcess("learner_node", params=params(tmp_path)) as first:
        client.send(triplets(24))
        peer.wait_for(lambda: client.steps() > 5, 40, "steps")
        assert client.trigger("learner/save").success
        saved = int(client.fresh()["steps"])
        first.kill()
    versions = read_version(model(client.models[-1])).version
    del client.models[:], client.diagnostics[:]
    with NodeProcess("learner_node", params=params(tmp_path)) as second:
        # It answers at once, without new triplets, from the weights and the buffer it had.
        peer.wait_for(lambda: client.models, 40, "a model after the restart")
        assert read_version(model(client.models[0])).version > versions
        values = peer.wait_for(lambda: client.values() if client.steps() else None, 10, "diagnostics")
        assert int(values["buffer"]) == 24 and int(values["triplets"]) == 24
        assert int(values["steps"]) >= min(saved, 5)
        steps = client.steps()
        second.interrupt()  # fails if it takes more than 5 s
    del client.diagnostics[:]
    with NodeProcess("learner_node", params=params(tmp_path)):
        peer.wait_for(lambda: client.steps() >= steps, 40, "the steps of the interrupted run")


def test_bad_messages_are_counted_and_a_full_disk_is_said(peer: Peer, tmp_path: Path) -> None:
    from pose_ssl_ros.nodes.convert_triplets import to_messages
    from pose_ssl_ros.nodes.runtime import RESULT

    client = Client(peer)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with NodeProcess("learner_node", params=params(blocked / "inside", save_period=1.0)) as node:
        image, info = to_messages(triplets(3, start=7), "camera")
        info.detections = info.detections[:1]
        peer.publish("triplets", image, RESULT, wait=60)  # torch is imported before it subscribes
        peer.publish("triplets/info", info, RESULT, wait=60)
        client.send(triplets(24))
        peer.wait_for(lambda: client.models, 40, "a model all the same")
        peer.wait_for(lambda: client.values().get("messages_bad") == "1", 10, "the count of bad messages")
        answer = client.trigger("learner/save")
        assert not answer.success and "cannot write" in answer.message
        peer.wait_for(lambda: "cannot write" in client.message(), 10, "the problem in the diagnostics")
        before = client.steps()
        peer.wait_for(lambda: client.steps() > before, 10, "learning goes on")
        assert node.alive


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"objective": "best"}, "must be one of 'barlow', 'byol'"),
        ({"batch": 2}, "batch"),
        ({"size": 48}, "32, 64, 96 or 128"),
    ],
)
def test_parameters_that_are_not_allowed_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with private_domain(), NodeProcess("learner_node", params=params(tmp_path, **change)) as node:
        assert words in node.wait_for_output("error:", 30)
