import io
import math
import re

import numpy as np
import pytest

from pose_ssl_ros.evaluation import report
from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.panel import TerminalPanel, line, state
from pose_ssl_ros.evaluation.samples import Embedded, Sample, SampleBank
from pose_ssl_ros.evaluation.session import Scored, Session
from pose_ssl_ros.evaluation.summary import summarize
from pose_ssl_ros.evaluation.verdicts import verdicts

from .conftest import frame, picture, play


def embedded():
    rng = np.random.default_rng(0)
    samples, vectors = [], []
    for i in range(30):
        angle = rng.uniform(-math.pi, math.pi)
        crop = np.full((64, 64, 3), 8 * i, np.uint8)
        samples.append(Sample(crop, ("sedan", "bus")[i % 2], str(i // 3), angle, i / 10))
        vectors.append([math.cos(angle), math.sin(angle), i % 2])
    made = np.array(vectors, np.float32)
    return Embedded(samples, made / np.linalg.norm(made, axis=1, keepdims=True))


def page(session, **more):
    with session.lock:
        material = report.Material(session.timeline.rows, session.latency.rows["ms"], **more)
    return report.build(summarize(session, finished=True), material)


def test_page_is_self_contained(session):
    html = page(session, embedded=embedded(), settings={"iou": 0.3})
    assert re.findall(r"https?://", html) == []
    assert all(s.startswith("data:image/png;base64,") for s in re.findall(r'src="([^"]*)', html))
    for name in ("over robot time", "confusion matrix", "two dimensions", "latency histogram", "danger, speed"):
        assert f'alt="{name}' in html or name in html
    assert html.count('class="crop query"') == report.QUERIES
    assert "Left out" not in html


def test_page_of_an_empty_run_says_so():
    html = page(Session(EvaluatorConfig()), embedding_note="No model was published.")
    assert "No window of the run had ground truth" in html
    assert "No model was published" in html
    assert "no ground truth" in html
    assert "Left out" not in html


def test_page_without_ground_truth():
    session = Session(EvaluatorConfig())
    play(session, truth=False)
    html = page(session)
    assert "There was no ground truth" in html
    assert "heading was learned" not in html


def test_names_from_outside_are_escaped():
    session = Session(EvaluatorConfig(scenario="<script>alert(1)</script>"))
    assert "<script>alert" not in page(session)


def test_pictures_are_left_out_when_time_is_up(session):
    html = report.build(summarize(session), report.Material(session.timeline.rows), deadline=0.0)
    assert "Left out: learning curve (no time left)" in html
    assert "toward/away, last third" in html


def test_verdict_good(session):
    summary = summarize(session)
    summary["heading"]["final"]["objects"] = 9
    first = verdicts(summary)[0]
    assert first.tone == "good"
    assert "heading was learned" in first.sentence
    assert "right in 100 %" in first.sentence
    assert "commoner of the two would score 50 %" in first.sentence


def test_verdict_does_not_call_learned_what_the_start_model_knew(session):
    summary = summarize(session)
    summary["heading"]["final"]["objects"] = 9
    summary["model_versions"] = [{"heading_ready": True, "training": {"steps": 0.0}}]
    assert "the start model brought that along" in verdicts(summary)[0].sentence
    summary["model_versions"] = [{"heading_ready": False, "training": {"steps": 0.0}}]
    assert "heading was learned" in verdicts(summary)[0].sentence


def test_verdict_says_that_few_objects_are_an_anecdote(session):
    found = verdicts(summarize(session))
    assert found[0].tone == "so"  # right in all sightings, but of two objects
    assert any("Only 2 different true objects" in v.sentence for v in found)


def test_verdict_chance_is_not_called_learned():
    session = Session(EvaluatorConfig())
    play(session, frames=20)  # all unknown
    found = verdicts(summarize(session))
    assert found[0].tone != "good"
    assert not any("was learned" in v.sentence for v in found)


def test_neighbours_are_never_the_same_object():
    made = embedded()
    for query in (0, 7, 29):
        near = made.neighbours(query, 8)
        objects = [made.samples[i].object for i, _ in near]
        assert made.samples[query].object not in objects
        assert max(objects.count(o) for o in objects) <= 2
        cosines = [c for _, c in near]
        assert cosines == sorted(cosines, reverse=True)


def test_plane_keeps_what_lies_in_a_plane():
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 6)) + 3
    made = Embedded(embedded().samples, flat)
    projected, kept = made.plane()
    assert kept == pytest.approx(1)
    distance = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    assert np.linalg.norm(projected[:, None] - projected[None], axis=-1) == pytest.approx(distance)


def test_bank_takes_the_crop_of_the_detection_and_forgets_the_oldest():
    bank = SampleBank(3)
    for i in range(10):
        truth, answers = frame(i)
        bank.add(picture(i), Scored(i, float(i), answers, truth, [(0, 0)]))
    assert len(bank) == 3
    kept = list(bank._samples)
    assert [s.time for s in kept] == [7, 8, 9]
    assert kept[-1].crop.shape == (64, 64, 3)
    assert kept[-1].crop[32, 32].tolist() == [200, 40, 40]


def test_bank_refuses_a_model_that_is_none():
    with pytest.raises(ValueError):
        SampleBank(3).embed(b"not a model")


def test_panel_state_without_truth_and_with():
    empty = state(Session(EvaluatorConfig()))
    assert empty["toward/away"] == "no ground truth"
    assert empty["model"].startswith("none yet")
    session = Session(EvaluatorConfig(duration=100.0))
    play(session)
    now = state(session)
    assert now["toward/away"] == "50%"
    assert now["model"] == "version 1"
    assert "94 s left" in now["robot time"]


def test_panel_on_a_pipe_is_plain_lines(session):
    out = io.StringIO()
    panel = TerminalPanel(session, "auto", out)
    panel.tick()
    panel.tick()  # too soon for a second line
    panel.close()
    assert out.getvalue().splitlines() == [line(session)]
    assert "\x1b" not in out.getvalue()


def test_panel_off_says_nothing(session):
    out = io.StringIO()
    panel = TerminalPanel(session, "off", out)
    panel.tick()
    panel.say("words")
    assert out.getvalue() == ""


def test_rich_panel_shows_the_figures(session):
    out = io.StringIO()
    panel = TerminalPanel(session, "rich", out)
    panel.tick()
    panel.close()
    assert "toward/away" in out.getvalue()
    assert "50%" in out.getvalue()
