"""Writes the report of a drive and what opens its result bags."""

from __future__ import annotations

from pathlib import Path

from pose_ssl_ros.evaluation.drive_report import page, viewers
from pose_ssl_ros.evaluation.drive_report.material import Material
from pose_ssl_ros.evaluation.files import write_atomic

REPORT, FOXGLOVE, RVIZ = "report.html", "foxglove.json", "replay.rviz"


def write(material: Material, folder: Path, rviz_template: str = "") -> list[Path]:
    """Write report.html, foxglove.json and, from a template, replay.rviz; each is whole or not there.

    Args:
        material: What is known of the drives.
        folder: Where to.
        rviz_template: Text of our `rviz/replay.rviz`; empty: RViz's file is left out.

    Returns:
        The files.

    Raises:
        EvaluationError: If there is no model.
        OSError: If the folder cannot be written.
    """
    topics = dict(material.bags[0].topics) if material.bags else {}
    contents = {REPORT: page.build(material), FOXGLOVE: viewers.foxglove(topics)}
    if rviz_template:
        contents[RVIZ] = viewers.rviz(rviz_template, topics)
    for name, content in contents.items():
        write_atomic(folder / name, content)
    return [folder / name for name in contents]
