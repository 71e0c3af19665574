"""`names.json`: written whole, read with whatever is usable, seen by a running learner."""

from __future__ import annotations

import base64
import json
import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from pose_ssl_ros.inference.config import PipelineConfig
from pose_ssl_ros.inference.pipeline import InferencePipeline
from pose_ssl_ros.interfaces import Box, Frame, Track
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.identity_readout import PER_TRACK, choose_for_identity
from pose_ssl_ros.learning.names import NAMES, NamesError, NamesFile, edit_names, read_names, write_names
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.learning.service import LearnerService
from pose_ssl_ros.modelfile import read_version
from pose_ssl_ros.probing.identity_names import IdentityNames
from tests.kinds_factory import CONFIG, SIZE, kinds

FULL = IdentityNames(
    {"3": "Gabelstapler 🚜"}, {"5": "3"}, frozenset({"4"}), {"1/17": "3.1"}, {"3": (b"\xff\xd8one", b"two")}
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    revision = write_names(tmp_path / "new" / NAMES, FULL)
    assert read_names(tmp_path / "new" / NAMES) == (FULL, [], revision)
    assert read_names(tmp_path / "none" / NAMES) == (IdentityNames(), [], "")


def test_what_a_person_wrote_by_hand_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / NAMES
    table = {
        "names": {"object_3": " forklift ", "x": "y", "7": "", "8": "unknown", "9": 4},
        "merged": {"5": 3, "6": "nothing"},
        "ignored": [4, True, "b"],
        "tracks": {"1/1": "3.1", "1/2": None},
        "examples": {"3": [base64.b64encode(b"jpeg").decode()], "4": ["not base64!"], "5": 7},
    }
    path.write_text("\ufeff" + json.dumps(table), encoding="utf-8")
    names, problems, _ = read_names(path)
    assert names == IdentityNames({"3": "forklift"}, {"5": "3"}, frozenset({"4"}), {"1/1": "3.1"}, {"3": (b"jpeg",)})
    assert len(problems) == 10


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"format": 2}', b"[" * 5000])
def test_a_damaged_file_keeps_the_names_of_before(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / NAMES
    write_names(path, FULL)
    file = NamesFile(path)
    assert file.refresh() and not file.refresh() and file.problem == ""
    path.write_bytes(data)
    with caplog.at_level(logging.ERROR):
        assert file.changed() and not file.refresh() and not file.changed()
    assert file.names == FULL and NAMES in file.problem and len(caplog.records) == 1
    with pytest.raises(NamesError):
        edit_names(path, lambda names, _: names)
    assert path.read_bytes() == data


def test_two_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / NAMES

    def write(first: int) -> None:
        for number in range(first, first + 20):
            edit_names(path, lambda names, _, n=number: IdentityNames({**names.names, str(n): f"kind {n}"}))

    threads = [threading.Thread(target=write, args=(first,)) for first in (1, 21, 41)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_names(path)[0].names) == 60


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NamesError, match="cannot be written"):
        edit_names(tmp_path / "file" / NAMES, lambda names, _: names)


def test_new_tracks_come_first_and_every_prototype_has_its_turn() -> None:
    entries = [Entry(f"t{i // 6}", np.zeros((3, 2, 2, 3), np.uint8), 0, 0, i, i) for i in range(6 * 100)]
    groups = {f"t{i}": "1" if i < 60 else "2" if i < 62 else "3" for i in range(90)}
    chosen = choose_for_identity(entries, groups, 80)
    tracks = [entry.track for entry in chosen]
    assert len(chosen) == 80 and max(tracks.count(t) for t in tracks) == PER_TRACK
    fresh = [t for t in tracks if t not in groups]
    assert len(fresh) == 40 and set(fresh) == {f"t{i}" for i in range(90, 100)}
    shares = [sum(groups.get(t) == n for t in tracks) for n in "123"]
    assert shares == [16, 8, 16]
    first = [int(t[1:]) for t in dict.fromkeys(tracks) if groups.get(t) == "1"]
    assert min(first) < 10 and max(first) > 50  # not only the newest
    assert [e.serial for e in choose_for_identity(entries, {}, 4)] == [594, 596, 597, 599]


def test_a_running_learner_exports_as_soon_as_a_name_is_given(tmp_path: Path) -> None:
    config = LearnerConfig(**{**CONFIG, "export_period": 3600.0})
    models: list[bytes] = []
    came = threading.Event()

    def publish(data: bytes) -> None:
        models.append(data)
        came.set()

    service = LearnerService(lambda: OnlineLearner(config, tmp_path), config, publish)
    try:
        service.put(kinds())
        assert came.wait(30)
        came.clear()
        card = read_version(models[-1])
        number = card.prototypes[0]
        assert card.prototype_names[0] == f"object_{number}"
        service.pause(True, 30)
        write_names(tmp_path / NAMES, IdentityNames({number: "forklift"}))
        assert came.wait(30)
        assert "forklift" in read_version(models[-1]).prototype_names
        assert service.status()[0]["names"] == 1
    finally:
        service.close(10)


def test_names_survive_a_restart_a_reset_and_the_loss_of_the_buffer(tmp_path: Path) -> None:
    config = LearnerConfig(**CONFIG)
    learner = OnlineLearner(config, tmp_path)
    learner.add(kinds())
    card = read_version(learner.export())
    learner.save()
    again = OnlineLearner(config, tmp_path)
    again.load()
    assert read_version(again.export()).prototypes == card.prototypes
    # Named, with examples as `pose-ssl label` keeps them; then everything else is forgotten.
    from pose_ssl_ros.learning.identity_readout import encoded

    number = card.prototypes[0]
    own = [e for e in again.buffer.entries if again.identity.groups[e.track] == number]
    write_names(
        tmp_path / NAMES,
        IdentityNames({number: "forklift"}, examples={number: tuple(encoded(e.crops[1]) for e in own[:4])}),
    )
    again.reset()
    again.add(kinds(seed=3))
    after = read_version(again.export())
    assert "forklift" in after.classes
    assert not set(after.prototypes[1:-1]) & set(card.prototypes[1:-1]) - {number}  # no number is given again
    fresh = OnlineLearner(config, tmp_path / "other")
    (tmp_path / "other").mkdir(exist_ok=True)
    (tmp_path / "other" / NAMES).write_bytes((tmp_path / NAMES).read_bytes())
    fresh.add(kinds(seed=4))
    assert "forklift" in read_version(fresh.export()).classes


def test_tracks_alive_are_renamed_backwards(tmp_path: Path) -> None:
    learner = OnlineLearner(LearnerConfig(**CONFIG), tmp_path)
    triplets = kinds()
    learner.add(triplets)
    pipeline = InferencePipeline(PipelineConfig())
    image = np.zeros((3 * SIZE, 3 * SIZE, 3), np.uint8)
    image[SIZE : 2 * SIZE, SIZE : 2 * SIZE] = triplets[0].crops[1]
    side = SIZE / 1.2  # a crop shows a margin around the box
    box = Box(1.5 * SIZE - side / 2, 1.5 * SIZE - side / 2, side, side)

    def see(frame: int) -> dict[str, float]:
        tracks = [Track("7", box, frame * 100_000_000)]
        return dict(pipeline.process(Frame(image, frame * 100_000_000), tracks)[0].identity)

    def swap() -> None:
        pipeline.slot.offer(learner.export())
        assert pipeline.slot.settle()

    try:
        swap()
        for frame in range(20):
            before = see(frame)
        title, share = max(before.items(), key=lambda item: item[1])
        assert title.startswith("object_") and share > 0.5
        write_names(tmp_path / NAMES, IdentityNames({title.removeprefix("object_"): "forklift"}))
        swap()
        after = see(20)
        assert title not in after and after["forklift"] == pytest.approx(share, abs=0.05)
    finally:
        pipeline.close()
