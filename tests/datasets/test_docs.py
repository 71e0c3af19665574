import re
from pathlib import Path

import cv2
import numpy as np
from pictures_factory import picture, save

from pose_ssl_ros.datasets.csv_table import OPTIONAL, REQUIRED
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.statistics import statistics
from pose_ssl_ros.datasets.table import COLUMNS

PAGE = (Path(__file__).parents[2] / "docs/datasets.md").read_text(encoding="utf-8")


def test_every_column_is_documented():
    assert ",".join(REQUIRED) in PAGE and ",".join(COLUMNS) in PAGE
    for name in (*REQUIRED, *OPTIONAL):
        assert re.search(rf"^\|.*`{name}`.*\|", PAGE, re.MULTILINE), name


def test_the_example_is_read_as_the_page_says(tmp_path):
    text = re.search(r"```csv\n(.*?)```", PAGE, re.DOTALL)[1]
    (tmp_path / "cars.csv").write_text(text, encoding="utf-8")
    for line in text.splitlines()[1:]:
        save(tmp_path / line.split(",")[0], cv2.resize(picture(), (640, 480)))
    said = []
    dataset = load(tmp_path / "cars.csv", say=said.append)
    assert said == [f"{tmp_path / 'cars.csv'}: no row to train on of bus: domain unseen_category"]
    facts = statistics(dataset)
    assert (len(dataset), facts["triplets"], np.isfinite(dataset.azimuth).sum()) == (7, 2, 4)
