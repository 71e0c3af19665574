"""Reliability plot and page of the danger experiment."""

from __future__ import annotations

from collections.abc import Sequence

from pose_ssl_ros.benchmark.style import new_figure, png, quiet
from pose_ssl_ros.danger.terms import MotionKind, Terms
from pose_ssl_ros.experiments.danger import DangerResult
from pose_ssl_ros.experiments.page import Grid, Plot, page

_COLOURS = {"probability": "#D55E00", "urgency": "#0072B2"}


def reliability(result: DangerResult) -> Plot:
    """How often harm came against what was said, test seeds pooled."""
    figure = new_figure(8.2, 4.2)
    axes = quiet(figure.add_subplot(1, 2, 1), grid="both")
    counts = quiet(figure.add_subplot(1, 2, 2), grid="y")
    axes.plot([0, 1], [0, 1], color="#9CA3AF", lw=1)
    for place, (name, colour) in enumerate(_COLOURS.items()):
        bins = result.pooled[name]["reliability"]
        axes.plot([b["said"] for b in bins], [b["came"] for b in bins], "o-", color=colour, ms=4, label=name)
        counts.bar([b["said"] + 0.02 * place for b in bins], [b["n"] for b in bins], 0.02, color=colour)
    axes.set_xlabel("danger told", fontsize=9)
    axes.set_ylabel("share that came within 0.5 m in 3 s", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    counts.set_yscale("log")
    counts.set_xlabel("danger told", fontsize=9)
    counts.set_ylabel("moments", fontsize=9)
    return Plot("Reliability", png(figure), "Moments of the test seeds; on the grey line danger is what it says.")


def report(result: DangerResult, facts: Sequence[str]) -> str:
    """The page."""
    pooled = result.pooled
    lines = [
        [name, *(f"{found[m]:.3f}" for m in ("ece", "brier", "log_loss", "auc")), str(found["n"])]
        for name, found in pooled.items()
    ]
    said = [
        f"On seeds that it was not fitted to, danger is off by {100 * pooled['probability']['ece']:.1f} points on the "
        f"average (ECE); the urgency before calibration by {100 * pooled['urgency']['ece']:.1f}.",
        f"A moment that came to harm is told more dangerous than one that did not in "
        f"{100 * pooled['probability']['auc']:.0f} % of pairs.",
    ]
    weights = [[kind.name.lower(), *(f"{v:g}" for v in result.weights[kind])] for kind in MotionKind]
    parts: list[Grid | Plot] = [
        reliability(result),
        Grid(
            "Measured",
            ["", "ECE", "Brier", "log loss", "AUC", "moments"],
            lines,
            [0],
            "`shipped` are the constants in danger/constants.py; lines below are the probability by kind of encounter.",
        ),
        Grid("Constants", ["motion", "bias", *Terms._fields], weights),
    ]
    return page("Is danger a probability?", said, parts, facts)
