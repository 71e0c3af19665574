"""`pose-ssl learn` on rosbags: what it writes, what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bag_factory import Drive, cut, empty, make

from pose_ssl_ros.cli.main import main
from pose_ssl_ros.modelfile import read_version

#: A block that crosses the picture, with boxes of a detector.
DRIVE = Drive(frames=60, width=160, height=120, pictures="jpeg", detections=True)
SMALL = [
    "--from", "none", "--detections", "/detections_in", "--set", "triplet.detector=true", "--set", "triplet.size=32",
    "--set", "learner.size=32", "--set", "learner.width=8", "--set", "learner.depth=0", "--set", "learner.batch=4",
    "--set", "learner.min_triplets=2", "--set", "learner.replays=4.0",
]  # fmt: skip


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("bags") / "drive", DRIVE)


def learn(*words: object) -> int:
    return main(["learn", *map(str, words)])


def test_two_bags_give_a_model_with_its_card(bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = make(tmp_path / "other", DRIVE, storage="sqlite3", compression="message")
    out = tmp_path / "site"
    assert learn(bag, other, "--to", out, *SMALL, "--seed", 5, "--licence", "ours alone") == 0
    manifest = json.loads((out / "manifest.json").read_text())
    first, second = manifest["data"]["bags"]
    assert first["name"] == "drive" and second["name"] == "other"
    # The same drive in another container is the same to the learner.
    assert first["frames"] == second["frames"] == 60 and first["triplets"] == second["triplets"] >= 3
    assert manifest["seed"] == 5 and manifest["steps"] == 2 * first["triplets"]
    assert manifest["metrics"]["replayed"]["after"]["coverage"]["value"] > 0.8
    assert str(tmp_path) not in (out / "manifest.json").read_text()
    assert "**Licence**: ours alone" in (out / "MODEL_CARD.md").read_text()
    assert read_version((out / "encoder.onnx").read_bytes()).version == 1
    said = capsys.readouterr().out
    assert f"{2 * first['triplets']} triplets" in said and "replayed, coverage" in said
    # And again from there, under the name of a folder.
    assert learn(bag, "--from", out, "--to", tmp_path / "next", *SMALL[2:], "--no-metrics") == 0
    assert json.loads((tmp_path / "next" / "manifest.json").read_text())["parent"]["name"] == "site"


def test_damage_is_counted_and_the_rest_is_used(bag: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken, nothing = cut(make(tmp_path / "broken", DRIVE), 0.7), empty(tmp_path / "nothing")
    assert learn(bag, broken, nothing, "--to", tmp_path / "site", *SMALL, "--no-metrics") == 3
    bags = json.loads((tmp_path / "site" / "manifest.json").read_text())["data"]["bags"]
    assert bags[0]["frames"] == 60 and 20 < bags[1]["frames"] < 60 and bags[2]["frames"] == 0
    assert [b["damaged"] for b in bags] == [False, True, True] and bags[1]["problems"] and bags[2]["problems"]
    said = capsys.readouterr()
    assert "left out: broken:" in said.out and "nothing is left out" in said.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["missing", "--to", "out"], 1, "no bag 'missing'"),
        (["BAG", "BAG", "--to", "out"], 2, "given twice"),
        (["EMPTY", "--to", "out", *SMALL], 1, "nothing to learn from"),
        (["BAG", "--to", "out", "--resume", *SMALL], 1, "no unfinished work"),
        (["BAG", "--to", "out", "--resume", "--fresh"], 2, "exclude each other"),
        (["BAG", "--to", "out", "--set", "passes=0"], 2, "passes"),
        (["BAG", "--to", "out", "--from", "elsewhere"], 1, "elsewhere"),
        (["BAG", "--to", "BASE", "--from", "BASE"], 2, "same folder"),
    ],
)
def test_what_cannot_be_done_is_said(
    bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], code: int, text: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    base = Path(__file__).resolve().parents[2] / "models" / "base"
    places = {"BAG": str(bag), "EMPTY": str(empty(tmp_path / "nothing")), "BASE": str(base)}
    assert learn(*(places.get(word, word) for word in words)) == code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("pose-ssl: error:") and text in error
