"""What a person can do, and what happens when others do something else at the same time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pose_ssl_ros.labelling.desk import Desk
from pose_ssl_ros.labelling.errors import ConflictError, LabelError
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.names import NAMES, read_names
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.modelfile import read_version
from tests.kinds_factory import CONFIG, SIZE, kinds


def by_number(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["number"]: item for item in state["prototypes"]}


def largest(desk: Desk) -> dict[str, Any]:
    return max(desk.state()["prototypes"], key=lambda item: item["tracks"])


def test_every_prototype_is_shown_with_crops_of_its_tracks(desk: Desk) -> None:
    state = desk.state()
    assert sum(item["tracks"] for item in state["prototypes"]) == state["tracks"] == 12
    assert state["problems"] == [] and state["revision"] == "" and not state["undo"]
    for item in state["prototypes"]:
        assert item["title"] == item["automatic"] == f"object_{item['number']}"
        assert len({crop["track"] for crop in item["crops"]}) == item["tracks"]
        serial = int(item["crops"][0]["source"].split("/")[2])
        data = desk.crop(serial)
        assert data is not None
        assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape == (SIZE, SIZE, 3)
    assert desk.crop(10**9) is None


def test_a_name_is_written_and_the_learner_answers_with_it(desk: Desk, folder: Path) -> None:
    number = largest(desk)["number"]
    state = desk.do({"op": "name", "number": number, "name": " Gabel\u00adstapler <&> 🚜 ", "was": f"object_{number}"})
    assert by_number(state)[number]["named"] and state["undo"] and not state["taken"]
    learner = OnlineLearner(LearnerConfig(**CONFIG), folder)
    assert learner.load()
    assert "Gabel\u00adstapler <&> 🚜" in read_version(learner.export()).classes
    learner.save()
    assert desk.state()["taken"]


@pytest.mark.parametrize("name", ["", "   ", "unknown", "object_1", "x" * 65, "a\0b", None, 5, ["x"]])
def test_names_that_cannot_be_change_nothing(desk: Desk, name: Any) -> None:
    with pytest.raises(LabelError):
        desk.do({"op": "name", "number": "1", "name": name})
    assert not desk.path.exists()


def test_an_empty_name_takes_the_name_away(desk: Desk) -> None:
    desk.do({"op": "name", "number": "1", "name": "cart"})
    assert by_number(desk.do({"op": "name", "number": "1", "name": " "}))["1"]["title"] == "object_1"


def test_two_prototypes_may_have_one_name(desk: Desk, folder: Path) -> None:
    for number in ("1", "2"):
        desk.do({"op": "name", "number": number, "name": "cart"})
    learner = OnlineLearner(LearnerConfig(**CONFIG), folder)
    learner.load()
    card = read_version(learner.export())
    assert card.classes.count("cart") == 1 and card.prototype_names.count("cart") == 2


def test_merge_part_ignore_and_the_way_back(desk: Desk) -> None:
    before = by_number(desk.state())
    desk.do({"op": "name", "number": "2", "name": "cart"})
    state = by_number(desk.do({"op": "merge", "number": "2", "into": "1"}))
    assert "2" not in state and state["1"]["title"] == "cart"  # a name is worth more than a number
    assert state["1"]["tracks"] == before["1"]["tracks"] + before["2"]["tracks"]
    with pytest.raises(LabelError, match="one already"):
        desk.do({"op": "merge", "number": "1", "into": "2"})
    assert "2" in by_number(desk.do({"op": "part", "number": "2"}))
    state = by_number(desk.do({"op": "ignore", "number": "1"}))
    assert state["1"]["ignored"] and state["1"]["title"] == "unknown"
    assert not by_number(desk.do({"op": "heed", "number": "1"}))["1"]["ignored"]
    for _ in range(5):
        state = desk.do({"op": "undo"})
    assert by_number(state) == before and not state["undo"]
    with pytest.raises(LabelError, match="nothing to take back"):
        desk.do({"op": "undo"})


def test_split_off_and_the_learner_keeps_it_apart(desk: Desk, folder: Path) -> None:
    item = largest(desk)
    tracks = sorted({crop["track"] for crop in item["crops"]})
    for wrong, words in (([], "choose"), (tracks, "all its tracks"), (["9/nobody"], "not in object")):
        with pytest.raises(LabelError, match=words):
            desk.do({"op": "split", "number": item["number"], "tracks": wrong})
    child = f"{item['number']}.1"
    state = by_number(desk.do({"op": "split", "number": item["number"], "tracks": tracks[:2]}))
    assert state[child]["tracks"] == 2 and state[item["number"]]["tracks"] == item["tracks"] - 2
    desk.do({"op": "name", "number": child, "name": "small one"})
    learner = OnlineLearner(LearnerConfig(**CONFIG), folder)
    learner.load()
    learner.add(kinds(seed=2))
    card = read_version(learner.export())
    assert {child, item["number"]} <= set(card.prototypes)
    assert all(learner.identity.groups[track] == child for track in tracks[:2])


def test_two_people_at_once(desk: Desk, folder: Path) -> None:
    other = Desk(folder)
    desk.do({"op": "name", "number": "1", "name": "cart", "was": "object_1"})
    with pytest.raises(ConflictError, match="'cart' now"):
        other.do({"op": "name", "number": "1", "name": "wagon", "was": "object_1"})
    other.do({"op": "name", "number": "2", "name": "person", "was": "object_2"})  # another one is no conflict
    with pytest.raises(ConflictError, match="no way back"):
        desk.do({"op": "undo"})
    assert dict(read_names(desk.path)[0].names) == {"1": "cart", "2": "person"}


def test_before_the_first_checkpoint_and_after(tmp_path: Path, folder: Path) -> None:
    desk = Desk(tmp_path / "later")
    state = desk.state()
    assert state["age"] is None and state["prototypes"] == [] and state["problems"] == []
    with pytest.raises(LabelError, match="no prototype"):
        desk.do({"op": "name", "number": "1", "name": "cart"})
    folder.rename(tmp_path / "later")
    assert len(desk.state()["prototypes"]) > 1
    inner = next(path for path in (tmp_path / "later").iterdir() if path.is_dir())
    assert Desk(inner).path == tmp_path / "later" / NAMES  # its folder of checkpoints does as well


def test_a_damaged_checkpoint_is_said_and_the_last_picture_kept(desk: Desk) -> None:
    shown = desk.state()["prototypes"]
    for path in desk.directory.glob("*/weights-*"):
        path.write_bytes(b"x")
    manifest = next(desk.directory.glob("*/manifest.json"))
    time.sleep(0.01)
    manifest.touch()
    state = desk.state()
    assert state["prototypes"] == shown and "cannot be used" in state["problems"][0]
    with pytest.raises(LabelError, match="cannot be used"):
        desk.do({"op": "ignore", "number": "1"})


def test_damaged_names_are_put_aside_only_when_asked(desk: Desk) -> None:
    desk.path.write_text("{broken")
    state = desk.state()
    assert state["damaged"] and "is damaged" in state["problems"][0]
    with pytest.raises(LabelError, match="is damaged"):
        desk.do({"op": "name", "number": "1", "name": "cart"})
    assert not desk.do({"op": "set_aside"})["damaged"]
    assert desk.path.with_name(f"{NAMES}.damaged-1").read_text() == "{broken"
    desk.do({"op": "name", "number": "1", "name": "cart"})
    desk.do({"op": "set_aside"})  # a whole file is never put aside
    assert dict(read_names(desk.path)[0].names) == {"1": "cart"}


def test_a_prototype_that_left_the_buffer_is_shown_by_its_examples(desk: Desk) -> None:
    desk.do({"op": "name", "number": "1", "name": "cart"})
    table = json.loads(desk.path.read_text())
    table["names"]["40"], table["examples"]["40"] = "crane", table["examples"]["1"]
    desk.path.write_text(json.dumps(table))
    item = by_number(desk.state())["40"]
    assert item["tracks"] == 0 and item["crops"][0]["source"] == "example/40/0"
    assert desk.example("40", 0) is not None and desk.example("40", 99) is None


@pytest.mark.parametrize(
    "request_",
    [
        {},
        [],
        "x",
        {"op": "name"},
        {"op": "fly", "number": "1"},
        {"op": "name", "number": "../1", "name": "a"},
        {"op": "merge", "number": "1"},
        {"op": "merge", "number": "1", "into": "99"},
        {"op": "split", "number": "1", "tracks": 3},
    ],
)
def test_requests_that_make_no_sense(desk: Desk, request_: Any) -> None:
    with pytest.raises(LabelError):
        desk.do(request_)
    assert not desk.path.exists()
